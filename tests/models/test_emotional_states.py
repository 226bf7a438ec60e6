"""Emotional states, moved from JSON into a column for each emotion: up, and down again."""

from typing import Any

import pytest
from psycopg2.extras import Json
from sqlalchemy import URL

from tests.models.stepping import ask, down, insert, up

pytestmark = pytest.mark.thorough

BEFORE, AFTER = "2328c7090160", "887a63bb1eb6"
EMOTIONS = ("anger", "anticipation", "disgust", "fear", "joy", "love", "optimism", "pessimism", "sadness", "surprise")
NAMES = [f"{kind}{emotion}" for kind in ("", "baseline_") for emotion in (*EMOTIONS, "trust")]
LEVELS = {name: number / 32 for number, name in enumerate(NAMES)}
WHOLE = {**LEVELS, "total_interactions": 12, "recent_emotion_history": [{"joy": 1}, "sad", None]}
USUAL = {"joy": 0.7, "trust": 0.7, "total_interactions": 0, "recent_emotion_history": []}
# Anything that jsonb holds: the levels of joy and trust, the number of interactions and the history that it gives.
STATES: dict[str, tuple[Any, dict[str, Any]]] = {
    "whole": (WHOLE, {"joy": WHOLE["joy"], "trust": WHOLE["trust"], "total_interactions": 12}),
    "one level": ({"joy": 1}, {"joy": 1}),
    "no level": ({}, {}),
    "levels of other types": ({"joy": "high", "trust": None, "total_interactions": 1.5, "fear": [1]}, {}),
    "levels without limits": ({"joy": -3e300, "trust": 10**400, "total_interactions": 10**12}, {"joy": -3e300}),
    "more than levels": ({"joy": 0.25, "mood": {"now": ["calm"]}, "": 1}, {"joy": 0.25}),
    "no list": ({"recent_emotion_history": {"joy": 1}}, {}),
    "an array": ([1, {"joy": 1}], {}),
    "a text": ("calm", {}),
    "null": (None, {}),
}
READ = "SELECT user_id, state_data, last_updated, created_at FROM character_emotional_states ORDER BY user_id, 3"


@pytest.fixture
def filled(database: URL) -> URL:
    up(database, BEFORE)
    rows = [
        (persona, name, Json(state), f"2025-01-0{number} 00:00+00", "2024-01-01 00:00+00")
        for number, persona in enumerate(("elena", 'a "name"'), 1)
        for name, (state, _) in STATES.items()
    ]
    columns = "character_name, user_id, state_data, last_updated, created_at"
    insert(database, "character_emotional_states", columns, rows)
    return database


def test_each_level_has_its_column(filled: URL) -> None:
    up(filled, AFTER)
    for name, (_, levels) in STATES.items():
        columns = ", ".join(USUAL)
        query = f"SELECT {columns} FROM character_emotional_states WHERE character_name = 'elena' AND user_id = %s"
        ((*found, history),) = ask(filled, query, name)
        wanted = {**USUAL, **levels}
        assert dict(zip(USUAL, found, strict=False)) == {key: wanted[key] for key in list(USUAL)[:3]}, name
        assert history == (WHOLE["recent_emotion_history"] if name == "whole" else []), name
    kept = "SELECT value::jsonb FROM system_settings WHERE key = 'character_emotional_states ' || %s"
    assert ask(filled, kept, '["a \\"name\\"", "more than levels"]') == [({"mood": {"now": ["calm"]}, "": 1},)]


def test_every_state_comes_back(filled: URL) -> None:
    before = ask(filled, READ)
    up(filled, AFTER)
    assert ask(filled, "SELECT count(*) FROM character_emotional_states") == [(len(before),)]
    down(filled)
    after = ask(filled, READ)
    assert [(row[0], *row[2:]) for row in after] == [(row[0], *row[2:]) for row in before]
    for (name, state, *_), (_, now, *_) in zip(before, after, strict=True):
        assert now == ({**now, **state} if isinstance(state, dict) else state), name
    up(filled)
    down(filled, BEFORE)
    assert ask(filled, READ) == after


def test_later_levels_come_back_too(filled: URL) -> None:
    """A level that was changed is newer than a value that was kept; a user whose id is too long stays behind."""
    up(filled, AFTER)
    ask(filled, "DELETE FROM character_emotional_states WHERE user_id NOT IN ('levels of other types', 'an array')")
    ask(filled, "UPDATE character_emotional_states SET joy = 0.5")
    columns = "character_name, user_id, recent_emotion_history"
    rows = [("elena", "new", '["\\u0000"]'), ("elena", "u" * 101, "[]")]
    insert(filled, "character_emotional_states", columns, rows)
    down(filled)
    states = {str(name): state for name, state, *_ in ask(filled, READ)}
    assert states.keys() == {"levels of other types", "an array", "new"}
    odd, array, new = states["levels of other types"], states["an array"], states["new"]
    assert (odd["joy"], odd["trust"], odd["fear"]) == (0.5, None, [1])  # type: ignore[index]
    assert (array["joy"], array["kept"]) == (0.5, [1, {"joy": 1}])  # type: ignore[index]
    assert (new["joy"], new["recent_emotion_history"]) == (0.7, [])  # type: ignore[index]
