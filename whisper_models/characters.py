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
    from whisper_models.curiosity import CharacterEntityCategory, CharacterInterestTopic, CharacterQuestionTemplate
    from whisper_models.deployment import (
        BotDeployment,
        CharacterDeploymentConfig,
        CharacterDiscordConfig,
        CharacterLlmConfig,
    )
    from whisper_models.insights import CharacterInsight, CharacterLearningEvent
    from whisper_models.modes import CharacterConversationMode, CharacterGeneralConversation, CharacterResponseStyle
    from whisper_models.personality import (
        CharacterBehavioralTrigger,
        CharacterEmotionalTrigger,
        CharacterEmotionProfile,
        CharacterEmotionRange,
        CharacterValue,
        PersonalityTrait,
    )
    from whisper_models.roleplay import CharacterAIScenario, CharacterRoleplayConfig
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

    id: Mapped[intpk] = mapped_column(comment="the number of the persona")
    name: Mapped[str_500] = mapped_column(comment="the name that people see")
    normalized_name: Mapped[str_200] = mapped_column(
        index=True, comment="the name in lower case, by which the persona is looked up"
    )
    occupation: Mapped[str_500 | None] = mapped_column(comment="the work it does")
    description: Mapped[str | None] = mapped_column(comment="who it is, in some sentences")
    archetype: Mapped[str_100 | None] = mapped_column(
        server_default="real-world", comment="real-world, fantasy or narrative-ai; no check enforces it"
    )
    allow_full_roleplay: Mapped[bool | None] = mapped_column(
        server_default=false(), comment="whether it may immerse itself fully in roleplay"
    )
    is_active: Mapped[bool | None] = mapped_column(server_default=true(), comment="whether it can be talked to")
    created_at: Mapped[current_timestamptz | None] = mapped_column(comment="when the row was made")
    updated_at: Mapped[current_timestamptz | None] = mapped_column(comment="when the row was changed last")
    created_date: Mapped[current_timestamp | None]
    updated_date: Mapped[current_timestamp | None]
    emoji_frequency: Mapped[str_50] = mapped_column(
        server_default="moderate", comment="how often a message has emoji, in a word such as moderate"
    )
    emoji_style: Mapped[str_50] = mapped_column(
        server_default="general", comment="the kind of emoji that fit the persona, in a word such as general"
    )
    emoji_combination: Mapped[str_50] = mapped_column(
        server_default="text_with_accent_emoji", comment="how emoji and text share a message"
    )
    emoji_placement: Mapped[str_50] = mapped_column(
        server_default="end_of_message", comment="where in a message emoji are put"
    )
    emoji_age_demographic: Mapped[str_50] = mapped_column(
        server_default="millennial", comment="the generation whose use of emoji the persona follows"
    )
    emoji_cultural_influence: Mapped[str_100] = mapped_column(
        server_default="general", comment="the culture that colours the choice of emoji"
    )

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
    interest_topics: Mapped[list[CharacterInterestTopic]] = owned(back_populates="character")
    entity_categories: Mapped[list[CharacterEntityCategory]] = owned(back_populates="character")
    question_templates: Mapped[list[CharacterQuestionTemplate]] = owned(back_populates="character")
    personality_traits: Mapped[list[PersonalityTrait]] = owned(back_populates="character")
    values: Mapped[list[CharacterValue]] = owned(back_populates="character")
    emotion_profile: Mapped[CharacterEmotionProfile | None] = owned(back_populates="character")
    emotion_range: Mapped[list[CharacterEmotionRange]] = owned(back_populates="character")
    emotional_triggers: Mapped[list[CharacterEmotionalTrigger]] = owned(back_populates="character")
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
    conversation_modes: Mapped[list[CharacterConversationMode]] = owned(back_populates="character")
    general_conversation: Mapped[CharacterGeneralConversation | None] = owned(back_populates="character")
    response_style: Mapped[CharacterResponseStyle | None] = owned(back_populates="character")
    roleplay_config: Mapped[CharacterRoleplayConfig | None] = owned(back_populates="character")
    ai_scenarios: Mapped[list[CharacterAIScenario]] = owned(back_populates="character")
    insights: Mapped[list[CharacterInsight]] = owned(back_populates="character")
    learning_events: Mapped[list[CharacterLearningEvent]] = owned(back_populates="character")
    llm_configs: Mapped[list[CharacterLlmConfig]] = owned(back_populates="character")
    discord_configs: Mapped[list[CharacterDiscordConfig]] = owned(back_populates="character")
    deployment_configs: Mapped[list[CharacterDeploymentConfig]] = owned(back_populates="character")
    deployment: Mapped[BotDeployment | None] = owned(back_populates="character")


class CharacterIdentityDetails(Base):
    """Further identity of a persona, human or not; at most one row each."""

    __tablename__ = "character_identity_details"
    __table_args__ = ({"comment": __doc__},)

    id: Mapped[intpk] = mapped_column(comment="the number of the row")
    character_id: Mapped[character_fk] = mapped_column(unique=True, comment="the persona described")
    full_name: Mapped[str_500 | None] = mapped_column(comment="the whole name")
    nickname: Mapped[str_500 | None] = mapped_column(comment="the name that friends use")
    gender: Mapped[str_200 | None] = mapped_column(comment="the gender, in free words")
    location: Mapped[str | None] = mapped_column(comment="where it lives")
    essence_nature: Mapped[str | None] = mapped_column(comment="the kind of being, if it is not human")
    essence_existence_method: Mapped[str | None] = mapped_column(comment="how such a being exists")
    essence_anchor: Mapped[str | None] = mapped_column(comment="what holds such a being in the world")
    essence_core_identity: Mapped[str | None] = mapped_column(comment="what such a being is at heart")
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
        {"comment": __doc__},
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
        {"comment": __doc__},
    )

    id: Mapped[intpk]
    character_id: Mapped[character_fk | None]
    essence_type: Mapped[str_50]
    essence_name: Mapped[str_100]
    description: Mapped[str]
    manifestation: Mapped[str | None]
    power_level: Mapped[int | None]

    character: Mapped[Character | None] = relationship(back_populates="essence")
