"""What a persona is like inside: traits, values, emotions and what sets them off."""

from __future__ import annotations

from typing import TYPE_CHECKING

from sqlalchemy import CheckConstraint, Index, UniqueConstraint, text
from sqlalchemy.orm import Mapped, mapped_column, relationship

from whisper_models.base import Base, character_fk, current_timestamp, intpk, num_3_2, str_50, str_100, str_200, str_300

if TYPE_CHECKING:
    from whisper_models.characters import Character


class PersonalityTrait(Base):
    """The value of one of the Big Five traits."""

    __tablename__ = "personality_traits"
    __table_args__ = (
        UniqueConstraint("character_id", "trait_name"),
        Index("idx_personality_traits_character", "character_id"),
        {"comment": __doc__},
    )

    id: Mapped[intpk] = mapped_column(comment="the number of the trait")
    character_id: Mapped[character_fk | None] = mapped_column(comment="the persona that has the trait")
    trait_name: Mapped[str_200] = mapped_column(
        comment="openness, conscientiousness, extraversion, agreeableness or neuroticism; no check enforces it"
    )
    trait_value: Mapped[num_3_2 | None] = mapped_column(comment="how strong the trait is, from 0 to 1")
    intensity: Mapped[str_100 | None] = mapped_column(comment="the strength in a word")
    description: Mapped[str | None] = mapped_column(comment="how the trait shows")

    character: Mapped[Character | None] = relationship(back_populates="personality_traits")


class CharacterValue(Base):
    """A value, belief or fear, found by its key."""

    __tablename__ = "character_values"
    __table_args__ = (
        UniqueConstraint("character_id", "value_key"),
        Index("idx_character_values_character", "character_id"),
        {"comment": __doc__},
    )

    id: Mapped[intpk] = mapped_column(comment="the number of the value")
    character_id: Mapped[character_fk | None] = mapped_column(comment="the persona that holds it")
    value_key: Mapped[str_300] = mapped_column(comment="a short name")
    value_description: Mapped[str] = mapped_column(comment="what the persona believes or fears")
    importance_level: Mapped[str_100 | None] = mapped_column(
        server_default="medium", comment="how much it weighs, in a word such as medium"
    )
    category: Mapped[str_200 | None] = mapped_column(comment="the kind: core value, belief, fear and so on")

    character: Mapped[Character | None] = relationship(back_populates="values")


class CharacterEmotionProfile(Base):
    """The mood a persona starts from; at most one row each."""

    __tablename__ = "character_emotion_profile"

    id: Mapped[intpk]
    character_id: Mapped[character_fk] = mapped_column(unique=True)
    default_mood: Mapped[str | None]
    created_at: Mapped[current_timestamp | None]

    character: Mapped[Character] = relationship(back_populates="emotion_profile")


class CharacterEmotionRange(Base):
    """How strongly a persona feels one emotion, from 0 to 1."""

    __tablename__ = "character_emotion_range"
    __table_args__ = (
        UniqueConstraint("character_id", "emotion_name"),
        CheckConstraint("base_intensity BETWEEN 0 AND 1", name="base_intensity"),
        Index("idx_emotion_range_char", "character_id"),
        {"comment": __doc__},
    )

    id: Mapped[intpk]
    character_id: Mapped[character_fk]
    emotion_name: Mapped[str_200]
    base_intensity: Mapped[num_3_2 | None]
    notes: Mapped[str | None]
    created_at: Mapped[current_timestamp | None]

    character: Mapped[Character] = relationship(back_populates="emotion_range")


class CharacterEmotionalTrigger(Base):
    """What stirs an emotion in a persona and how it answers; first generation."""

    __tablename__ = "character_emotional_triggers"
    __table_args__ = (
        Index("idx_emotional_triggers_character", "character_id", "trigger_type"),
        {"comment": __doc__},
    )

    id: Mapped[intpk]
    character_id: Mapped[character_fk | None]
    trigger_type: Mapped[str_100]
    trigger_category: Mapped[str_100 | None]
    trigger_content: Mapped[str]
    emotional_response: Mapped[str | None]
    response_intensity: Mapped[str_50 | None]
    response_examples: Mapped[str | None]

    character: Mapped[Character | None] = relationship(back_populates="emotional_triggers")


class CharacterBehavioralTrigger(Base):
    """What sets off a behaviour, and the reaction to it."""

    __tablename__ = "character_behavioral_triggers"
    __table_args__ = (Index("idx_character_triggers_type", "character_id", "trigger_type"), {"comment": __doc__})

    id: Mapped[intpk] = mapped_column(comment="the number of the trigger")
    character_id: Mapped[character_fk | None] = mapped_column(comment="the persona that reacts")
    trigger_type: Mapped[str_50] = mapped_column(comment="what is looked at: topic, emotion, word and so on")
    trigger_value: Mapped[str_200] = mapped_column(comment="what sets the reaction off")
    response_type: Mapped[str_50] = mapped_column(comment="the kind of reaction")
    response_description: Mapped[str] = mapped_column(comment="the reaction")
    intensity_level: Mapped[int | None] = mapped_column(
        server_default=text("5"), comment="how strong the reaction is, from 1 to 10; no check enforces it"
    )
    created_date: Mapped[current_timestamp | None]

    character: Mapped[Character | None] = relationship(back_populates="behavioral_triggers")
