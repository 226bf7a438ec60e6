"""What is remembered about an account: conversations, memories, facts and emotions."""

from __future__ import annotations

from typing import TYPE_CHECKING

from sqlalchemy import ForeignKey, false, text
from sqlalchemy.orm import Mapped, mapped_column, relationship

from whisper_models.base import Base, current_timestamp, intpk, real

if TYPE_CHECKING:
    from whisper_models.identity import User


class Conversation(Base):
    """A message and the reply to it."""

    __tablename__ = "conversations"

    id: Mapped[intpk]
    user_id: Mapped[str] = mapped_column(ForeignKey("users.user_id", ondelete="CASCADE"))
    channel_id: Mapped[str]
    message_content: Mapped[str]
    bot_response: Mapped[str | None]
    timestamp: Mapped[current_timestamp | None]
    context_used: Mapped[str | None]
    response_time_ms: Mapped[int | None]
    ai_model_used: Mapped[str | None]

    user: Mapped[User] = relationship(back_populates="conversations")


class MemoryEntry(Base):
    """Something worth remembering, and how often it was looked up."""

    __tablename__ = "memory_entries"

    id: Mapped[intpk]
    user_id: Mapped[str] = mapped_column(ForeignKey("users.user_id"))
    memory_type: Mapped[str]
    content: Mapped[str]
    importance_score: Mapped[real | None] = mapped_column(server_default=text("0.5"))
    created_at: Mapped[current_timestamp | None]
    last_accessed: Mapped[current_timestamp | None]
    access_count: Mapped[int | None] = mapped_column(server_default=text("0"))
    tags: Mapped[str | None] = mapped_column(server_default="[]")
    metadata_: Mapped[str | None] = mapped_column("metadata", server_default="{}")

    user: Mapped[User] = relationship(back_populates="memories")


class Fact(Base):
    """A fact about an account, or about the world if no account is named."""

    __tablename__ = "facts"

    id: Mapped[intpk]
    user_id: Mapped[str | None] = mapped_column(ForeignKey("users.user_id"))
    fact_type: Mapped[str]
    subject: Mapped[str]
    content: Mapped[str]
    confidence_score: Mapped[real | None] = mapped_column(server_default=text("0.8"))
    source: Mapped[str | None]
    created_at: Mapped[current_timestamp | None]
    verified: Mapped[bool | None] = mapped_column(server_default=false())
    global_fact: Mapped[bool | None] = mapped_column(server_default=false())

    user: Mapped[User | None] = relationship(back_populates="facts")


class Emotion(Base):
    """An emotion that was noticed in a message."""

    __tablename__ = "emotions"

    id: Mapped[intpk]
    user_id: Mapped[str] = mapped_column(ForeignKey("users.user_id"))
    detected_emotion: Mapped[str]
    confidence: Mapped[real]
    context: Mapped[str | None]
    timestamp: Mapped[current_timestamp | None]
    response_adapted: Mapped[bool | None] = mapped_column(server_default=false())

    user: Mapped[User] = relationship(back_populates="emotions")
