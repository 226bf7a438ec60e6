"""The guidance of personas, moved from two columns of text into tables: up, and down again."""

import json

import pytest
from sqlalchemy import URL

from tests.models.stepping import ask, down, insert, up

BEFORE, AFTER = "e9fbf949a39f", "30b76b37f824"
TEACHING = {
    "energy_level": "calm",
    "approach": "asks first",
    "transition_style": "slowly",
    "avoid": ["lectures", ""],
    "encourage": ["why?"],
    "examples": ["Look!", "And now?"],
}
GENERAL = {
    "default_energy": "warm",
    "conversation_style": "plain",
    "transition_approach": "by questions",
    "response_patterns": [{"pattern_name": "greeting", "pattern_description": "says hello"}, {"pattern_name": "p2"}],
}
STYLE = {"principles": ["be kind", "be short"], "formatting": ["no lists"]}
WHOLE = {"teaching": TEACHING, "play": {}, "general": GENERAL, "response_style": STYLE}
# Parts that no table can hold stay beside the others.
STRANGE = {
    "teaching": {"approach": 5, "avoid": ["a", 1], "energy": "high", "energy_level": "x" * 51, "examples": []},
    "l" * 101: {"approach": "too long a name"},
    "": {"approach": "no name"},
    "flat": "a text",
    "general": {"default_energy": None, "mood": [1, {"deep": True}], "response_patterns": ["bare", {}]},
    "response_style": {"principles": ["be kind"], "k" * 51: ["long"], "count": 3},
    "null": None,
}
NUL = '{"nul": "' + "\\" + 'u0000"}'
GUIDANCE = [json.dumps(WHOLE), json.dumps(STRANGE), '{"general": {}, "response_style": {}}']
PROSE = [
    "be nice",
    "{'mode': True}",
    NUL,
    '{"half": ',
    '"text"',
    "[1, 2]",
    "7",
    "[" * 20000,
    '{"big": 1e999999}',
    "  x ",
]
UNFIT = [NUL, '{"big": 1e999999}', "[" * 20000]
EMPTY = [None, "", " \t\n", "{}", "[]", "null"]

COLUMNS = ("conversation_flow_guidance", "ai_identity_handling")
READ = "SELECT formality, conversation_flow_guidance, ai_identity_handling FROM communication_styles ORDER BY id"


@pytest.fixture
def filled(database: URL) -> URL:
    """Personas with one row for each text; the last persona has all texts, and a further row of each has no persona."""
    up(database, BEFORE)
    texts = list(enumerate([*GUIDANCE, *PROSE, *UNFIT, *EMPTY], 1))
    last = len(texts) + 1
    insert(database, "characters", "id, name, normalized_name", [(n, "x", f"x{n}") for n in range(1, last + 1)])
    rows = [
        (persona, f"{name} {number}", text, text)
        for number, text in texts
        for name, persona in (("own", number), ("last", last), ("nobody", None))
    ]
    insert(database, "communication_styles", f"character_id, formality, {', '.join(COLUMNS)}", rows)
    return database


def meaning(text: object) -> object:
    """The value of a text in JSON; the text itself if PostgreSQL cannot keep it as an object, None if it is empty."""
    try:
        found = json.loads(str(text)) if text not in UNFIT else text
    except (ValueError, RecursionError):
        found = text if str(text).strip() else None
    return found if isinstance(found, dict) and found else None if found in (None, {}, []) else text


@pytest.mark.thorough
def test_every_text_comes_back(filled: URL) -> None:
    before = ask(filled, READ)
    up(filled, AFTER)
    down(filled)
    after = ask(filled, READ)
    assert [row[0] for row in after] == [row[0] for row in before]
    for (name, *texts), (_, *now) in zip(before, after, strict=True):
        assert [meaning(text) for text in now] == [meaning(text) for text in texts], name
    # Only an object that was taken apart is printed anew.
    exact = [row for row in before if isinstance(meaning(row[1]), str)]
    assert [row for row in after if row in exact] == exact
    up(filled, AFTER)
    down(filled)
    assert ask(filled, READ) == after


def test_what_an_object_says_is_in_the_tables(filled: URL) -> None:
    up(filled, AFTER)
    modes = "SELECT mode_name, energy_level, approach, transition_style FROM character_conversation_modes"
    assert ask(filled, f"{modes} WHERE character_id = 1 ORDER BY 1") == [
        ("play", None, None, None),
        ("teaching", "calm", "asks first", "slowly"),
    ]
    assert ask(filled, f"{modes} WHERE character_id = 2 ORDER BY 1") == [
        ("", None, "no name", None),
        ("teaching", None, None, None),
    ]
    listed = "JOIN character_conversation_modes AS mode ON mode.id = mode_id WHERE character_id = 1 ORDER BY sort_order"
    assert ask(filled, f"SELECT guidance_type, guidance_text FROM character_mode_guidance {listed}, 1") == [
        ("avoid", "lectures"),
        ("encourage", "why?"),
        ("avoid", ""),
    ]
    assert ask(filled, f"SELECT example_text FROM character_mode_examples {listed}") == [("Look!",), ("And now?",)]
    general = "SELECT default_energy, conversation_style, transition_approach FROM character_general_conversation"
    assert ask(filled, f"{general} WHERE character_id = 1") == [("warm", "plain", "by questions")]
    items = "SELECT item_type, item_text FROM character_response_style_items AS item JOIN character_response_style AS s"
    assert ask(filled, f"{items} ON s.id = response_style_id WHERE character_id = 1 ORDER BY 1, sort_order") == [
        ("formatting", "no lists"),
        ("principles", "be kind"),
        ("principles", "be short"),
    ]
    patterns = """
    SELECT pattern_name, pattern_description FROM character_response_patterns AS pattern
    JOIN character_general_conversation AS general ON general.id = general_conversation_id WHERE character_id = %s
    ORDER BY pattern.id"""
    greeting = [("greeting", "says hello"), ("p2", None)]
    assert ask(filled, patterns, 1) == [*greeting, ("ai_identity_handling", GUIDANCE[0])]
    assert ask(filled, patterns, 4) == [(name, "be nice") for name in COLUMNS]
    nothing = range(len(GUIDANCE + PROSE + UNFIT) + 1, len(GUIDANCE + PROSE + UNFIT + EMPTY) + 1)
    assert [ask(filled, f"{general} WHERE character_id = %s", number) for number in nothing] == [[]] * len(EMPTY)
    settings = "SELECT count(*) FROM system_settings WHERE key LIKE 'communication_styles.%'"
    assert ask(filled, settings) == [(2 * len(GUIDANCE + PROSE + UNFIT),)]


@pytest.mark.thorough
def test_what_is_new_comes_along(filled: URL) -> None:
    """Modes of a persona without a row, and of one whose row holds prose, are in the columns after a downgrade."""
    ask(filled, "DELETE FROM communication_styles WHERE character_id = 1")
    up(filled, AFTER)
    for persona in (1, 4, 5):
        ask(filled, "INSERT INTO character_conversation_modes (character_id, mode_name) VALUES (%s, 'new')", persona)
    ask(filled, "DELETE FROM character_response_patterns WHERE pattern_description = %s", PROSE[1])
    down(filled)
    assert ask(filled, "SELECT conversation_flow_guidance FROM communication_styles WHERE character_id = 1") == [
        ('{"new": {}}',)
    ]
    query = "SELECT conversation_flow_guidance::json FROM communication_styles WHERE character_id IN (4, 5) ORDER BY id"
    assert ask(filled, query) == [({"new": {}, "not_json": "be nice"},), ({"new": {}},)]
    up(filled)
