"""The knowledge graph: things, how they are connected, and what people have to do with them."""

from __future__ import annotations

from typing import TYPE_CHECKING
from uuid import UUID

from sqlalchemy import CheckConstraint, Computed, ForeignKey, Index, UniqueConstraint, false, text
from sqlalchemy.dialects.postgresql import TSVECTOR
from sqlalchemy.orm import Mapped, mapped_column, relationship
from sqlalchemy.schema import conv

from whisper_models.base import Base, json_array, json_object, now, owned, str_255, uuidpk

if TYPE_CHECKING:
    from whisper_models.identity import UniversalUser


class FactEntity(Base):
    """A thing that can be known: a node of the graph, open to full-text search."""

    __tablename__ = "fact_entities"
    __table_args__ = (
        UniqueConstraint("entity_type", "entity_name"),
        Index("idx_fact_entities_attributes", "attributes", postgresql_using="gin"),
        Index("idx_fact_entities_category", "entity_type", "category"),
        Index("idx_fact_entities_name_lookup", "entity_name"),
        Index(
            "idx_fact_entities_name_trgm",
            "entity_name",
            postgresql_using="gin",
            postgresql_ops={"entity_name": "gin_trgm_ops"},
        ),
        Index("idx_fact_entities_search", "search_vector", postgresql_using="gin"),
        Index("idx_fact_entities_type", "entity_type"),
        Index("idx_fact_entities_type_lookup", "entity_type", "entity_name"),
        {"comment": __doc__},
    )

    id: Mapped[uuidpk]
    entity_type: Mapped[str] = mapped_column(comment="the kind of thing")
    entity_name: Mapped[str]
    category: Mapped[str | None]
    subcategory: Mapped[str | None]
    attributes: Mapped[json_object | None] = mapped_column(
        server_default="{}", comment="anything else known, as free JSON"
    )
    search_vector: Mapped[str | None] = mapped_column(
        TSVECTOR,
        Computed(
            "to_tsvector('english', coalesce(entity_name, '') || ' ' || coalesce(category, '') || ' '"
            " || coalesce(subcategory, '') || ' ' || coalesce(attributes ->> 'tags', ''))",
            persisted=True,
        ),
        comment="what full-text search looks at; computed by PostgreSQL",
    )
    created_at: Mapped[now | None]
    updated_at: Mapped[now | None]

    outgoing: Mapped[list[EntityRelationship]] = owned(
        back_populates="source", foreign_keys="EntityRelationship.from_entity_id"
    )
    incoming: Mapped[list[EntityRelationship]] = owned(
        back_populates="target", foreign_keys="EntityRelationship.to_entity_id"
    )
    people: Mapped[list[UserFactRelationship]] = owned(back_populates="entity")


class EntityRelationship(Base):
    """A weighted edge of one type between two different nodes."""

    __tablename__ = "entity_relationships"
    __table_args__ = (
        UniqueConstraint(
            "from_entity_id",
            "to_entity_id",
            "relationship_type",
            name="entity_relationships_from_entity_id_to_entity_id_relationsh_key",
        ),
        CheckConstraint("from_entity_id <> to_entity_id", name=conv("entity_relationships_check")),
        CheckConstraint(
            "relationship_type IN ('similar_to', 'part_of', 'category_of', 'related_to', 'opposite_of', 'requires')",
            name="relationship_type",
        ),
        CheckConstraint("weight BETWEEN 0 AND 1", name="weight"),
        Index("idx_entity_rel_bidirectional", "bidirectional", "from_entity_id", "to_entity_id"),
        Index("idx_entity_rel_forward", "from_entity_id", text("weight DESC")),
        Index("idx_entity_rel_reverse", "to_entity_id", text("weight DESC")),
        Index("idx_entity_rel_type", "relationship_type", text("weight DESC")),
        {"comment": __doc__},
    )

    id: Mapped[uuidpk]
    from_entity_id: Mapped[UUID] = mapped_column(ForeignKey("fact_entities.id", ondelete="CASCADE"))
    to_entity_id: Mapped[UUID] = mapped_column(ForeignKey("fact_entities.id", ondelete="CASCADE"))
    relationship_type: Mapped[str]
    weight: Mapped[float | None] = mapped_column(server_default=text("0.5"))
    bidirectional: Mapped[bool | None] = mapped_column(
        server_default=false(), comment="whether the edge counts both ways"
    )
    metadata_: Mapped[json_object | None] = mapped_column("metadata", server_default="{}")
    created_at: Mapped[now | None]

    source: Mapped[FactEntity] = relationship(back_populates="outgoing", foreign_keys=[from_entity_id])
    target: Mapped[FactEntity] = relationship(back_populates="incoming", foreign_keys=[to_entity_id])


class UserFactRelationship(Base):
    """What a person has to do with a node, and how sure and strong that is."""

    __tablename__ = "user_fact_relationships"
    __table_args__ = (
        UniqueConstraint("user_id", "entity_id", "relationship_type"),
        CheckConstraint("confidence BETWEEN 0 AND 1", name="confidence"),
        CheckConstraint("length(relationship_type) > 0 AND length(relationship_type) <= 50", name="relationship_type"),
        CheckConstraint("strength BETWEEN 0 AND 1", name="strength"),
        Index("idx_user_facts_character", "user_id", "mentioned_by_character", text("confidence DESC")),
        Index("idx_user_facts_created", "user_id", text("created_at DESC")),
        Index("idx_user_facts_emotional", "user_id", "emotional_context", text("confidence DESC")),
        Index("idx_user_facts_entity", "entity_id", text("confidence DESC")),
        Index("idx_user_facts_lookup", "user_id", text("confidence DESC"), text("updated_at DESC")),
        Index("idx_user_facts_related", "related_entities", postgresql_using="gin"),
        Index("idx_user_facts_type", "user_id", "relationship_type", text("confidence DESC")),
        {"comment": __doc__},
    )

    id: Mapped[uuidpk]
    user_id: Mapped[str_255] = mapped_column(ForeignKey("universal_users.universal_id", ondelete="CASCADE"))
    entity_id: Mapped[UUID] = mapped_column(ForeignKey("fact_entities.id", ondelete="CASCADE"))
    relationship_type: Mapped[str] = mapped_column(
        comment="likes, knows, visited or any other word of 1 to 50 characters"
    )
    confidence: Mapped[float | None] = mapped_column(
        server_default=text("0.5"), comment="from 0 to 1; grows with repetition and recency"
    )
    strength: Mapped[float | None] = mapped_column(server_default=text("0.5"))
    emotional_context: Mapped[str | None]
    context_metadata: Mapped[json_object | None] = mapped_column(server_default="{}")
    source_conversation_id: Mapped[str | None]
    mentioned_by_character: Mapped[str | None] = mapped_column(comment="the persona that learned the fact")
    source_platform: Mapped[str | None] = mapped_column(server_default="discord")
    related_entities: Mapped[json_array | None] = mapped_column(
        server_default="[]", comment="other things it is connected with, as a JSON array"
    )
    created_at: Mapped[now | None]
    updated_at: Mapped[now | None]

    person: Mapped[UniversalUser] = relationship(back_populates="facts")
    entity: Mapped[FactEntity] = relationship(back_populates="people")
