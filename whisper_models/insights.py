"""What personas and bots find out about themselves."""

from __future__ import annotations

from typing import TYPE_CHECKING
from uuid import UUID

from sqlalchemy import ForeignKey, Index, UniqueConstraint, text
from sqlalchemy.orm import Mapped, mapped_column, relationship

from whisper_models.base import (
    Base,
    character_fk,
    current_timestamptz,
    intpk,
    now_with_zone,
    owned,
    str_50,
    str_100,
    str_255,
    text_array,
    uuidpk,
)

if TYPE_CHECKING:
    from whisper_models.characters import Character


class CharacterInsight(Base):
    """Something a persona has found out about itself, how sure it is, and the evidence."""

    __tablename__ = "character_insights"
    __table_args__ = (UniqueConstraint("character_id", "insight_content", name="uq_character_insight_content"),)

    id: Mapped[intpk]
    character_id: Mapped[character_fk] = mapped_column(index=True)
    insight_type: Mapped[str_50] = mapped_column(index=True)
    insight_content: Mapped[str]
    confidence_score: Mapped[float] = mapped_column(index=True)
    discovery_date: Mapped[current_timestamptz] = mapped_column(index=True)
    conversation_context: Mapped[str | None]
    importance_level: Mapped[int] = mapped_column(index=True, server_default=text("5"))
    emotional_valence: Mapped[float | None]
    triggers: Mapped[text_array | None]
    supporting_evidence: Mapped[text_array | None]

    character: Mapped[Character] = relationship(back_populates="insights")
    outgoing: Mapped[list[CharacterInsightRelationship]] = owned(
        back_populates="source", foreign_keys="CharacterInsightRelationship.from_insight_id"
    )
    incoming: Mapped[list[CharacterInsightRelationship]] = owned(
        back_populates="target", foreign_keys="CharacterInsightRelationship.to_insight_id"
    )


class CharacterInsightRelationship(Base):
    """How one insight leads to, supports or contradicts another."""

    __tablename__ = "character_insight_relationships"
    __table_args__ = (
        UniqueConstraint("from_insight_id", "to_insight_id", "relationship_type", name="uq_insight_relationship"),
        Index("idx_char_insight_rel_from_id", "from_insight_id"),
        Index("idx_char_insight_rel_to_id", "to_insight_id"),
        Index("idx_char_insight_rel_type", "relationship_type"),
    )

    id: Mapped[intpk]
    from_insight_id: Mapped[int] = mapped_column(ForeignKey("character_insights.id", ondelete="CASCADE"))
    to_insight_id: Mapped[int] = mapped_column(ForeignKey("character_insights.id", ondelete="CASCADE"))
    relationship_type: Mapped[str_50]
    strength: Mapped[float] = mapped_column(server_default=text("0.5"))
    created_date: Mapped[current_timestamptz]

    source: Mapped[CharacterInsight] = relationship(back_populates="outgoing", foreign_keys=from_insight_id)
    target: Mapped[CharacterInsight] = relationship(back_populates="incoming", foreign_keys=to_insight_id)


class CharacterLearningEvent(Base):
    """A moment at which a persona has learned something: its state before and after."""

    __tablename__ = "character_learning_timeline"
    __table_args__ = (
        Index("idx_char_learning_timeline_character_id", "character_id"),
        Index("idx_char_learning_timeline_learning_date", "learning_date"),
        Index("idx_char_learning_timeline_learning_type", "learning_type"),
        Index("idx_char_learning_timeline_significance", "significance_score"),
    )

    id: Mapped[intpk]
    character_id: Mapped[character_fk]
    learning_event: Mapped[str]
    learning_type: Mapped[str_50]
    before_state: Mapped[str | None]
    after_state: Mapped[str | None]
    trigger_conversation: Mapped[str | None]
    learning_date: Mapped[current_timestamptz]
    significance_score: Mapped[float | None]

    character: Mapped[Character] = relationship(back_populates="learning_events")


class BotSelfReflection(Base):
    """What a bot thinks of its own part in an exchange with a user."""

    __tablename__ = "bot_self_reflections"
    __table_args__ = (
        Index("idx_bot_self_reflections_category", "reflection_category"),
        Index("idx_bot_self_reflections_scores", "effectiveness_score", "authenticity_score"),
        {"comment": __doc__},
    )

    id: Mapped[uuidpk]
    bot_name: Mapped[str_100] = mapped_column(index=True, comment="the bot that reflects")
    interaction_id: Mapped[UUID | None] = mapped_column(comment="the exchange that it reflects on")
    user_id: Mapped[str_255 | None] = mapped_column(index=True, comment="the user of that exchange")
    conversation_id: Mapped[UUID | None] = mapped_column(comment="the conversation of that exchange")
    effectiveness_score: Mapped[float | None] = mapped_column(comment="how well the response served the user")
    authenticity_score: Mapped[float | None] = mapped_column(comment="how true the response was to the persona")
    emotional_resonance: Mapped[float | None] = mapped_column(comment="how well the response met the user's mood")
    learning_insight: Mapped[str] = mapped_column(comment="what the bot learns from the exchange")
    improvement_suggestion: Mapped[str | None] = mapped_column(comment="what it would do better next time")
    interaction_context: Mapped[str | None] = mapped_column(comment="what the exchange was about")
    bot_response_preview: Mapped[str | None] = mapped_column(comment="the beginning of the response")
    trigger_type: Mapped[str_50 | None] = mapped_column(index=True, comment="the reason why the bot reflected")
    reflection_category: Mapped[str_100 | None] = mapped_column(comment="the subject of the reflection")
    created_at: Mapped[now_with_zone] = mapped_column(index=True)
