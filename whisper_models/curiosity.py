"""What a persona likes to talk about, and how it asks about what it does not know yet."""

from __future__ import annotations

from typing import TYPE_CHECKING

from sqlalchemy import ARRAY, Index, String, UniqueConstraint, text
from sqlalchemy.orm import Mapped, mapped_column, relationship

from whisper_models.base import Base, character_fk, current_timestamp, intpk, now_with_zone, str_50, str_100

if TYPE_CHECKING:
    from whisper_models.characters import Character


class CharacterInterestTopic(Base):
    """A keyword that a persona likes to hear, and how much it raises the weight of a topic."""

    __tablename__ = "character_interest_topics"
    __table_args__ = (
        UniqueConstraint("character_id", "topic_keyword", name="uq_character_topic"),
        Index("idx_character_interest_topics_keyword", "topic_keyword"),
    )

    id: Mapped[intpk]
    character_id: Mapped[character_fk] = mapped_column(index=True)
    topic_keyword: Mapped[str_100]
    boost_weight: Mapped[float] = mapped_column(server_default=text("'0.3'::double precision"))
    gap_type_preference: Mapped[str_50 | None]
    category: Mapped[str_50 | None] = mapped_column(server_default="general")
    created_at: Mapped[current_timestamp | None]
    updated_at: Mapped[current_timestamp | None]

    character: Mapped[Character] = relationship(back_populates="interest_topics")


class CharacterEntityCategory(Base):
    """The category that a persona gives to a keyword, and the question it prefers to ask about it."""

    __tablename__ = "character_entity_categories"
    __table_args__ = (
        UniqueConstraint("character_id", "entity_keyword", name="uq_character_entity_keyword"),
        Index("idx_character_entity_categories_keyword", "entity_keyword"),
        Index("idx_character_entity_categories_priority", "priority_level"),
        Index("idx_character_entity_categories_type", "category_type"),
    )

    id: Mapped[intpk]
    character_id: Mapped[character_fk] = mapped_column(index=True)
    entity_keyword: Mapped[str_100]
    category_type: Mapped[str_50]
    question_preference: Mapped[str_50 | None]
    priority_level: Mapped[int] = mapped_column(server_default=text("3"))
    created_at: Mapped[current_timestamp | None]
    updated_at: Mapped[current_timestamp | None]

    character: Mapped[Character] = relationship(back_populates="entity_categories")


class CharacterQuestionTemplate(Base):
    """The wording of a question about one kind of gap in what is known."""

    __tablename__ = "character_question_templates"
    __table_args__ = (
        UniqueConstraint("character_id", "gap_type", "template_text", name="uq_character_gap_template"),
        Index("idx_character_question_templates_priority", "priority_order"),
        Index("idx_character_question_templates_style", "personality_style"),
    )

    id: Mapped[intpk]
    character_id: Mapped[character_fk] = mapped_column(index=True)
    gap_type: Mapped[str_50] = mapped_column(index=True)
    template_text: Mapped[str]
    personality_style: Mapped[str_50 | None]
    priority_order: Mapped[int] = mapped_column(server_default=text("1"))
    keywords: Mapped[list[str] | None] = mapped_column(ARRAY(String(100)))
    created_at: Mapped[current_timestamp | None]
    updated_at: Mapped[current_timestamp | None]

    character: Mapped[Character] = relationship(back_populates="question_templates")


class GenericKeywordTemplate(Base):
    """A list of keywords that all personas share; the application gives the priority and whether it is active."""

    __tablename__ = "generic_keyword_templates"
    __table_args__ = (Index("idx_generic_keyword_templates_active", "is_active"),)

    id: Mapped[intpk]
    category: Mapped[str_50] = mapped_column(index=True)
    template_name: Mapped[str_100]
    keywords: Mapped[list[str]] = mapped_column(ARRAY(String))
    description: Mapped[str | None]
    priority_order: Mapped[int]
    is_active: Mapped[bool]
    created_at: Mapped[now_with_zone]
    updated_at: Mapped[now_with_zone]
