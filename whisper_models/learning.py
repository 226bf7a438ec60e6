"""What the bots learn: profiles of users, and the tuning of personas."""

from __future__ import annotations

from sqlalchemy import CheckConstraint, ForeignKey, Index, false, text
from sqlalchemy.orm import Mapped, mapped_column, relationship
from sqlalchemy.schema import conv

from whisper_models.base import (
    Base,
    current_timestamp,
    current_timestamptz,
    intpk,
    json_array,
    json_object,
    num_5_3,
    num_6_3,
    one_of,
    owned,
    str_10,
    str_20,
    str_50,
    str_100,
    str_200,
    str_255,
)


class DynamicPersonalityProfile(Base):
    """What was learned about the personality of a user."""

    __tablename__ = "dynamic_personality_profiles"

    user_id: Mapped[str_255] = mapped_column(primary_key=True)
    created_at: Mapped[current_timestamp | None]
    updated_at: Mapped[current_timestamp | None]
    total_conversations: Mapped[int | None] = mapped_column(server_default=text("0"))
    relationship_depth: Mapped[float | None] = mapped_column(server_default=text("0.0"))
    trust_level: Mapped[float | None] = mapped_column(server_default=text("0.0"))
    preferred_response_style: Mapped[json_object | None] = mapped_column(server_default="{}")

    traits: Mapped[list[DynamicPersonalityTrait]] = owned(back_populates="profile")
    analyses: Mapped[list[DynamicConversationAnalysis]] = owned(back_populates="profile")


class DynamicPersonalityTrait(Base):
    """One dimension of a learned profile and the evidence for it."""

    __tablename__ = "dynamic_personality_traits"

    id: Mapped[intpk]
    user_id: Mapped[str_255 | None] = mapped_column(
        ForeignKey("dynamic_personality_profiles.user_id", name="fk_user_profile", ondelete="CASCADE"), index=True
    )
    dimension: Mapped[str_100 | None]
    value: Mapped[float | None]
    confidence: Mapped[float | None]
    last_updated: Mapped[current_timestamp | None]
    evidence_count: Mapped[int | None] = mapped_column(server_default=text("0"))
    evidence_sources: Mapped[json_array | None] = mapped_column(server_default="[]")

    profile: Mapped[DynamicPersonalityProfile | None] = relationship(back_populates="traits")


class DynamicConversationAnalysis(Base):
    """What one message adds to a learned profile."""

    __tablename__ = "dynamic_conversation_analyses"

    id: Mapped[intpk]
    user_id: Mapped[str_255 | None] = mapped_column(
        ForeignKey("dynamic_personality_profiles.user_id", name="fk_user_profile_analysis", ondelete="CASCADE"),
        index=True,
    )
    context_id: Mapped[str_255 | None]
    timestamp: Mapped[current_timestamp | None] = mapped_column(index=True)
    message_length: Mapped[int | None]
    formality_score: Mapped[float | None]
    emotional_openness: Mapped[float | None]
    conversation_depth: Mapped[float | None]
    topics_discussed: Mapped[json_array | None] = mapped_column(server_default="[]")
    emotional_tone: Mapped[str_50 | None]
    humor_detected: Mapped[bool | None] = mapped_column(server_default=false())
    support_seeking: Mapped[bool | None] = mapped_column(server_default=false())

    profile: Mapped[DynamicPersonalityProfile | None] = relationship(back_populates="analyses")


class PersonalityOptimizationAttempt(Base):
    """An attempt to tune a persona, and the gain it is hoped to bring."""

    __tablename__ = "personality_optimization_attempts"
    __table_args__ = (
        CheckConstraint(
            one_of("implementation_complexity", "low", "medium", "high"),
            name=conv("personality_optimization_attemp_implementation_complexity_check"),
        ),
        CheckConstraint("expected_improvement BETWEEN 0 AND 1", name="expected_improvement"),
        CheckConstraint(
            one_of("optimization_approach", "conservative", "moderate", "aggressive"), name="optimization_approach"
        ),
        Index("idx_personality_opt_attempts_character", "character_name"),
        Index("idx_personality_opt_attempts_id", "optimization_id"),
        Index("idx_personality_opt_attempts_timestamp", "attempt_timestamp"),
        {"comment": __doc__},
    )

    id: Mapped[intpk]
    optimization_id: Mapped[str_100] = mapped_column(unique=True)
    character_name: Mapped[str_50]
    optimization_approach: Mapped[str_20]
    expected_improvement: Mapped[num_5_3]
    implementation_complexity: Mapped[str_10]
    parameter_count: Mapped[int] = mapped_column(server_default=text("0"))
    attempt_timestamp: Mapped[current_timestamptz | None]

    result: Mapped[PersonalityOptimizationResult | None] = owned(back_populates="attempt")
    adjustments: Mapped[list[PersonalityParameterAdjustment]] = owned(back_populates="attempt")
    evolution: Mapped[list[PersonalityEvolutionTimeline]] = relationship(back_populates="attempt", passive_deletes=True)


class PersonalityOptimizationResult(Base):
    """How an attempt turned out; at most one row each."""

    __tablename__ = "personality_optimization_results"
    __table_args__ = (
        Index("idx_personality_opt_results_character", "character_name"),
        Index("idx_personality_opt_results_improvement", "actual_improvement"),
        Index("idx_personality_opt_results_success", "success"),
        Index("idx_personality_opt_results_timestamp", "completion_timestamp"),
        {"comment": __doc__},
    )

    id: Mapped[intpk]
    optimization_id: Mapped[str_100] = mapped_column(
        ForeignKey("personality_optimization_attempts.optimization_id", ondelete="CASCADE"), unique=True
    )
    character_name: Mapped[str_50]
    success: Mapped[bool] = mapped_column(server_default=false())
    performance_before: Mapped[num_5_3 | None]
    performance_after: Mapped[num_5_3 | None]
    actual_improvement: Mapped[num_6_3 | None]
    rollback_applied: Mapped[bool] = mapped_column(server_default=false())
    issues_encountered: Mapped[json_array | None] = mapped_column(server_default="[]")
    completion_timestamp: Mapped[current_timestamptz | None]

    attempt: Mapped[PersonalityOptimizationAttempt] = relationship(back_populates="result")


class PersonalityParameterAdjustment(Base):
    """A parameter that an attempt is to change, in order."""

    __tablename__ = "personality_parameter_adjustments"
    __table_args__ = (
        CheckConstraint("expected_improvement BETWEEN 0 AND 1", name="expected_improvement"),
        CheckConstraint(one_of("risk_level", "low", "medium", "high"), name="risk_level"),
        Index("idx_personality_param_adj_opt_id", "optimization_id"),
        Index("idx_personality_param_adj_order", "optimization_id", "adjustment_order"),
        Index("idx_personality_param_adj_path", "parameter_path"),
        {"comment": __doc__},
    )

    id: Mapped[intpk]
    optimization_id: Mapped[str_100] = mapped_column(
        ForeignKey("personality_optimization_attempts.optimization_id", ondelete="CASCADE")
    )
    adjustment_order: Mapped[int]
    parameter_path: Mapped[str_200]
    current_value: Mapped[str]
    target_value: Mapped[str]
    adjustment_reason: Mapped[str]
    expected_improvement: Mapped[num_5_3]
    risk_level: Mapped[str_10]
    created_at: Mapped[current_timestamptz | None]

    attempt: Mapped[PersonalityOptimizationAttempt] = relationship(back_populates="adjustments")


class PersonalityEvolutionTimeline(Base):
    """A parameter of a persona that changed, known by the name of the persona alone."""

    __tablename__ = "personality_evolution_timeline"
    __table_args__ = (
        Index("idx_personality_evolution_character", "character_name"),
        Index("idx_personality_evolution_magnitude", "change_magnitude"),
        Index("idx_personality_evolution_parameter", "parameter_path"),
        Index("idx_personality_evolution_timestamp", "change_timestamp"),
        {"comment": __doc__},
    )

    id: Mapped[intpk]
    character_name: Mapped[str_50]
    parameter_path: Mapped[str_200]
    old_value: Mapped[str | None]
    new_value: Mapped[str]
    change_magnitude: Mapped[num_5_3 | None]
    optimization_id: Mapped[str_100 | None] = mapped_column(
        ForeignKey("personality_optimization_attempts.optimization_id", ondelete="SET NULL")
    )
    change_timestamp: Mapped[current_timestamptz | None]
    change_reason: Mapped[str | None]

    attempt: Mapped[PersonalityOptimizationAttempt | None] = relationship(back_populates="evolution")
