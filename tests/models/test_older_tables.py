"""Rows of the second generation's tables, moved into the first generation's: up, and down again."""

import pytest
from sqlalchemy import URL

from tests.models.stepping import ask, down, insert, up

pytestmark = pytest.mark.thorough

BEFORE, AFTER = "30b76b37f824", "d084b9377de9"
LONG = "é" * 500
# The name and the pattern; the phrases that bring the scenario up.
SCENARIOS = [
    ("tea", "polite", ["a cup?", "tea, please"]),
    ("", None, []),
    ("n" * 200, "p" * 100, ["line\nbreak", '"quoted"', ""]),
    (LONG, LONG, [LONG]),
    ("short", LONG, ["{not json", "[]"]),
    (LONG[:201], "x", ["x"]),
]
TRIGGERS = [
    ("storms", "negative", "fear", 9, "comfort", 2),
    ("storms", "positive", "e" * 200, 1, "", 1),
    ("", "", None, None, None, None),
    ("v" * 3000, "v" * 100, "", 10, "x", -5),
]
SCENARIO = """
SELECT character_id, scenario_name, response_pattern, tier_1_response, tier_2_response, tier_3_response,
       ARRAY(SELECT trigger_phrase FROM character_scenario_triggers WHERE scenario_id = scenario.id
             ORDER BY display_order, id)
FROM character_roleplay_scenarios AS scenario ORDER BY id"""
TRIGGER = """
SELECT trigger_text, valence, emotion_evoked, intensity, response_guidance
FROM character_emotional_triggers_v2 ORDER BY display_order"""


@pytest.fixture
def filled(database: URL) -> URL:
    up(database, BEFORE)
    up(database, "+1")
    insert(database, "characters", "id, name, normalized_name", [(1, "x", "x"), (2, "y", "y")])
    for persona in (1, 2):
        for name, pattern, phrases in SCENARIOS:
            columns = "character_id, scenario_name, response_pattern, tier_1_response, tier_3_response"
            insert(database, "character_roleplay_scenarios", columns, [(persona, name, pattern, "one", "")])
            listed = [(phrase, number) for number, phrase in enumerate(phrases, 5)]
            if listed:
                columns = "scenario_id, trigger_phrase, display_order"
                rows = [
                    (ask(database, "SELECT max(id) FROM character_roleplay_scenarios")[0][0], *row) for row in listed
                ]
                insert(database, "character_scenario_triggers", columns, rows[::-1])
    columns = "character_id, trigger_text, valence, emotion_evoked, intensity, response_guidance, display_order"
    insert(database, "character_emotional_triggers_v2", columns, [(1, *row) for row in TRIGGERS])
    # Rows of the first generation, one of which reads like a moved one.
    insert(
        database,
        "character_ai_scenarios",
        "character_id, scenario_type, scenario_name, trigger_phrases",
        [(1, "roleplay", "tea", '["own"]'), (None, "x", "tea", None)],
    )
    insert(
        database,
        "character_emotional_triggers",
        "character_id, trigger_type, trigger_category, trigger_content",
        [(1, "negative", "weather", "storms")],
    )
    return database


OWN = "SELECT character_id, scenario_type, scenario_name, trigger_phrases FROM character_ai_scenarios ORDER BY id"
OWN_TRIGGERS = "SELECT trigger_type, trigger_category, trigger_content FROM character_emotional_triggers ORDER BY id"


def test_rows_move_and_come_back(filled: URL) -> None:
    before = [ask(filled, query) for query in (SCENARIO, TRIGGER, OWN, OWN_TRIGGERS)]
    up(filled, AFTER)
    moved = ask(filled, f"{OWN} OFFSET 2")
    assert len(moved) == 2 * len(SCENARIOS)
    assert moved[0] == (1, "character_roleplay_scenarios", "tea", '["a cup?", "tea, please"]')
    assert ask(filled, f"{OWN_TRIGGERS} OFFSET 1")[1:3] == [
        ("positive", "character_emotional_triggers_v2", "storms"),
        ("negative", "character_emotional_triggers_v2", "storms"),
    ]
    down(filled)
    assert [ask(filled, query) for query in (SCENARIO, TRIGGER, OWN, OWN_TRIGGERS)] == before
    up(filled)


# Changes after the upgrade that the old tables cannot hold.
CHANGED = (
    "UPDATE character_ai_scenarios SET example_usage = 'say it softly' WHERE scenario_name = 'tea' AND character_id = 1"
    " AND scenario_type = 'character_roleplay_scenarios'",
    "UPDATE character_ai_scenarios SET trigger_phrases = 'tea' WHERE scenario_name = 'tea' AND character_id = 2",
    "UPDATE character_ai_scenarios SET scenario_name = '' WHERE scenario_name = 'short'",
    "UPDATE character_emotional_triggers SET response_intensity = 'high' WHERE response_intensity = '9'",
    "UPDATE character_emotional_triggers SET emotional_response = repeat('x', 201) WHERE response_intensity = '10'",
)


def test_a_row_that_was_changed_stays(filled: URL) -> None:
    up(filled, AFTER)
    for change in CHANGED:
        ask(filled, change)
    down(filled)
    stay = "SELECT character_id, scenario_name FROM character_ai_scenarios WHERE scenario_type = %s"
    assert ask(filled, f"{stay} ORDER BY 2 DESC, 1", "character_roleplay_scenarios") == [
        (1, "tea"),
        (2, "tea"),
        (1, ""),
        (2, ""),
    ]
    assert len(ask(filled, SCENARIO)) == 2 * (len(SCENARIOS) - 2)
    assert [row[0] for row in ask(filled, TRIGGER)] == ["storms", ""]
    assert ask(filled, "SELECT count(*) FROM character_emotional_triggers") == [(3,)]
    up(filled, AFTER)
    assert ask(filled, "SELECT count(*) FROM character_ai_scenarios") == [(2 + 2 * len(SCENARIOS),)]
