"""let bots reflect on themselves

+ table bot_self_reflections

Revision ID: 2328c7090160
Revises: aaf88f95d9ab
Create Date: 2026-11-28 20:31:45.247586+00:00
"""

import sqlalchemy as sa
from alembic import op

revision = "2328c7090160"
down_revision = "aaf88f95d9ab"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table(
        "bot_self_reflections",
        sa.Column("id", sa.Uuid(), server_default=sa.text("gen_random_uuid()"), nullable=False),
        sa.Column("bot_name", sa.String(100), nullable=False, comment="the bot that reflects"),
        sa.Column("interaction_id", sa.Uuid(), comment="the exchange that it reflects on"),
        sa.Column("user_id", sa.String(255), comment="the user of that exchange"),
        sa.Column("conversation_id", sa.Uuid(), comment="the conversation of that exchange"),
        sa.Column("effectiveness_score", sa.Double(), comment="how well the response served the user"),
        sa.Column("authenticity_score", sa.Double(), comment="how true the response was to the persona"),
        sa.Column("emotional_resonance", sa.Double(), comment="how well the response met the user's mood"),
        sa.Column("learning_insight", sa.Text(), nullable=False, comment="what the bot learns from the exchange"),
        sa.Column("improvement_suggestion", sa.Text(), comment="what it would do better next time"),
        sa.Column("interaction_context", sa.Text(), comment="what the exchange was about"),
        sa.Column("bot_response_preview", sa.Text(), comment="the beginning of the response"),
        sa.Column("trigger_type", sa.String(50), comment="the reason why the bot reflected"),
        sa.Column("reflection_category", sa.String(100), comment="the subject of the reflection"),
        sa.Column("created_at", sa.DateTime(timezone=True), server_default=sa.text("now()"), nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("bot_self_reflections_pkey")),
        comment="What a bot thinks of its own part in an exchange with a user.",
    )
    op.create_index(op.f("idx_bot_self_reflections_bot_name"), "bot_self_reflections", ["bot_name"])
    op.create_index(op.f("idx_bot_self_reflections_category"), "bot_self_reflections", ["reflection_category"])
    op.create_index(op.f("idx_bot_self_reflections_created_at"), "bot_self_reflections", ["created_at"])
    op.create_index(
        op.f("idx_bot_self_reflections_scores"), "bot_self_reflections", ["effectiveness_score", "authenticity_score"]
    )
    op.create_index(op.f("idx_bot_self_reflections_trigger_type"), "bot_self_reflections", ["trigger_type"])
    op.create_index(op.f("idx_bot_self_reflections_user_id"), "bot_self_reflections", ["user_id"])


def downgrade() -> None:
    op.drop_table("bot_self_reflections")
