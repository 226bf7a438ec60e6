"""What is remembered about an account: conversations, their summaries, memories, facts and emotions."""

from __future__ import annotations

from datetime import datetime
from typing import TYPE_CHECKING

from sqlalchemy import ARRAY, ForeignKey, Index, String, UniqueConstraint, false, text
from sqlalchemy.orm import Mapped, mapped_column, relationship

from whisper_models.base import Base, current_timestamp, intpk, now, real, str_20, str_50, str_100, str_255

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


class ConversationSummary(Base):
    """A summary of a user's conversations with one bot within a span of time."""

    __tablename__ = "conversation_summaries"
    __table_args__ = (
        UniqueConstraint(
            "user_id", "bot_name", "start_timestamp", "end_timestamp", name="uq_conversation_summaries_window"
        ),
        Index("idx_conversation_summaries_created", "created_at"),
        Index("idx_conversation_summaries_time", "start_timestamp", "end_timestamp"),
        Index("idx_conversation_summaries_topics", "key_topics", postgresql_using="gin"),
        Index("idx_conversation_summaries_user_bot", "user_id", "bot_name"),
    )

    id: Mapped[intpk]
    user_id: Mapped[str_255]
    bot_name: Mapped[str_100]
    summary_text: Mapped[str]
    summary_type: Mapped[str_50] = mapped_column(server_default="time_window")
    start_timestamp: Mapped[datetime]
    end_timestamp: Mapped[datetime]
    message_count: Mapped[int]
    key_topics: Mapped[list[str] | None] = mapped_column(ARRAY(String))
    emotional_tone: Mapped[str_50 | None]
    compression_ratio: Mapped[float | None]
    confidence_score: Mapped[float | None] = mapped_column(server_default=text("'0.5'::double precision"))
    enrichment_version: Mapped[str_20] = mapped_column(server_default="v1.0")
    created_at: Mapped[now]
    updated_at: Mapped[now]
