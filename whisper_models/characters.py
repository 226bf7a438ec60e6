"""The persona and what it is: identity, looks, nature and free attributes."""

from __future__ import annotations

from typing import TYPE_CHECKING

from sqlalchemy import Index, UniqueConstraint, false, text, true
from sqlalchemy.orm import Mapped, mapped_column, relationship

from whisper_models.base import (
    Base,
    character_fk,
    current_timestamp,
    current_timestamptz,
    intpk,
    owned,
    str_50,
    str_100,
    str_200,
    str_500,
    text_array,
)

if TYPE_CHECKING:
    from whisper_models.biography import (
        CharacterAbility,
        CharacterBackground,
        CharacterCurrentContext,
        CharacterCurrentGoal,
        CharacterExpertiseDomain,
        CharacterInterest,
        CharacterMemory,
        CharacterRelationship,
    )
    from whisper_models.conversation import (
        CharacterConversationContext,
        CharacterConversationFlow,
        CharacterDirective,
        CharacterInstruction,
        CharacterMessageTrigger,
        CharacterResponseGuideline,
        CharacterResponseMode,
    )
    from whisper_models.personality import (
        CharacterBehavioralTrigger,
        CharacterEmotionalTrigger,
        CharacterEmotionalTriggerV2,
        CharacterEmotionProfile,
        CharacterEmotionRange,
        CharacterValue,
        PersonalityTrait,
    )
    from whisper_models.roleplay import CharacterAIScenario, CharacterRoleplayConfig, CharacterRoleplayScenarioV2
    from whisper_models.voice import (
        CharacterCommunicationPattern,
        CharacterCulturalExpression,
        CharacterEmojiPattern,
        CharacterSpeechPattern,
        CharacterVocabulary,
        CharacterVoiceProfile,
        CharacterVoiceTrait,
        CommunicationStyle,
    )


class Character(Base):
    """A persona: the root of nearly every table named after a character."""

    __tablename__ = "characters"
    __table_args__ = (
        UniqueConstraint("normalized_name"),
        Index("idx_characters_active", "is_active"),
        Index("idx_characters_active_lookup", "id", postgresql_where=text("is_active = true")),
        Index("idx_characters_name_lookup", "name"),
        {"comment": __doc__},
    )

    id: Mapped[intpk]
    name: Mapped[str_500]
    normalized_name: Mapped[str_200] = mapped_column(index=True)
    occupation: Mapped[str_500 | None]
    description: Mapped[str | None]
    archetype: Mapped[str_100 | None] = mapped_column(server_default="real-world")
    allow_full_roleplay: Mapped[bool | None] = mapped_column(server_default=false())
    is_active: Mapped[bool | None] = mapped_column(server_default=true())
    created_at: Mapped[current_timestamptz | None]
    updated_at: Mapped[current_timestamptz | None]
    created_date: Mapped[current_timestamp | None]
    updated_date: Mapped[current_timestamp | None]

    identity_details: Mapped[CharacterIdentityDetails | None] = owned(back_populates="character")
    editions: Mapped[list[CharacterMetadata]] = owned(back_populates="character")
    appearance: Mapped[list[CharacterAppearance]] = owned(back_populates="character")
    attributes: Mapped[list[CharacterAttribute]] = owned(back_populates="character")
    essence: Mapped[list[CharacterEssence]] = owned(back_populates="character")
    background: Mapped[list[CharacterBackground]] = owned(back_populates="character")
    memories: Mapped[list[CharacterMemory]] = owned(back_populates="character")
    relationships: Mapped[list[CharacterRelationship]] = owned(back_populates="character")
    current_context: Mapped[CharacterCurrentContext | None] = owned(back_populates="character")
    current_goals: Mapped[list[CharacterCurrentGoal]] = owned(back_populates="character")
    abilities: Mapped[list[CharacterAbility]] = owned(back_populates="character")
    expertise_domains: Mapped[list[CharacterExpertiseDomain]] = owned(back_populates="character")
    interests: Mapped[list[CharacterInterest]] = owned(back_populates="character")
    personality_traits: Mapped[list[PersonalityTrait]] = owned(back_populates="character")
    values: Mapped[list[CharacterValue]] = owned(back_populates="character")
    emotion_profile: Mapped[CharacterEmotionProfile | None] = owned(back_populates="character")
    emotion_range: Mapped[list[CharacterEmotionRange]] = owned(back_populates="character")
    emotional_triggers: Mapped[list[CharacterEmotionalTrigger]] = owned(back_populates="character")
    emotional_triggers_v2: Mapped[list[CharacterEmotionalTriggerV2]] = owned(back_populates="character")
    behavioral_triggers: Mapped[list[CharacterBehavioralTrigger]] = owned(back_populates="character")
    voice_profile: Mapped[CharacterVoiceProfile | None] = owned(back_populates="character")
    voice_traits: Mapped[list[CharacterVoiceTrait]] = owned(back_populates="character")
    communication_styles: Mapped[list[CommunicationStyle]] = owned(back_populates="character")
    communication_patterns: Mapped[list[CharacterCommunicationPattern]] = owned(back_populates="character")
    speech_patterns: Mapped[list[CharacterSpeechPattern]] = owned(back_populates="character")
    vocabulary: Mapped[list[CharacterVocabulary]] = owned(back_populates="character")
    cultural_expressions: Mapped[list[CharacterCulturalExpression]] = owned(back_populates="character")
    emoji_patterns: Mapped[list[CharacterEmojiPattern]] = owned(back_populates="character")
    conversation_contexts: Mapped[list[CharacterConversationContext]] = owned(back_populates="character")
    conversation_flows: Mapped[list[CharacterConversationFlow]] = owned(back_populates="character")
    directives: Mapped[list[CharacterDirective]] = owned(back_populates="character")
    instructions: Mapped[list[CharacterInstruction]] = owned(back_populates="character")
    message_triggers: Mapped[list[CharacterMessageTrigger]] = owned(back_populates="character")
    response_guidelines: Mapped[list[CharacterResponseGuideline]] = owned(back_populates="character")
    response_modes: Mapped[list[CharacterResponseMode]] = owned(back_populates="character")
    roleplay_config: Mapped[CharacterRoleplayConfig | None] = owned(back_populates="character")
    roleplay_scenarios: Mapped[list[CharacterRoleplayScenarioV2]] = owned(back_populates="character")
    ai_scenarios: Mapped[list[CharacterAIScenario]] = owned(back_populates="character")


class CharacterIdentityDetails(Base):
    """Further identity of a persona, human or not; at most one row each."""

    __tablename__ = "character_identity_details"
    __table_args__ = ({"comment": __doc__},)

    id: Mapped[intpk]
    character_id: Mapped[character_fk] = mapped_column(unique=True)
    full_name: Mapped[str_500 | None]
    nickname: Mapped[str_500 | None]
    gender: Mapped[str_200 | None]
    location: Mapped[str | None]
    essence_nature: Mapped[str | None]
    essence_existence_method: Mapped[str | None]
    essence_anchor: Mapped[str | None]
    essence_core_identity: Mapped[str | None]
    created_at: Mapped[current_timestamp | None]

    character: Mapped[Character] = relationship(back_populates="identity_details")


class CharacterMetadata(Base):
    """An edition of a persona with its author, tags and notes."""

    __tablename__ = "character_metadata"
    __table_args__ = (UniqueConstraint("character_id", "version"),)

    id: Mapped[intpk]
    character_id: Mapped[character_fk | None]
    version: Mapped[int | None] = mapped_column(server_default=text("1"))
    character_tags: Mapped[text_array | None]
    created_date: Mapped[current_timestamp | None]
    updated_date: Mapped[current_timestamp | None]
    author: Mapped[str | None]
    notes: Mapped[str | None]

    character: Mapped[Character | None] = relationship(back_populates="editions")


class CharacterAppearance(Base):
    """One feature of how a persona looks."""

    __tablename__ = "character_appearance"
    __table_args__ = (
        UniqueConstraint("character_id", "category", "attribute"),
        Index("idx_character_appearance_category", "character_id", "category"),
    )

    id: Mapped[intpk]
    character_id: Mapped[character_fk | None]
    category: Mapped[str_50]
    attribute: Mapped[str_100]
    value: Mapped[str]
    description: Mapped[str | None]

    character: Mapped[Character | None] = relationship(back_populates="appearance")


class CharacterAttribute(Base):
    """A fear, dream, quirk, strength or the like; the category says which."""

    __tablename__ = "character_attributes"
    __table_args__ = (
        UniqueConstraint("character_id", "category", "display_order"),
        Index("idx_attributes_active", "character_id", "category", postgresql_where=text("active = true")),
        Index("idx_attributes_char_cat", "character_id", "category"),
        {"comment": __doc__},
    )

    id: Mapped[intpk]
    character_id: Mapped[character_fk]
    category: Mapped[str_200] = mapped_column(comment="what the row describes: fear, dream, quirk and so on")
    description: Mapped[str]
    importance: Mapped[str_100 | None]
    display_order: Mapped[int | None]
    active: Mapped[bool | None] = mapped_column(server_default=true())
    created_at: Mapped[current_timestamp | None]

    character: Mapped[Character] = relationship(back_populates="attributes")


class CharacterEssence(Base):
    """The nature of a being that is more than human."""

    __tablename__ = "character_essence"
    __table_args__ = (
        UniqueConstraint("character_id", "essence_type", "essence_name"),
        Index("idx_character_essence_type", "character_id", "essence_type"),
    )

    id: Mapped[intpk]
    character_id: Mapped[character_fk | None]
    essence_type: Mapped[str_50]
    essence_name: Mapped[str_100]
    description: Mapped[str]
    manifestation: Mapped[str | None]
    power_level: Mapped[int | None]

    character: Mapped[Character | None] = relationship(back_populates="essence")
