"""keep emotional states for each user

+ table character_emotional_states

Revision ID: c49d0e7b0711
Revises: f7c4c953ed63
Create Date: 2026-11-28 20:28:20.716843+00:00
"""

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects import postgresql

revision = "c49d0e7b0711"
down_revision = "f7c4c953ed63"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table(
        "character_emotional_states",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("character_name", sa.String(100), nullable=False),
        sa.Column("user_id", sa.String(100), nullable=False),
        sa.Column("state_data", postgresql.JSONB(), nullable=False),
        sa.Column("last_updated", sa.DateTime(timezone=True), server_default=sa.text("now()"), nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), server_default=sa.text("now()"), nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("character_emotional_states_pkey")),
        sa.UniqueConstraint("character_name", "user_id", name=op.f("unique_character_user_state")),
    )
    op.create_index(op.f("idx_character_emotional_states_last_updated"), "character_emotional_states", ["last_updated"])
    op.create_index(
        op.f("idx_character_emotional_states_lookup"), "character_emotional_states", ["character_name", "user_id"]
    )
    op.create_index(
        op.f("ix_character_emotional_states_character_name"), "character_emotional_states", ["character_name"]
    )
    op.create_index(op.f("ix_character_emotional_states_user_id"), "character_emotional_states", ["user_id"])


def downgrade() -> None:
    op.drop_table("character_emotional_states")
