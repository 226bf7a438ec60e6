"""How a persona leads a conversation, item by item: modes, general settings and the style of its responses."""

from __future__ import annotations

from typing import TYPE_CHECKING

from sqlalchemy import CheckConstraint, ForeignKey, Index, UniqueConstraint
from sqlalchemy.orm import Mapped, mapped_column, relationship
from sqlalchemy.schema import conv

from whisper_models.base import Base, character_fk, current_timestamp, intpk, one_of, owned, str_20, str_50, str_100

if TYPE_CHECKING:
    from whisper_models.characters import Character


class CharacterConversationMode(Base):
    """A named mode of conversation: its energy, its approach and how to get from one topic to the next."""

    __tablename__ = "character_conversation_modes"
    __table_args__ = (
        UniqueConstraint("character_id", "mode_name"),
        Index("idx_conversation_modes_character", "character_id"),
    )

    id: Mapped[intpk]
    character_id: Mapped[character_fk]
    mode_name: Mapped[str_100]
    energy_level: Mapped[str_50 | None]
    approach: Mapped[str | None]
    transition_style: Mapped[str | None]
    created_at: Mapped[current_timestamp]
    updated_at: Mapped[current_timestamp]

    character: Mapped[Character] = relationship(back_populates="conversation_modes")
    guidance: Mapped[list[CharacterModeGuidance]] = owned(back_populates="mode")
    examples: Mapped[list[CharacterModeExample]] = owned(back_populates="mode")


class CharacterModeGuidance(Base):
    """Something to avoid or to encourage in a mode of conversation."""

    __tablename__ = "character_mode_guidance"
    __table_args__ = (
        CheckConstraint(one_of("guidance_type", "avoid", "encourage"), name=conv("ck_guidance_type")),
        Index("idx_mode_guidance_mode", "mode_id"),
    )

    id: Mapped[intpk]
    mode_id: Mapped[int] = mapped_column(ForeignKey("character_conversation_modes.id", ondelete="CASCADE"))
    guidance_type: Mapped[str_20]
    guidance_text: Mapped[str]
    sort_order: Mapped[int]
    created_at: Mapped[current_timestamp]

    mode: Mapped[CharacterConversationMode] = relationship(back_populates="guidance")


class CharacterModeExample(Base):
    """An example of a mode of conversation."""

    __tablename__ = "character_mode_examples"
    __table_args__ = (Index("idx_mode_examples_mode", "mode_id"),)

    id: Mapped[intpk]
    mode_id: Mapped[int] = mapped_column(ForeignKey("character_conversation_modes.id", ondelete="CASCADE"))
    example_text: Mapped[str]
    example_type: Mapped[str_50 | None]
    sort_order: Mapped[int]
    created_at: Mapped[current_timestamp]

    mode: Mapped[CharacterConversationMode] = relationship(back_populates="examples")


class CharacterGeneralConversation(Base):
    """The settings for every conversation that no mode is chosen for; at most one row for each persona."""

    __tablename__ = "character_general_conversation"

    id: Mapped[intpk]
    character_id: Mapped[character_fk] = mapped_column(unique=True)
    default_energy: Mapped[str_50 | None]
    conversation_style: Mapped[str | None]
    transition_approach: Mapped[str | None]
    created_at: Mapped[current_timestamp]
    updated_at: Mapped[current_timestamp]

    character: Mapped[Character] = relationship(back_populates="general_conversation")
    patterns: Mapped[list[CharacterResponsePattern]] = owned(back_populates="general_conversation")


class CharacterResponsePattern(Base):
    """A named pattern of responses, in any conversation."""

    __tablename__ = "character_response_patterns"
    __table_args__ = (Index("idx_response_patterns_general", "general_conversation_id"),)

    id: Mapped[intpk]
    general_conversation_id: Mapped[int] = mapped_column(
        ForeignKey("character_general_conversation.id", ondelete="CASCADE")
    )
    pattern_name: Mapped[str_100 | None]
    pattern_description: Mapped[str | None]
    sort_order: Mapped[int]
    created_at: Mapped[current_timestamp]

    general_conversation: Mapped[CharacterGeneralConversation] = relationship(back_populates="patterns")


class CharacterResponseStyle(Base):
    """The style of a persona's responses, which consists of its items; at most one row for each persona."""

    __tablename__ = "character_response_style"

    id: Mapped[intpk]
    character_id: Mapped[character_fk] = mapped_column(unique=True)
    created_at: Mapped[current_timestamp]
    updated_at: Mapped[current_timestamp]

    character: Mapped[Character] = relationship(back_populates="response_style")
    items: Mapped[list[CharacterResponseStyleItem]] = owned(back_populates="style")


class CharacterResponseStyleItem(Base):
    """A principle or a formatting rule of a persona's responses."""

    __tablename__ = "character_response_style_items"
    __table_args__ = (Index("idx_response_style_items_style", "response_style_id"),)

    id: Mapped[intpk]
    response_style_id: Mapped[int] = mapped_column(ForeignKey("character_response_style.id", ondelete="CASCADE"))
    item_type: Mapped[str_50]
    item_text: Mapped[str]
    sort_order: Mapped[int]
    created_at: Mapped[current_timestamp]

    style: Mapped[CharacterResponseStyle] = relationship(back_populates="items")
