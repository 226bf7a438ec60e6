"""summarize conversations

+ table conversation_summaries

Revision ID: e08a064ada4d
Revises: c49d0e7b0711
Create Date: 2026-11-28 20:29:09.241928+00:00
"""

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects import postgresql

revision = "e08a064ada4d"
down_revision = "c49d0e7b0711"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table(
        "conversation_summaries",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("user_id", sa.String(255), nullable=False),
        sa.Column("bot_name", sa.String(100), nullable=False),
        sa.Column("summary_text", sa.Text(), nullable=False),
        sa.Column(
            "summary_type", sa.String(50), server_default=sa.text("'time_window'::character varying"), nullable=False
        ),
        sa.Column("start_timestamp", sa.DateTime(), nullable=False),
        sa.Column("end_timestamp", sa.DateTime(), nullable=False),
        sa.Column("message_count", sa.Integer(), nullable=False),
        sa.Column("key_topics", postgresql.ARRAY(sa.String())),
        sa.Column("emotional_tone", sa.String(50)),
        sa.Column("compression_ratio", sa.Double()),
        sa.Column("confidence_score", sa.Double(), server_default=sa.text("'0.5'::double precision")),
        sa.Column(
            "enrichment_version", sa.String(20), server_default=sa.text("'v1.0'::character varying"), nullable=False
        ),
        sa.Column("created_at", sa.DateTime(), server_default=sa.text("now()"), nullable=False),
        sa.Column("updated_at", sa.DateTime(), server_default=sa.text("now()"), nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("conversation_summaries_pkey")),
        sa.UniqueConstraint(
            "user_id", "bot_name", "start_timestamp", "end_timestamp", name=op.f("uq_conversation_summaries_window")
        ),
    )
    op.create_index(op.f("idx_conversation_summaries_created"), "conversation_summaries", ["created_at"])
    op.create_index(
        op.f("idx_conversation_summaries_time"), "conversation_summaries", ["start_timestamp", "end_timestamp"]
    )
    op.create_index(
        op.f("idx_conversation_summaries_topics"), "conversation_summaries", ["key_topics"], postgresql_using="gin"
    )
    op.create_index(op.f("idx_conversation_summaries_user_bot"), "conversation_summaries", ["user_id", "bot_name"])


def downgrade() -> None:
    op.drop_table("conversation_summaries")
