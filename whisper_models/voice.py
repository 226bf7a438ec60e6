"""How a persona sounds: tone, phrases, words and emoji."""

from __future__ import annotations

from typing import TYPE_CHECKING

from sqlalchemy import Index, UniqueConstraint, text
from sqlalchemy.orm import Mapped, mapped_column, relationship

from whisper_models.base import (
    Base,
    character_fk,
    current_timestamp,
    intpk,
    num_3_2,
    str_20,
    str_50,
    str_100,
    str_200,
    str_500,
)

if TYPE_CHECKING:
    from whisper_models.characters import Character


class CharacterVoiceProfile(Base):
    """Tone, pace, accent and other basics of a voice; at most one row each."""

    __tablename__ = "character_voice_profile"
    __table_args__ = ({"comment": __doc__},)

    id: Mapped[intpk]
    character_id: Mapped[character_fk] = mapped_column(unique=True)
    tone: Mapped[str | None]
    pace: Mapped[str | None]
    volume: Mapped[str | None]
    accent: Mapped[str | None]
    sentence_structure: Mapped[str | None]
    punctuation_style: Mapped[str | None]
    response_length_guidance: Mapped[str | None]
    created_at: Mapped[current_timestamp | None]

    character: Mapped[Character] = relationship(back_populates="voice_profile")


class CharacterVoiceTrait(Base):
    """Any further feature of a voice."""

    __tablename__ = "character_voice_traits"
    __table_args__ = (
        Index("idx_voice_traits_character", "character_id", "trait_type"),
        {"comment": __doc__},
    )

    id: Mapped[intpk]
    character_id: Mapped[character_fk | None]
    trait_type: Mapped[str_100]
    trait_value: Mapped[str]
    situational_context: Mapped[str | None]
    examples: Mapped[str | None]

    character: Mapped[Character | None] = relationship(back_populates="voice_traits")


class CommunicationStyle(Base):
    """How engaged, formal and emotional a persona writes; several rows are possible."""

    __tablename__ = "communication_styles"
    __table_args__ = (
        Index("idx_communication_styles_character", "character_id"),
        {"comment": __doc__},
    )

    id: Mapped[intpk]
    character_id: Mapped[character_fk | None]
    engagement_level: Mapped[num_3_2 | None]
    formality: Mapped[str_500 | None]
    emotional_expression: Mapped[num_3_2 | None]
    response_length: Mapped[str | None]
    response_length_preference: Mapped[str_200 | None] = mapped_column(
        comment="concise, medium, detailed or variable; no check enforces it"
    )

    character: Mapped[Character | None] = relationship(back_populates="communication_styles")


class CharacterCommunicationPattern(Base):
    """A named habit of communicating, by type."""

    __tablename__ = "character_communication_patterns"
    __table_args__ = (
        UniqueConstraint(
            "character_id",
            "pattern_type",
            "pattern_name",
            name="character_communication_patte_character_id_pattern_type_pat_key",
        ),
        Index("idx_character_patterns_type", "character_id", "pattern_type"),
    )

    id: Mapped[intpk]
    character_id: Mapped[character_fk | None]
    pattern_type: Mapped[str_50]
    pattern_name: Mapped[str_100]
    pattern_value: Mapped[str]
    context: Mapped[str_100 | None]
    frequency: Mapped[str_20 | None] = mapped_column(server_default="regular")
    description: Mapped[str | None]

    character: Mapped[Character | None] = relationship(back_populates="communication_patterns")


class CharacterSpeechPattern(Base):
    """A phrase or habit of speech."""

    __tablename__ = "character_speech_patterns"
    __table_args__ = (
        Index("idx_speech_patterns_character", "character_id", "pattern_type"),
        {"comment": __doc__},
    )

    id: Mapped[intpk] = mapped_column(comment="the number of the pattern")
    character_id: Mapped[character_fk | None] = mapped_column(comment="the persona that speaks")
    pattern_type: Mapped[str_100] = mapped_column(comment="the kind: phrase, habit, rhythm and so on")
    pattern_value: Mapped[str] = mapped_column(comment="the phrase or habit itself")
    usage_frequency: Mapped[str_50 | None] = mapped_column(comment="how often it is used, in a word")
    context: Mapped[str_100 | None] = mapped_column(comment="where it fits")
    priority: Mapped[int | None] = mapped_column(server_default=text("50"), comment="the rank among the patterns")

    character: Mapped[Character | None] = relationship(back_populates="speech_patterns")


class CharacterVocabulary(Base):
    """A word or phrase that a persona likes, avoids, is known for or never uses."""

    __tablename__ = "character_vocabulary"
    __table_args__ = (
        UniqueConstraint("character_id", "word_or_phrase", "preference"),
        Index("idx_vocabulary_char_pref", "character_id", "preference"),
        {"comment": __doc__},
    )

    id: Mapped[intpk]
    character_id: Mapped[character_fk]
    word_or_phrase: Mapped[str]
    preference: Mapped[str_100] = mapped_column(
        comment="preferred, avoided, signature or forbidden; no check enforces it"
    )
    usage_context: Mapped[str | None]
    frequency: Mapped[str_100 | None]
    reason: Mapped[str | None]
    display_order: Mapped[int | None]
    created_at: Mapped[current_timestamp | None]

    character: Mapped[Character] = relationship(back_populates="vocabulary")


class CharacterCulturalExpression(Base):
    """A saying or term from a culture or language."""

    __tablename__ = "character_cultural_expressions"
    __table_args__ = (
        Index("idx_cultural_expressions_character", "character_id", "expression_type"),
        {"comment": __doc__},
    )

    id: Mapped[intpk]
    character_id: Mapped[character_fk | None]
    expression_type: Mapped[str_100]
    expression_value: Mapped[str]
    meaning: Mapped[str | None]
    usage_context: Mapped[str | None]
    emotional_context: Mapped[str_50 | None]
    frequency: Mapped[str_50 | None]

    character: Mapped[Character | None] = relationship(back_populates="cultural_expressions")


class CharacterEmojiPattern(Base):
    """A sequence of emoji and when it is used."""

    __tablename__ = "character_emoji_patterns"
    __table_args__ = (
        Index("idx_emoji_patterns_character", "character_id", "pattern_category"),
        {"comment": __doc__},
    )

    id: Mapped[intpk]
    character_id: Mapped[character_fk | None]
    pattern_category: Mapped[str_100]
    pattern_name: Mapped[str_100]
    emoji_sequence: Mapped[str | None]
    usage_context: Mapped[str | None]
    frequency: Mapped[str_50 | None]
    example_usage: Mapped[str | None]

    character: Mapped[Character | None] = relationship(back_populates="emoji_patterns")
