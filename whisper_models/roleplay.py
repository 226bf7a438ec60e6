"""How a persona handles roleplay, and the exchanges that are under way."""

from __future__ import annotations

from datetime import datetime
from typing import TYPE_CHECKING

from sqlalchemy import Index, false, text
from sqlalchemy.orm import Mapped, mapped_column, relationship

from whisper_models.base import (
    Base,
    character_fk,
    current_timestamp,
    intpk,
    json_object,
    now,
    str_50,
    str_100,
    str_200,
    str_255,
)

if TYPE_CHECKING:
    from whisper_models.characters import Character


class CharacterRoleplayConfig(Base):
    """Whether a persona may immerse itself fully in roleplay, and why; at most one row each."""

    __tablename__ = "character_roleplay_config"
    __table_args__ = ({"comment": __doc__},)

    id: Mapped[intpk]
    character_id: Mapped[character_fk] = mapped_column(unique=True)
    allow_full_roleplay_immersion: Mapped[bool | None] = mapped_column(server_default=false())
    philosophy: Mapped[str | None]
    strategy: Mapped[str | None]
    created_at: Mapped[current_timestamp | None]
    updated_at: Mapped[current_timestamp | None]

    character: Mapped[Character] = relationship(back_populates="roleplay_config")


class CharacterAIScenario(Base):
    """Answers in three tiers to questions about being an AI."""

    __tablename__ = "character_ai_scenarios"
    __table_args__ = (
        Index("idx_ai_scenarios_character", "character_id", "scenario_type"),
        {"comment": __doc__},
    )

    id: Mapped[intpk]
    character_id: Mapped[character_fk | None]
    scenario_type: Mapped[str_100]
    scenario_name: Mapped[str_200 | None]
    trigger_phrases: Mapped[str | None]
    response_pattern: Mapped[str_100 | None]
    tier_1_response: Mapped[str | None]
    tier_2_response: Mapped[str | None]
    tier_3_response: Mapped[str | None]
    example_usage: Mapped[str | None]

    character: Mapped[Character | None] = relationship(back_populates="ai_scenarios")


class RoleplayTransaction(Base):
    """A roleplay exchange under way between a user and a bot, and the state it is in."""

    __tablename__ = "roleplay_transactions"
    __table_args__ = (
        Index("idx_roleplay_created", text("created_at DESC")),
        Index("idx_roleplay_state", "state", postgresql_where=text("completed_at IS NULL")),
        Index("idx_roleplay_user_bot", "user_id", "bot_name"),
    )

    id: Mapped[intpk]
    user_id: Mapped[str_255]
    bot_name: Mapped[str_50]
    transaction_type: Mapped[str_50]
    state: Mapped[str_50] = mapped_column(server_default="pending")
    context: Mapped[json_object] = mapped_column(server_default="{}")
    created_at: Mapped[now]
    updated_at: Mapped[now]
    completed_at: Mapped[datetime | None]


class RoleTransaction(Base):
    """The older form of a roleplay transaction, known by an id that is text."""

    __tablename__ = "role_transactions"
    __table_args__ = (Index("idx_role_transactions_user_bot", "user_id", "bot_name"),)

    id: Mapped[intpk]
    transaction_id: Mapped[str] = mapped_column(unique=True)
    user_id: Mapped[str]
    bot_name: Mapped[str]
    transaction_type: Mapped[str]
    state: Mapped[str | None] = mapped_column(index=True, server_default="pending")
    context: Mapped[json_object | None]
    created_at: Mapped[current_timestamp | None]
    updated_at: Mapped[current_timestamp | None]
