"""How a persona leads a conversation: contexts, flows, directives and response modes."""

from __future__ import annotations

from typing import TYPE_CHECKING

from sqlalchemy import CheckConstraint, ForeignKey, Index, UniqueConstraint, false, text, true
from sqlalchemy.orm import Mapped, mapped_column, relationship

from whisper_models.base import Base, character_fk, current_timestamp, intpk, owned, str_50, str_100, str_200, str_500

if TYPE_CHECKING:
    from whisper_models.characters import Character


class CharacterConversationContext(Base):
    """A named situation in conversation and how to approach it."""

    __tablename__ = "character_conversation_contexts"
    __table_args__ = (
        UniqueConstraint("character_id", "context_name"),
        Index("idx_conv_contexts_char", "character_id"),
        {"comment": __doc__},
    )

    id: Mapped[intpk]
    character_id: Mapped[character_fk]
    context_name: Mapped[str_500]
    energy_description: Mapped[str | None]
    approach_strategy: Mapped[str | None]
    transition_style: Mapped[str | None]
    created_at: Mapped[current_timestamp | None]

    character: Mapped[Character] = relationship(back_populates="conversation_contexts")
    guidance: Mapped[list[CharacterContextGuidance]] = owned(back_populates="context")


class CharacterContextGuidance(Base):
    """Something to do, to avoid or to follow as an example in a conversation context."""

    __tablename__ = "character_context_guidance"
    __table_args__ = (
        UniqueConstraint(
            "context_id",
            "guidance_type",
            "display_order",
            name="character_context_guidance_context_id_guidance_type_display_key",
        ),
        Index("idx_context_guidance_type", "context_id", "guidance_type"),
        {"comment": __doc__},
    )

    id: Mapped[intpk]
    context_id: Mapped[int] = mapped_column(ForeignKey("character_conversation_contexts.id", ondelete="CASCADE"))
    guidance_type: Mapped[str_200]
    guidance_text: Mapped[str]
    display_order: Mapped[int | None]
    created_at: Mapped[current_timestamp | None]

    context: Mapped[CharacterConversationContext] = relationship(back_populates="guidance")


class CharacterConversationFlow(Base):
    """Guidance for one kind of interaction."""

    __tablename__ = "character_conversation_flows"
    __table_args__ = (
        Index("idx_conversation_flows_character", "character_id", "flow_type"),
        {"comment": __doc__},
    )

    id: Mapped[intpk] = mapped_column(comment="the number of the flow")
    character_id: Mapped[character_fk | None] = mapped_column(comment="the persona that is guided")
    flow_type: Mapped[str_200] = mapped_column(comment="the kind of interaction")
    flow_name: Mapped[str_200 | None] = mapped_column(comment="a title for people")
    energy_level: Mapped[str_200 | None] = mapped_column(comment="how lively the persona is, in words")
    approach_description: Mapped[str | None] = mapped_column(comment="how the persona goes about it")
    transition_style: Mapped[str | None] = mapped_column(comment="how it moves on to the next topic")
    priority: Mapped[int | None] = mapped_column(server_default=text("50"), comment="the rank among the flows")
    context: Mapped[str | None] = mapped_column(comment="when the flow applies")

    character: Mapped[Character | None] = relationship(back_populates="conversation_flows")
    directives: Mapped[list[CharacterConversationDirective]] = owned(back_populates="flow")


class CharacterConversationDirective(Base):
    """Something to do or to avoid within a conversation flow."""

    __tablename__ = "character_conversation_directives"
    __table_args__ = ({"comment": __doc__},)

    id: Mapped[intpk]
    conversation_flow_id: Mapped[int | None] = mapped_column(
        ForeignKey("character_conversation_flows.id", ondelete="CASCADE")
    )
    directive_type: Mapped[str_50]
    directive_content: Mapped[str]
    order_sequence: Mapped[int | None]

    flow: Mapped[CharacterConversationFlow | None] = relationship(back_populates="directives")


class CharacterDirective(Base):
    """A principle, formatting rule or constraint, with a priority from 1 to 10."""

    __tablename__ = "character_directives"
    __table_args__ = (
        UniqueConstraint(
            "character_id",
            "directive_type",
            "display_order",
            name="character_directives_character_id_directive_type_display_or_key",
        ),
        CheckConstraint("priority BETWEEN 1 AND 10", name="priority"),
        Index("idx_directives_char_type", "character_id", "directive_type"),
        Index("idx_directives_priority", "character_id", text("priority DESC"), postgresql_where=text("active = true")),
        {"comment": __doc__},
    )

    id: Mapped[intpk]
    character_id: Mapped[character_fk]
    directive_type: Mapped[str_200] = mapped_column(
        comment="what the row demands: principle, formatting rule, constraint and so on"
    )
    directive_text: Mapped[str]
    priority: Mapped[int | None]
    display_order: Mapped[int | None]
    context: Mapped[str_500 | None]
    active: Mapped[bool | None] = mapped_column(server_default=true())
    created_at: Mapped[current_timestamp | None]

    character: Mapped[Character] = relationship(back_populates="directives")


class CharacterInstruction(Base):
    """A free instruction that can be switched on and off."""

    __tablename__ = "character_instructions"
    __table_args__ = (
        Index("idx_character_instructions_type", "character_id", "instruction_type"),
        {"comment": __doc__},
    )

    id: Mapped[intpk]
    character_id: Mapped[character_fk | None]
    instruction_type: Mapped[str_50]
    priority: Mapped[int | None] = mapped_column(server_default=text("5"))
    instruction_text: Mapped[str]
    context: Mapped[str | None]
    active: Mapped[bool | None] = mapped_column(server_default=true())
    created_date: Mapped[current_timestamp | None]

    character: Mapped[Character | None] = relationship(back_populates="instructions")


class CharacterMessageTrigger(Base):
    """A word or phrase that switches to another response mode."""

    __tablename__ = "character_message_triggers"
    __table_args__ = (
        Index("idx_message_triggers_character", "character_id", "trigger_category"),
        {"comment": __doc__},
    )

    id: Mapped[intpk]
    character_id: Mapped[character_fk | None]
    trigger_category: Mapped[str_100]
    trigger_type: Mapped[str_50]
    trigger_value: Mapped[str]
    response_mode: Mapped[str_100 | None]
    priority: Mapped[int | None] = mapped_column(server_default=text("50"))
    is_active: Mapped[bool | None] = mapped_column(server_default=true())

    character: Mapped[Character | None] = relationship(back_populates="message_triggers")


class CharacterResponseGuideline(Base):
    """A rule on length, format or behaviour that must not slip."""

    __tablename__ = "character_response_guidelines"
    __table_args__ = (
        Index("idx_response_guidelines_character", "character_id", "guideline_type"),
        {"comment": __doc__},
    )

    id: Mapped[intpk]
    character_id: Mapped[character_fk | None]
    guideline_type: Mapped[str_100]
    guideline_name: Mapped[str_200 | None]
    guideline_content: Mapped[str]
    priority: Mapped[int | None] = mapped_column(server_default=text("50"))
    context: Mapped[str_100 | None]
    is_critical: Mapped[bool | None] = mapped_column(server_default=false())
    created_date: Mapped[current_timestamp | None]

    character: Mapped[Character | None] = relationship(back_populates="response_guidelines")


class CharacterResponseMode(Base):
    """A way of answering: style, length and tone."""

    __tablename__ = "character_response_modes"
    __table_args__ = (
        Index("idx_response_modes_character", "character_id", "mode_name"),
        {"comment": __doc__},
    )

    id: Mapped[intpk]
    character_id: Mapped[character_fk | None]
    mode_name: Mapped[str_100]
    mode_description: Mapped[str | None]
    response_style: Mapped[str | None]
    length_guideline: Mapped[str | None]
    tone_adjustment: Mapped[str | None]
    conflict_resolution_priority: Mapped[int | None]
    examples: Mapped[str | None]

    character: Mapped[Character | None] = relationship(back_populates="response_modes")
