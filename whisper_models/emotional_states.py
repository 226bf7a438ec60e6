"""How a persona feels towards one user."""

from __future__ import annotations

from typing import Any

from sqlalchemy import JSON, Index, text
from sqlalchemy.orm import Mapped, MappedColumn, mapped_column

from whisper_models.base import Base, now_with_zone, str_100, str_255, uuidpk


def _level(usual: str, comment: str) -> MappedColumn[float]:
    """A level from 0 to 1 that begins at its usual value; no check enforces the limits."""
    return mapped_column(server_default=text(f"'{usual}'::double precision"), comment=comment)


class CharacterEmotionalState(Base):
    """The levels of eleven emotions of a persona towards a user, and the baselines to which they return."""

    __tablename__ = "character_emotional_states"
    __table_args__ = (
        Index("idx_char_emotional_states_char_user", "character_name", "user_id", unique=True),
        Index("idx_char_emotional_states_character", "character_name"),
        Index("idx_char_emotional_states_last_updated", "last_updated"),
        Index("idx_char_emotional_states_user", "user_id"),
        {"comment": __doc__},
    )

    id: Mapped[uuidpk]
    character_name: Mapped[str_100] = mapped_column(comment="the persona that feels, by its name")
    user_id: Mapped[str_255] = mapped_column(comment="the user towards whom it feels so")

    anger: Mapped[float] = _level("0.1", "irritation and anger, at present")
    anticipation: Mapped[float] = _level("0.4", "looking forward, at present")
    disgust: Mapped[float] = _level("0.05", "aversion, at present")
    fear: Mapped[float] = _level("0.15", "worry and fear, at present")
    joy: Mapped[float] = _level("0.7", "joy, at present")
    love: Mapped[float] = _level("0.6", "affection, at present")
    optimism: Mapped[float] = _level("0.65", "hope, at present")
    pessimism: Mapped[float] = _level("0.2", "gloom, at present")
    sadness: Mapped[float] = _level("0.15", "sadness, at present")
    surprise: Mapped[float] = _level("0.25", "surprise, at present")
    trust: Mapped[float] = _level("0.7", "trust, at present")

    baseline_anger: Mapped[float] = _level("0.1", "the anger to which it returns")
    baseline_anticipation: Mapped[float] = _level("0.4", "the anticipation to which it returns")
    baseline_disgust: Mapped[float] = _level("0.05", "the disgust to which it returns")
    baseline_fear: Mapped[float] = _level("0.15", "the fear to which it returns")
    baseline_joy: Mapped[float] = _level("0.7", "the joy to which it returns")
    baseline_love: Mapped[float] = _level("0.6", "the love to which it returns")
    baseline_optimism: Mapped[float] = _level("0.65", "the optimism to which it returns")
    baseline_pessimism: Mapped[float] = _level("0.2", "the pessimism to which it returns")
    baseline_sadness: Mapped[float] = _level("0.15", "the sadness to which it returns")
    baseline_surprise: Mapped[float] = _level("0.25", "the surprise to which it returns")
    baseline_trust: Mapped[float] = _level("0.7", "the trust to which it returns")

    total_interactions: Mapped[int] = mapped_column(
        server_default=text("0"), comment="how many exchanges have shaped these levels"
    )
    recent_emotion_history: Mapped[list[Any]] = mapped_column(
        JSON, server_default=text("'[]'::json"), comment="recent emotions, as a list"
    )
    last_updated: Mapped[now_with_zone] = mapped_column(comment="when the levels changed last")
    created_at: Mapped[now_with_zone] = mapped_column(comment="when the row was made")
