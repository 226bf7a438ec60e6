"""record what personas learn

+ table character_insight_relationships
+ table character_insights
+ table character_learning_timeline

Revision ID: f7c4c953ed63
Revises: 62f5cc499b8b
Create Date: 2026-11-28 20:27:52.173223+00:00
"""

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects import postgresql

revision = "f7c4c953ed63"
down_revision = "62f5cc499b8b"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table(
        "character_insights",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("character_id", sa.Integer(), nullable=False),
        sa.Column("insight_type", sa.String(50), nullable=False),
        sa.Column("insight_content", sa.Text(), nullable=False),
        sa.Column("confidence_score", sa.Double(), nullable=False),
        sa.Column(
            "discovery_date", sa.DateTime(timezone=True), server_default=sa.text("CURRENT_TIMESTAMP"), nullable=False
        ),
        sa.Column("conversation_context", sa.Text()),
        sa.Column("importance_level", sa.Integer(), server_default=sa.text("5"), nullable=False),
        sa.Column("emotional_valence", sa.Double()),
        sa.Column("triggers", postgresql.ARRAY(sa.Text())),
        sa.Column("supporting_evidence", postgresql.ARRAY(sa.Text())),
        sa.PrimaryKeyConstraint("id", name=op.f("character_insights_pkey")),
        sa.UniqueConstraint("character_id", "insight_content", name=op.f("uq_character_insight_content")),
        sa.ForeignKeyConstraint(
            ["character_id"], ["characters.id"], name=op.f("character_insights_character_id_fkey"), ondelete="CASCADE"
        ),
    )
    op.create_index(op.f("idx_character_insights_character_id"), "character_insights", ["character_id"])
    op.create_index(op.f("idx_character_insights_confidence_score"), "character_insights", ["confidence_score"])
    op.create_index(op.f("idx_character_insights_discovery_date"), "character_insights", ["discovery_date"])
    op.create_index(op.f("idx_character_insights_importance_level"), "character_insights", ["importance_level"])
    op.create_index(op.f("idx_character_insights_insight_type"), "character_insights", ["insight_type"])
    op.create_table(
        "character_insight_relationships",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("from_insight_id", sa.Integer(), nullable=False),
        sa.Column("to_insight_id", sa.Integer(), nullable=False),
        sa.Column("relationship_type", sa.String(50), nullable=False),
        sa.Column("strength", sa.Double(), server_default=sa.text("0.5"), nullable=False),
        sa.Column(
            "created_date", sa.DateTime(timezone=True), server_default=sa.text("CURRENT_TIMESTAMP"), nullable=False
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("character_insight_relationships_pkey")),
        sa.UniqueConstraint(
            "from_insight_id", "to_insight_id", "relationship_type", name=op.f("uq_insight_relationship")
        ),
        sa.ForeignKeyConstraint(
            ["from_insight_id"],
            ["character_insights.id"],
            name=op.f("character_insight_relationships_from_insight_id_fkey"),
            ondelete="CASCADE",
        ),
        sa.ForeignKeyConstraint(
            ["to_insight_id"],
            ["character_insights.id"],
            name=op.f("character_insight_relationships_to_insight_id_fkey"),
            ondelete="CASCADE",
        ),
    )
    op.create_index(op.f("idx_char_insight_rel_from_id"), "character_insight_relationships", ["from_insight_id"])
    op.create_index(op.f("idx_char_insight_rel_to_id"), "character_insight_relationships", ["to_insight_id"])
    op.create_index(op.f("idx_char_insight_rel_type"), "character_insight_relationships", ["relationship_type"])
    op.create_table(
        "character_learning_timeline",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("character_id", sa.Integer(), nullable=False),
        sa.Column("learning_event", sa.Text(), nullable=False),
        sa.Column("learning_type", sa.String(50), nullable=False),
        sa.Column("before_state", sa.Text()),
        sa.Column("after_state", sa.Text()),
        sa.Column("trigger_conversation", sa.Text()),
        sa.Column(
            "learning_date", sa.DateTime(timezone=True), server_default=sa.text("CURRENT_TIMESTAMP"), nullable=False
        ),
        sa.Column("significance_score", sa.Double()),
        sa.PrimaryKeyConstraint("id", name=op.f("character_learning_timeline_pkey")),
        sa.ForeignKeyConstraint(
            ["character_id"],
            ["characters.id"],
            name=op.f("character_learning_timeline_character_id_fkey"),
            ondelete="CASCADE",
        ),
    )
    op.create_index(op.f("idx_char_learning_timeline_character_id"), "character_learning_timeline", ["character_id"])
    op.create_index(op.f("idx_char_learning_timeline_learning_date"), "character_learning_timeline", ["learning_date"])
    op.create_index(op.f("idx_char_learning_timeline_learning_type"), "character_learning_timeline", ["learning_type"])
    op.create_index(
        op.f("idx_char_learning_timeline_significance"), "character_learning_timeline", ["significance_score"]
    )


def downgrade() -> None:
    op.drop_table("character_insight_relationships")
    op.drop_table("character_insights")
    op.drop_table("character_learning_timeline")
