"""Who talks to the bots: accounts, people across platforms, and what is kept about them."""

from __future__ import annotations

from datetime import datetime
from typing import TYPE_CHECKING

from sqlalchemy import ForeignKey, Index, UniqueConstraint, text, true
from sqlalchemy.orm import Mapped, mapped_column, relationship

from whisper_models.base import (
    Base,
    current_timestamp,
    intpk,
    json_array,
    json_object,
    now,
    owned,
    str_50,
    str_100,
    str_255,
    str_500,
)

if TYPE_CHECKING:
    from whisper_models.knowledge_graph import UserFactRelationship
    from whisper_models.memory import Conversation, Emotion, Fact, MemoryEntry
    from whisper_models.relationships import Relationship


class User(Base):
    """An account on one platform, in the older scheme that the memory tables hang on."""

    __tablename__ = "users"

    id: Mapped[intpk]
    user_id: Mapped[str] = mapped_column(unique=True)
    username: Mapped[str]
    display_name: Mapped[str | None]
    created_at: Mapped[current_timestamp | None]
    last_seen: Mapped[current_timestamp | None]
    message_count: Mapped[int | None] = mapped_column(server_default=text("0"))
    email_verified: Mapped[bool] = mapped_column(server_default=text("false"))
    preferences: Mapped[str | None] = mapped_column(server_default="{}")
    privacy_settings: Mapped[str | None] = mapped_column(server_default="{}")

    profile: Mapped[UserProfile | None] = relationship(
        primaryjoin="User.user_id == foreign(UserProfile.user_id)", viewonly=True
    )
    conversations: Mapped[list[Conversation]] = owned(back_populates="user")
    memories: Mapped[list[MemoryEntry]] = relationship(back_populates="user", passive_deletes="all")
    facts: Mapped[list[Fact]] = relationship(back_populates="user", passive_deletes="all")
    emotions: Mapped[list[Emotion]] = relationship(back_populates="user", passive_deletes="all")
    relationships: Mapped[list[Relationship]] = relationship(back_populates="user", passive_deletes="all")


class UserProfile(Base):
    """What the bots make of a user right now: mood, trust, counters and preferences."""

    __tablename__ = "user_profiles"
    __table_args__ = (Index("idx_user_profiles_preferences_gin", "preferences", postgresql_using="gin"),)

    user_id: Mapped[str_255] = mapped_column(primary_key=True)
    name: Mapped[str_255 | None]
    relationship_level: Mapped[int | None] = mapped_column(index=True, server_default=text("1"))
    current_emotion: Mapped[str_50 | None] = mapped_column(server_default="neutral")
    interaction_count: Mapped[int | None] = mapped_column(server_default=text("0"))
    first_interaction: Mapped[datetime | None]
    last_interaction: Mapped[current_timestamp | None] = mapped_column(index=True)
    emotion_history: Mapped[json_array | None] = mapped_column(server_default="[]")
    escalation_count: Mapped[int | None] = mapped_column(server_default=text("0"))
    trust_indicators: Mapped[json_array | None] = mapped_column(server_default="[]")
    preferences: Mapped[json_object] = mapped_column(server_default="{}")
    created_at: Mapped[current_timestamp | None]
    updated_at: Mapped[current_timestamp | None]


class UserEvent(Base):
    """Something that happened between a user and one bot."""

    __tablename__ = "user_events"
    __table_args__ = (
        Index("idx_user_events_temporal", "user_id", "bot_name", "event_type", text("timestamp_utc DESC")),
    )

    id: Mapped[intpk]
    user_id: Mapped[str_255]
    bot_name: Mapped[str_100]
    event_type: Mapped[str_100]
    event_data: Mapped[json_object]
    location_context: Mapped[str_255 | None]
    timestamp_utc: Mapped[now | None]
    created_at: Mapped[now | None]


class UserPreference(Base):
    """A preference that one bot has noticed in a user, and how sure it is."""

    __tablename__ = "user_preferences"
    __table_args__ = (Index("idx_user_preferences_lookup", "user_id", "bot_name", "preference_type"),)

    id: Mapped[intpk]
    user_id: Mapped[str_255]
    bot_name: Mapped[str_100]
    preference_type: Mapped[str_100]
    preference_value: Mapped[str_500]
    confidence: Mapped[float | None] = mapped_column(server_default=text("1.0"))
    context: Mapped[json_object | None]
    created_at: Mapped[now | None]
    updated_at: Mapped[now | None]


class UniversalUser(Base):
    """A person, whichever platforms they come from."""

    __tablename__ = "universal_users"
    __table_args__ = (
        Index("idx_universal_users_username", "primary_username"),
        Index("idx_universal_users_preferences_gin", "preferences", postgresql_using="gin"),
    )

    universal_id: Mapped[str_255] = mapped_column(primary_key=True)
    primary_username: Mapped[str_255]
    display_name: Mapped[str_255 | None]
    email: Mapped[str_255 | None] = mapped_column(index=True)
    created_at: Mapped[current_timestamp]
    last_active: Mapped[current_timestamp]
    preferences: Mapped[json_object | None] = mapped_column(server_default="{}")
    privacy_settings: Mapped[str | None] = mapped_column(server_default="{}")

    identities: Mapped[list[PlatformIdentity]] = owned(back_populates="person")
    facts: Mapped[list[UserFactRelationship]] = owned(back_populates="person")


class PlatformIdentity(Base):
    """The account of a person on one platform."""

    __tablename__ = "platform_identities"
    __table_args__ = (
        UniqueConstraint("platform", "platform_user_id"),
        Index("idx_platform_identities_platform_user", "platform", "platform_user_id"),
    )

    id: Mapped[intpk]
    universal_id: Mapped[str_255] = mapped_column(
        ForeignKey("universal_users.universal_id", ondelete="CASCADE"), index=True
    )
    platform: Mapped[str_50]
    platform_user_id: Mapped[str_255]
    username: Mapped[str_255]
    display_name: Mapped[str_255 | None]
    email: Mapped[str_255 | None]
    verified_at: Mapped[current_timestamp]

    person: Mapped[UniversalUser] = relationship(back_populates="identities")


class BannedUser(Base):
    """A user who is shut out, with the reason, the term, and who lifted the ban."""

    __tablename__ = "banned_users"

    id: Mapped[intpk]
    discord_user_id: Mapped[str] = mapped_column(unique=True)
    banned_by: Mapped[str]
    ban_reason: Mapped[str | None]
    banned_at: Mapped[current_timestamp | None]
    expires_at: Mapped[datetime | None]
    is_active: Mapped[bool | None] = mapped_column(server_default=true())
    notes: Mapped[str | None]
    unbanned_at: Mapped[datetime | None] = mapped_column(index=True)
    unbanned_by: Mapped[str | None]
    unban_reason: Mapped[str | None]
