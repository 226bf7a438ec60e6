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

    id: Mapped[intpk]
    character_id: Mapped[character_fk | None]
    trait_name: Mapped[str_200]
    trait_value: Mapped[num_3_2 | None]
    intensity: Mapped[str_100 | None]
    description: Mapped[str | None]

    character: Mapped[Character | None] = relationship(back_populates="personality_traits")


class CharacterValue(Base):
    """A value, belief or fear, found by its key."""

    __tablename__ = "character_values"
    __table_args__ = (
        UniqueConstraint("character_id", "value_key"),
        Index("idx_character_values_character", "character_id"),
        {"comment": __doc__},
    )

    id: Mapped[intpk]
    character_id: Mapped[character_fk | None]
    value_key: Mapped[str_300]
    value_description: Mapped[str]
    importance_level: Mapped[str_100 | None] = mapped_column(server_default="medium")
    category: Mapped[str_200 | None]

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


class CharacterEmotionalTriggerV2(Base):
    """What stirs an emotion, with its valence and an intensity from 1 to 10; second generation."""

    __tablename__ = "character_emotional_triggers_v2"
    __table_args__ = (
        UniqueConstraint(
            "character_id",
            "trigger_text",
            "valence",
            name="character_emotional_triggers__character_id_trigger_text_val_key",
        ),
        CheckConstraint("intensity BETWEEN 1 AND 10", name="intensity"),
        Index("idx_emotional_triggers_char_val", "character_id", "valence"),
        {"comment": __doc__},
    )

    id: Mapped[intpk]
    character_id: Mapped[character_fk]
    trigger_text: Mapped[str]
    valence: Mapped[str_100]
    emotion_evoked: Mapped[str_200 | None]
    intensity: Mapped[int | None]
    response_guidance: Mapped[str | None]
    display_order: Mapped[int | None]
    created_at: Mapped[current_timestamp | None]

    character: Mapped[Character] = relationship(back_populates="emotional_triggers_v2")


class CharacterBehavioralTrigger(Base):
    """What sets off a behaviour, and the reaction to it."""

    __tablename__ = "character_behavioral_triggers"
    __table_args__ = (Index("idx_character_triggers_type", "character_id", "trigger_type"),)

    id: Mapped[intpk]
    character_id: Mapped[character_fk | None]
    trigger_type: Mapped[str_50]
    trigger_value: Mapped[str_200]
    response_type: Mapped[str_50]
    response_description: Mapped[str]
    intensity_level: Mapped[int | None] = mapped_column(server_default=text("5"))
    created_date: Mapped[current_timestamp | None]

    character: Mapped[Character | None] = relationship(back_populates="behavioral_triggers")
