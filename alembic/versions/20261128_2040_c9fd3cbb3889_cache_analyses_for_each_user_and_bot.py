"""cache analyses for each user and bot

+ table strategic_character_performance
+ table strategic_conversation_patterns
+ table strategic_engagement_opportunities
+ table strategic_memory_behavior
+ table strategic_memory_health
+ table strategic_personality_profiles

Revision ID: c9fd3cbb3889
Revises: 887a63bb1eb6
Create Date: 2026-11-28 20:40:48.531665+00:00
"""

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects import postgresql

revision = "c9fd3cbb3889"
down_revision = "887a63bb1eb6"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table(
        "strategic_character_performance",
        sa.Column("id", sa.Uuid(), server_default=sa.text("gen_random_uuid()"), nullable=False),
        sa.Column("bot_name", sa.Text(), nullable=False),
        sa.Column(
            "time_window_hours",
            sa.Integer(),
            server_default=sa.text("168"),
            nullable=False,
            comment="the hours looked back on",
        ),
        sa.Column("engagement_score_avg", sa.Double()),
        sa.Column("satisfaction_score_avg", sa.Double()),
        sa.Column("coherence_score_avg", sa.Double()),
        sa.Column("personality_consistency_index", sa.Double(), comment="how true the bot is to its persona"),
        sa.Column("quality_trend", sa.Text(), comment="whether responses get better or worse"),
        sa.Column("recent_anomalies", postgresql.JSONB(), comment="what was out of the ordinary"),
        sa.Column("computed_at", sa.DateTime(timezone=True), server_default=sa.text("now()"), nullable=False),
        sa.Column("expires_at", sa.DateTime(timezone=True), nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("strategic_character_performance_pkey")),
        sa.UniqueConstraint("bot_name", "time_window_hours", name=op.f("uq_character_perf_bot_window")),
    )
    op.create_index(op.f("idx_character_perf_expires"), "strategic_character_performance", ["expires_at"])
    op.create_table(
        "strategic_conversation_patterns",
        sa.Column("id", sa.Uuid(), server_default=sa.text("gen_random_uuid()"), nullable=False),
        sa.Column("user_id", sa.Text(), nullable=False),
        sa.Column("bot_name", sa.Text(), nullable=False),
        sa.Column("recent_topics", postgresql.JSONB(), comment="the topics of late"),
        sa.Column("avg_topic_duration_minutes", sa.Double()),
        sa.Column("context_switch_frequency", sa.Double(), comment="how often the user changes the topic"),
        sa.Column("predicted_switch_likelihood", sa.Double(), comment="how likely the next change is"),
        sa.Column("topic_transition_graph", postgresql.JSONB(), comment="which topic follows which"),
        sa.Column("computed_at", sa.DateTime(timezone=True), server_default=sa.text("now()"), nullable=False),
        sa.Column("expires_at", sa.DateTime(timezone=True), nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("strategic_conversation_patterns_pkey")),
        sa.UniqueConstraint("user_id", "bot_name", name=op.f("uq_conv_patterns_user_bot")),
    )
    op.create_index(op.f("idx_conv_patterns_expires"), "strategic_conversation_patterns", ["expires_at"])
    op.create_table(
        "strategic_engagement_opportunities",
        sa.Column("id", sa.Uuid(), server_default=sa.text("gen_random_uuid()"), nullable=False),
        sa.Column("user_id", sa.Text(), nullable=False),
        sa.Column("bot_name", sa.Text(), nullable=False),
        sa.Column("optimal_timing_hours", sa.Double(), comment="the hours to wait before writing"),
        sa.Column("receptivity_score", sa.Double(), comment="how welcome a message is"),
        sa.Column("suggested_topics", postgresql.JSONB(), comment="what to write about"),
        sa.Column("last_engagement_gap_hours", sa.Double()),
        sa.Column("proactive_success_rate", sa.Double(), comment="how often such messages were answered"),
        sa.Column("computed_at", sa.DateTime(timezone=True), server_default=sa.text("now()"), nullable=False),
        sa.Column("expires_at", sa.DateTime(timezone=True), nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("strategic_engagement_opportunities_pkey")),
        sa.UniqueConstraint("user_id", "bot_name", name=op.f("uq_engagement_user_bot")),
    )
    op.create_index(op.f("idx_engagement_expires"), "strategic_engagement_opportunities", ["expires_at"])
    op.create_table(
        "strategic_memory_behavior",
        sa.Column("id", sa.Uuid(), server_default=sa.text("gen_random_uuid()"), nullable=False),
        sa.Column("user_id", sa.Text(), nullable=False),
        sa.Column("bot_name", sa.Text(), nullable=False),
        sa.Column("forgetting_curve_params", postgresql.JSONB(), comment="the parameters of the model"),
        sa.Column("high_retention_memories", postgresql.JSONB(), comment="the memories that last"),
        sa.Column("low_retention_memories", postgresql.JSONB(), comment="the memories that fade"),
        sa.Column("recall_simulation_score", sa.Double(), comment="how well a simulated recall succeeds"),
        sa.Column("computed_at", sa.DateTime(timezone=True), server_default=sa.text("now()"), nullable=False),
        sa.Column("expires_at", sa.DateTime(timezone=True), nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("strategic_memory_behavior_pkey")),
        sa.UniqueConstraint("user_id", "bot_name", name=op.f("uq_memory_behavior_user_bot")),
    )
    op.create_index(op.f("idx_memory_behavior_expires"), "strategic_memory_behavior", ["expires_at"])
    op.create_table(
        "strategic_memory_health",
        sa.Column("id", sa.Uuid(), server_default=sa.text("gen_random_uuid()"), nullable=False),
        sa.Column("user_id", sa.Text(), nullable=False),
        sa.Column("bot_name", sa.Text(), nullable=False),
        sa.Column(
            "memory_snapshot", postgresql.JSONB(), nullable=False, comment="the memories at the time of the analysis"
        ),
        sa.Column("avg_memory_age_hours", sa.Double()),
        sa.Column("retrieval_frequency_trend", sa.Text(), comment="whether memories are looked up more or less"),
        sa.Column("forgetting_risk_memories", postgresql.JSONB(), comment="the memories about to be forgotten"),
        sa.Column("computed_at", sa.DateTime(timezone=True), server_default=sa.text("now()"), nullable=False),
        sa.Column(
            "expires_at",
            sa.DateTime(timezone=True),
            nullable=False,
            comment="when the analysis has to be computed again",
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("strategic_memory_health_pkey")),
        sa.UniqueConstraint("user_id", "bot_name", name=op.f("uq_memory_health_user_bot")),
    )
    op.create_index(op.f("idx_memory_health_expires"), "strategic_memory_health", ["expires_at"])
    op.create_table(
        "strategic_personality_profiles",
        sa.Column("id", sa.Uuid(), server_default=sa.text("gen_random_uuid()"), nullable=False),
        sa.Column("user_id", sa.Text(), nullable=False),
        sa.Column("bot_name", sa.Text(), nullable=False),
        sa.Column("dominant_traits", postgresql.JSONB(), comment="the traits that show most"),
        sa.Column("user_response_patterns", postgresql.JSONB(), comment="how the user responds to them"),
        sa.Column("adaptation_suggestions", postgresql.JSONB(), comment="what the bot may do otherwise"),
        sa.Column("trait_evolution_history", postgresql.JSONB(), comment="how the traits have changed"),
        sa.Column("computed_at", sa.DateTime(timezone=True), server_default=sa.text("now()"), nullable=False),
        sa.Column("expires_at", sa.DateTime(timezone=True), nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("strategic_personality_profiles_pkey")),
        sa.UniqueConstraint("user_id", "bot_name", name=op.f("uq_personality_user_bot")),
    )
    op.create_index(op.f("idx_personality_expires"), "strategic_personality_profiles", ["expires_at"])


def downgrade() -> None:
    op.drop_table("strategic_character_performance")
    op.drop_table("strategic_conversation_patterns")
    op.drop_table("strategic_engagement_opportunities")
    op.drop_table("strategic_memory_behavior")
    op.drop_table("strategic_memory_health")
    op.drop_table("strategic_personality_profiles")
