"""Personas that exist get emoji preferences: their own frequency if their patterns agree on one, else the default."""

import pytest
from sqlalchemy import URL

from tests.models.stepping import ask, down, insert, up

pytestmark = pytest.mark.thorough

BEFORE, AFTER = "d084b9377de9", "a32d1865758e"
# The frequencies in the patterns of each persona, and the frequency that the persona gets.
PERSONAS = [
    ([], "moderate"),
    (["high"], "high"),
    (["rare", " rare ", None, ""], "rare"),
    (["rare", "often"], "moderate"),
    ([None, " "], "moderate"),
    (["f" * 50], "f" * 50),
]


def test_a_persona_keeps_the_frequency_of_its_patterns(database: URL) -> None:
    up(database, BEFORE)
    for number, (frequencies, _) in enumerate(PERSONAS):
        insert(database, "characters", "id, name, normalized_name", [(number, "x", f"x{number}")])
        rows = [(number, "c", "n", frequency) for frequency in [*frequencies, None]]
        insert(database, "character_emoji_patterns", "character_id, pattern_category, pattern_name, frequency", rows)
    insert(database, "character_emoji_patterns", "pattern_category, pattern_name, frequency", [("c", "n", "high")])
    patterns = ask(database, "TABLE character_emoji_patterns")
    up(database, AFTER)
    query = "SELECT emoji_frequency, emoji_style, emoji_cultural_influence FROM characters ORDER BY id"
    assert ask(database, query) == [(frequency, "general", "general") for _, frequency in PERSONAS]
    assert ask(database, "TABLE character_emoji_patterns") == patterns
    down(database)
    up(database)
    assert len(ask(database, query)) == len(PERSONAS)
