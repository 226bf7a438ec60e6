"""record who lifts a ban

+ column banned_users.unban_reason text
+ column banned_users.unbanned_at timestamp without time zone
+ column banned_users.unbanned_by text
+ index idx_banned_users_unbanned_at ON banned_users USING btree (unbanned_at)

Revision ID: af1ae79d2807
Revises: e08a064ada4d
Create Date: 2026-11-28 20:29:39.706896+00:00
"""

import sqlalchemy as sa
from alembic import op

revision = "af1ae79d2807"
down_revision = "e08a064ada4d"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.add_column("banned_users", sa.Column("unbanned_at", sa.DateTime()))
    op.add_column("banned_users", sa.Column("unbanned_by", sa.Text()))
    op.add_column("banned_users", sa.Column("unban_reason", sa.Text()))
    op.create_index(op.f("idx_banned_users_unbanned_at"), "banned_users", ["unbanned_at"])


def downgrade() -> None:
    op.drop_index(op.f("idx_banned_users_unbanned_at"), table_name="banned_users")
    op.drop_column("banned_users", "unban_reason")
    op.drop_column("banned_users", "unbanned_at")
    op.drop_column("banned_users", "unbanned_by")
