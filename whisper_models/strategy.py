"""Analyses that a background worker computes ahead, each valid until it expires; a cache that may be emptied."""

from __future__ import annotations

from sqlalchemy import Index, UniqueConstraint, text
from sqlalchemy.orm import Mapped, mapped_column

from whisper_models.base import Base, json_array, json_object, now_with_zone, uuidpk, with_zone


class StrategicMemoryHealth(Base):
    """How the memories of a user age, and which are about to be forgotten."""

    __tablename__ = "strategic_memory_health"
    __table_args__ = (
        UniqueConstraint("user_id", "bot_name", name="uq_memory_health_user_bot"),
        Index("idx_memory_health_expires", "expires_at"),
    )

    id: Mapped[uuidpk]
    user_id: Mapped[str]
    bot_name: Mapped[str]
    memory_snapshot: Mapped[json_object] = mapped_column(comment="the memories at the time of the analysis")
    avg_memory_age_hours: Mapped[float | None]
    retrieval_frequency_trend: Mapped[str | None] = mapped_column(comment="whether memories are looked up more or less")
    forgetting_risk_memories: Mapped[json_array | None] = mapped_column(comment="the memories about to be forgotten")
    computed_at: Mapped[now_with_zone]
    expires_at: Mapped[with_zone] = mapped_column(comment="when the analysis has to be computed again")


class StrategicMemoryBehavior(Base):
    """How a user's memories fade, by a model of forgetting."""

    __tablename__ = "strategic_memory_behavior"
    __table_args__ = (
        UniqueConstraint("user_id", "bot_name", name="uq_memory_behavior_user_bot"),
        Index("idx_memory_behavior_expires", "expires_at"),
    )

    id: Mapped[uuidpk]
    user_id: Mapped[str]
    bot_name: Mapped[str]
    forgetting_curve_params: Mapped[json_object | None] = mapped_column(comment="the parameters of the model")
    high_retention_memories: Mapped[json_array | None] = mapped_column(comment="the memories that last")
    low_retention_memories: Mapped[json_array | None] = mapped_column(comment="the memories that fade")
    recall_simulation_score: Mapped[float | None] = mapped_column(comment="how well a simulated recall succeeds")
    computed_at: Mapped[now_with_zone]
    expires_at: Mapped[with_zone]


class StrategicCharacterPerformance(Base):
    """How well a bot does, over a number of hours."""

    __tablename__ = "strategic_character_performance"
    __table_args__ = (
        UniqueConstraint("bot_name", "time_window_hours", name="uq_character_perf_bot_window"),
        Index("idx_character_perf_expires", "expires_at"),
    )

    id: Mapped[uuidpk]
    bot_name: Mapped[str]
    time_window_hours: Mapped[int] = mapped_column(server_default=text("168"), comment="the hours looked back on")
    engagement_score_avg: Mapped[float | None]
    satisfaction_score_avg: Mapped[float | None]
    coherence_score_avg: Mapped[float | None]
    personality_consistency_index: Mapped[float | None] = mapped_column(comment="how true the bot is to its persona")
    quality_trend: Mapped[str | None] = mapped_column(comment="whether responses get better or worse")
    recent_anomalies: Mapped[json_array | None] = mapped_column(comment="what was out of the ordinary")
    computed_at: Mapped[now_with_zone]
    expires_at: Mapped[with_zone]


class StrategicConversationPattern(Base):
    """How a user moves from topic to topic."""

    __tablename__ = "strategic_conversation_patterns"
    __table_args__ = (
        UniqueConstraint("user_id", "bot_name", name="uq_conv_patterns_user_bot"),
        Index("idx_conv_patterns_expires", "expires_at"),
    )

    id: Mapped[uuidpk]
    user_id: Mapped[str]
    bot_name: Mapped[str]
    recent_topics: Mapped[json_array | None] = mapped_column(comment="the topics of late")
    avg_topic_duration_minutes: Mapped[float | None]
    context_switch_frequency: Mapped[float | None] = mapped_column(comment="how often the user changes the topic")
    predicted_switch_likelihood: Mapped[float | None] = mapped_column(comment="how likely the next change is")
    topic_transition_graph: Mapped[json_object | None] = mapped_column(comment="which topic follows which")
    computed_at: Mapped[now_with_zone]
    expires_at: Mapped[with_zone]


class StrategicPersonalityProfile(Base):
    """Which traits of a bot a user responds to."""

    __tablename__ = "strategic_personality_profiles"
    __table_args__ = (
        UniqueConstraint("user_id", "bot_name", name="uq_personality_user_bot"),
        Index("idx_personality_expires", "expires_at"),
    )

    id: Mapped[uuidpk]
    user_id: Mapped[str]
    bot_name: Mapped[str]
    dominant_traits: Mapped[json_object | None] = mapped_column(comment="the traits that show most")
    user_response_patterns: Mapped[json_object | None] = mapped_column(comment="how the user responds to them")
    adaptation_suggestions: Mapped[json_array | None] = mapped_column(comment="what the bot may do otherwise")
    trait_evolution_history: Mapped[json_array | None] = mapped_column(comment="how the traits have changed")
    computed_at: Mapped[now_with_zone]
    expires_at: Mapped[with_zone]


class StrategicEngagementOpportunity(Base):
    """When a bot may write to a user first, and about what."""

    __tablename__ = "strategic_engagement_opportunities"
    __table_args__ = (
        UniqueConstraint("user_id", "bot_name", name="uq_engagement_user_bot"),
        Index("idx_engagement_expires", "expires_at"),
    )

    id: Mapped[uuidpk]
    user_id: Mapped[str]
    bot_name: Mapped[str]
    optimal_timing_hours: Mapped[float | None] = mapped_column(comment="the hours to wait before writing")
    receptivity_score: Mapped[float | None] = mapped_column(comment="how welcome a message is")
    suggested_topics: Mapped[json_array | None] = mapped_column(comment="what to write about")
    last_engagement_gap_hours: Mapped[float | None]
    proactive_success_rate: Mapped[float | None] = mapped_column(comment="how often such messages were answered")
    computed_at: Mapped[now_with_zone]
    expires_at: Mapped[with_zone]
