"""store user preferences as jsonb

~ column universal_users.preferences: type text -> jsonb; default '{}'::text -> '{}'::jsonb
+ index idx_universal_users_preferences_gin

Revision ID: 03bfe2298f4e
Revises: 472fc70ce6fd
Create Date: 2026-11-25 04:31:27.175948+00:00
"""

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects import postgresql

revision = "03bfe2298f4e"
down_revision = "472fc70ce6fd"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.alter_column("universal_users", "preferences", server_default=None, existing_type=sa.Text())
    op.execute("""
CREATE FUNCTION pg_temp.as_jsonb(value text) RETURNS jsonb LANGUAGE plpgsql AS $$
BEGIN
    RETURN value::jsonb;
EXCEPTION WHEN data_exception OR program_limit_exceeded THEN
    -- Not JSON: an empty string, prose, what Python prints of a dict, a character that jsonb cannot hold.
    RETURN jsonb_build_object('not_json', value);
END
$$
""")
    op.alter_column(
        "universal_users",
        "preferences",
        type_=postgresql.JSONB(),
        postgresql_using="pg_temp.as_jsonb(preferences)",
        existing_type=sa.Text(),
    )
    op.execute("DROP FUNCTION pg_temp.as_jsonb")
    op.alter_column(
        "universal_users", "preferences", server_default=sa.text("'{}'::jsonb"), existing_type=postgresql.JSONB()
    )
    op.create_index(
        op.f("idx_universal_users_preferences_gin"), "universal_users", ["preferences"], postgresql_using="gin"
    )


def downgrade() -> None:
    op.drop_index(op.f("idx_universal_users_preferences_gin"), table_name="universal_users")
    op.alter_column("universal_users", "preferences", server_default=None, existing_type=postgresql.JSONB())
    op.alter_column(
        "universal_users",
        "preferences",
        type_=sa.Text(),
        postgresql_using="CASE WHEN preferences::jsonb = jsonb_build_object('not_json', preferences::jsonb ->> 'not_json') THEN preferences::jsonb ->> 'not_json' ELSE preferences::text END",
        existing_type=postgresql.JSONB(),
    )
    op.alter_column("universal_users", "preferences", server_default=sa.text("'{}'::text"), existing_type=sa.Text())
