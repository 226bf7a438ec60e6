"""How user and bot stand to each other, now and over time."""

from __future__ import annotations

from datetime import datetime
from typing import TYPE_CHECKING

from sqlalchemy import CheckConstraint, ForeignKey, ForeignKeyConstraint, Index, text
from sqlalchemy.orm import Mapped, mapped_column, relationship

from whisper_models.base import (
    Base,
    current_timestamp,
    intpk,
    now,
    num_5_2,
    num_5_4,
    one_of,
    owned,
    real,
    str_20,
    str_50,
    str_100,
    str_255,
    text_array,
)

if TYPE_CHECKING:
    from whisper_models.identity import User


class RelationshipScore(Base):
    """Trust, affection and attunement of a user towards one bot, each from 0 to 1."""

    __tablename__ = "relationship_scores"
    __table_args__ = (
        CheckConstraint("affection BETWEEN 0.0 AND 1.0", name="affection"),
        CheckConstraint("attunement BETWEEN 0.0 AND 1.0", name="attunement"),
        CheckConstraint("interaction_count >= 0", name="interaction_count"),
        CheckConstraint("trust BETWEEN 0.0 AND 1.0", name="trust"),
        Index("idx_relationship_scores_bot", "bot_name"),
        Index("idx_relationship_scores_trust", "trust", postgresql_where=text("trust < 0.4")),
        Index("idx_relationship_scores_user", "user_id"),
    )

    user_id: Mapped[str_255] = mapped_column(primary_key=True)
    bot_name: Mapped[str_100] = mapped_column(primary_key=True)
    trust: Mapped[num_5_4] = mapped_column(server_default=text("0.5000"))
    affection: Mapped[num_5_4] = mapped_column(server_default=text("0.4000"))
    attunement: Mapped[num_5_4] = mapped_column(server_default=text("0.3000"))
    interaction_count: Mapped[int] = mapped_column(server_default=text("0"))
    last_updated: Mapped[now]
    created_at: Mapped[now]

    events: Mapped[list[RelationshipEvent]] = owned(back_populates="score")
    recoveries: Mapped[list[TrustRecoveryState]] = owned(back_populates="score")


class RelationshipEvent(Base):
    """A change of the scores and what caused it."""

    __tablename__ = "relationship_events"
    __table_args__ = (
        ForeignKeyConstraint(
            ["user_id", "bot_name"], ["relationship_scores.user_id", "relationship_scores.bot_name"], ondelete="CASCADE"
        ),
        Index("idx_relationship_events_timestamp", text("created_at DESC")),
        Index("idx_relationship_events_type", "event_type"),
        Index("idx_relationship_events_user_bot", "user_id", "bot_name"),
    )

    id: Mapped[intpk]
    user_id: Mapped[str_255]
    bot_name: Mapped[str_100]
    event_type: Mapped[str_50]
    trust_delta: Mapped[num_5_4 | None]
    affection_delta: Mapped[num_5_4 | None]
    attunement_delta: Mapped[num_5_4 | None]
    trust_value: Mapped[num_5_4 | None]
    affection_value: Mapped[num_5_4 | None]
    attunement_value: Mapped[num_5_4 | None]
    conversation_quality: Mapped[str_20 | None]
    emotion_variance: Mapped[num_5_4 | None]
    update_reason: Mapped[str | None]
    created_at: Mapped[now]

    score: Mapped[RelationshipScore] = relationship(back_populates="events")


class TrustRecoveryState(Base):
    """How far damaged trust is mended; it may be damaged more than once."""

    __tablename__ = "trust_recovery_state"
    __table_args__ = (
        ForeignKeyConstraint(
            ["user_id", "bot_name"], ["relationship_scores.user_id", "relationship_scores.bot_name"], ondelete="CASCADE"
        ),
        CheckConstraint("current_trust BETWEEN 0.0 AND 1.0", name="current_trust"),
        CheckConstraint("initial_trust BETWEEN 0.0 AND 1.0", name="initial_trust"),
        CheckConstraint("progress_percentage BETWEEN 0.0 AND 100.0", name="progress_percentage"),
        CheckConstraint("target_trust BETWEEN 0.0 AND 1.0", name="target_trust"),
        Index(
            "idx_trust_recovery_stage",
            "recovery_stage",
            postgresql_where=text(one_of("recovery_stage", "active", "recovering")),
        ),
        Index("idx_trust_recovery_user_bot", "user_id", "bot_name"),
    )

    user_id: Mapped[str_255] = mapped_column(primary_key=True)
    bot_name: Mapped[str_100] = mapped_column(primary_key=True)
    recovery_stage: Mapped[str_20]
    initial_trust: Mapped[num_5_4]
    current_trust: Mapped[num_5_4]
    target_trust: Mapped[num_5_4]
    progress_percentage: Mapped[num_5_2] = mapped_column(server_default=text("0.00"))
    recovery_actions_taken: Mapped[text_array | None]
    started_at: Mapped[datetime] = mapped_column(primary_key=True)
    last_updated: Mapped[now]
    estimated_completion: Mapped[datetime | None]

    score: Mapped[RelationshipScore] = relationship(back_populates="recoveries")


class Relationship(Base):
    """A relationship of an account, in the older scheme."""

    __tablename__ = "relationships"

    id: Mapped[intpk]
    user_id: Mapped[str] = mapped_column(ForeignKey("users.user_id"))
    relationship_type: Mapped[str]
    strength: Mapped[real | None] = mapped_column(server_default=text("0.5"))
    last_interaction: Mapped[current_timestamp | None]
    interaction_count: Mapped[int | None] = mapped_column(server_default=text("0"))
    notes: Mapped[str | None]

    user: Mapped[User] = relationship(back_populates="relationships")
