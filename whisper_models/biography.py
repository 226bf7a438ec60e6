"""The life of a persona: past, memories, people, present situation and skills."""

from __future__ import annotations

from typing import TYPE_CHECKING

from sqlalchemy import CheckConstraint, Index, UniqueConstraint, text
from sqlalchemy.orm import Mapped, mapped_column, relationship

from whisper_models.base import (
    Base,
    character_fk,
    current_timestamp,
    intpk,
    str_20,
    str_50,
    str_100,
    str_200,
    text_array,
)

if TYPE_CHECKING:
    from whisper_models.characters import Character


class CharacterBackground(Base):
    """An entry in the life story of a persona."""

    __tablename__ = "character_background"
    __table_args__ = (
        Index("idx_character_background_category", "character_id", "category"),
        Index(
            "idx_character_background_category_importance", "character_id", "category", text("importance_level DESC")
        ),
        Index(
            "idx_character_background_description_trgm",
            "description",
            postgresql_using="gin",
            postgresql_ops={"description": "gin_trgm_ops"},
        ),
        Index("idx_character_background_importance", "character_id", text("importance_level DESC")),
        {"comment": __doc__},
    )

    id: Mapped[intpk] = mapped_column(comment="the number of the entry")
    character_id: Mapped[character_fk | None] = mapped_column(comment="the persona whose life this is")
    category: Mapped[str_50] = mapped_column(comment="the part of life: family, education, career and so on")
    period: Mapped[str_100 | None] = mapped_column(comment="the age or stage of life, in words")
    title: Mapped[str | None] = mapped_column(comment="a heading")
    description: Mapped[str] = mapped_column(comment="what happened")
    date_range: Mapped[str | None] = mapped_column(comment="when it happened, in words")
    importance_level: Mapped[int | None] = mapped_column(
        server_default=text("5"), comment="how much it matters, from 1 to 10; no check enforces it"
    )
    created_date: Mapped[current_timestamp | None]

    character: Mapped[Character | None] = relationship(back_populates="background")


class CharacterMemory(Base):
    """Something a persona remembers of its life, and the words that bring it back."""

    __tablename__ = "character_memories"
    __table_args__ = (
        Index("idx_character_memories_emotional_impact", "character_id", text("emotional_impact DESC")),
        Index("idx_character_memories_importance", "character_id", text("importance_level DESC")),
        Index(
            "idx_character_memories_trigger_importance",
            "character_id",
            "triggers",
            "importance_level",
            postgresql_using="gin",
        ),
        Index("idx_character_memories_triggers_gin", "triggers", postgresql_using="gin"),
        Index("idx_character_memories_type", "character_id", "memory_type"),
        {"comment": __doc__},
    )

    id: Mapped[intpk]
    character_id: Mapped[character_fk | None]
    memory_type: Mapped[str_50]
    title: Mapped[str_200]
    description: Mapped[str]
    emotional_impact: Mapped[int | None] = mapped_column(server_default=text("5"))
    time_period: Mapped[str | None]
    importance_level: Mapped[int | None] = mapped_column(server_default=text("5"))
    triggers: Mapped[text_array | None]
    created_date: Mapped[current_timestamp | None]

    character: Mapped[Character | None] = relationship(back_populates="memories")


class CharacterRelationship(Base):
    """A person or being that matters to a persona, and how it speaks of them."""

    __tablename__ = "character_relationships"
    __table_args__ = (
        Index("idx_character_relationships_strength", "character_id", text("relationship_strength DESC")),
        Index("idx_character_relationships_type", "character_id", "relationship_type"),
        Index(
            "idx_character_relationships_type_strength",
            "character_id",
            "relationship_type",
            text("relationship_strength DESC"),
        ),
        {"comment": __doc__},
    )

    id: Mapped[intpk] = mapped_column(comment="the number of the relationship")
    character_id: Mapped[character_fk | None] = mapped_column(comment="the persona that has the relationship")
    related_entity: Mapped[str_200] = mapped_column(comment="the name of the person or being")
    relationship_type: Mapped[str_50] = mapped_column(comment="the kind of bond: friend, sister, rival and so on")
    relationship_strength: Mapped[int | None] = mapped_column(
        server_default=text("5"), comment="how close they are, from 1 to 10; no check enforces it"
    )
    description: Mapped[str | None] = mapped_column(comment="how they know each other")
    status: Mapped[str_20 | None] = mapped_column(
        server_default="active", comment="active, past or the like; no check enforces it"
    )
    created_date: Mapped[current_timestamp | None]
    communication_style: Mapped[str | None] = mapped_column(comment="the way the persona talks with this person")
    memory_sharing: Mapped[str | None] = mapped_column(comment="the way memories are shared with this person")
    name_usage: Mapped[str | None] = mapped_column(comment="the name or nickname the persona uses")
    connection_nature: Mapped[str | None]
    recognition_pattern: Mapped[str | None]

    character: Mapped[Character | None] = relationship(back_populates="relationships")


class CharacterCurrentContext(Base):
    """How a persona lives at present; at most one row each."""

    __tablename__ = "character_current_context"
    __table_args__ = ({"comment": __doc__},)

    id: Mapped[intpk]
    character_id: Mapped[character_fk] = mapped_column(unique=True)
    living_situation: Mapped[str | None]
    daily_routine: Mapped[str | None]
    recent_events: Mapped[str | None]
    created_at: Mapped[current_timestamp | None]
    updated_at: Mapped[current_timestamp | None]

    character: Mapped[Character] = relationship(back_populates="current_context")


class CharacterCurrentGoal(Base):
    """Something a persona wants to achieve, in order of display."""

    __tablename__ = "character_current_goals"
    __table_args__ = (
        UniqueConstraint("character_id", "display_order"),
        Index("idx_current_goals_active", "character_id", "status", postgresql_where=text("status = 'active'")),
        Index("idx_current_goals_char", "character_id"),
    )

    id: Mapped[intpk]
    character_id: Mapped[character_fk]
    goal_text: Mapped[str]
    priority: Mapped[str_100 | None]
    timeframe: Mapped[str_200 | None]
    status: Mapped[str_100 | None]
    display_order: Mapped[int | None]
    created_at: Mapped[current_timestamp | None]

    character: Mapped[Character] = relationship(back_populates="current_goals")


class CharacterAbility(Base):
    """A skill or power and how well it is mastered."""

    __tablename__ = "character_abilities"
    __table_args__ = (
        UniqueConstraint("character_id", "category", "ability_name"),
        Index("idx_character_abilities_category", "character_id", "category"),
        Index("idx_character_abilities_proficiency", "character_id", text("proficiency_level DESC")),
        {"comment": __doc__},
    )

    id: Mapped[intpk]
    character_id: Mapped[character_fk | None]
    category: Mapped[str_50]
    ability_name: Mapped[str_100]
    proficiency_level: Mapped[int | None] = mapped_column(server_default=text("5"))
    description: Mapped[str | None]
    development_method: Mapped[str | None]
    usage_frequency: Mapped[str_20 | None] = mapped_column(server_default="regular")

    character: Mapped[Character | None] = relationship(back_populates="abilities")


class CharacterExpertiseDomain(Base):
    """A field a persona knows well, and the way it teaches it."""

    __tablename__ = "character_expertise_domains"
    __table_args__ = (
        Index("idx_expertise_domains_character", "character_id", "domain_name"),
        {"comment": __doc__},
    )

    id: Mapped[intpk]
    character_id: Mapped[character_fk | None]
    domain_name: Mapped[str_200]
    expertise_level: Mapped[str_50 | None]
    domain_description: Mapped[str | None]
    key_concepts: Mapped[str | None]
    teaching_approach: Mapped[str | None]
    passion_level: Mapped[int | None]
    examples: Mapped[str | None]

    character: Mapped[Character | None] = relationship(back_populates="expertise_domains")


class CharacterInterest(Base):
    """A hobby, topic or field of interest; the category says which."""

    __tablename__ = "character_interests"
    __table_args__ = (
        UniqueConstraint("character_id", "category", "display_order"),
        CheckConstraint("proficiency_level BETWEEN 1 AND 10", name="proficiency_level"),
        Index("idx_interests_char_cat", "character_id", "category"),
        {"comment": __doc__},
    )

    id: Mapped[intpk] = mapped_column(comment="the number of the interest")
    character_id: Mapped[character_fk] = mapped_column(comment="the persona that is interested")
    category: Mapped[str_200] = mapped_column(comment="the field: hobby, science, music and so on")
    interest_text: Mapped[str] = mapped_column(comment="what it likes")
    proficiency_level: Mapped[int | None] = mapped_column(comment="how much it knows about it, from 1 to 10")
    importance: Mapped[str_100 | None] = mapped_column(comment="how much it means to the persona, in a word")
    frequency: Mapped[str_100 | None]
    display_order: Mapped[int | None]
    created_at: Mapped[current_timestamp | None]

    character: Mapped[Character] = relationship(back_populates="interests")
