"""The first revisions after the baseline, on all kinds of rows that production has: up, and down again."""

import pytest
from sqlalchemy import URL

from tests.models.stepping import BASELINE, ask, down, up

pytestmark = pytest.mark.thorough

NUL = '{"nul": "' + "\\" + 'u0000"}'

# The text, its value as JSON, and the text after the downgrade, if different.
PREFERENCES = [
    ("{}", {}, "{}"),
    ('{"theme":"dark", "n": 1.50}', {"theme": "dark", "n": 1.50}, '{"n": 1.50, "theme": "dark"}'),
    ("[1, 2]", [1, 2], "[1, 2]"),
    ('"a JSON string"', "a JSON string", '"a JSON string"'),
    ("null", None, "null"),
    ("", {"not_json": ""}, ""),
    ("likes it dark", {"not_json": "likes it dark"}, "likes it dark"),
    ("{'theme': 'dark', 'on': True}", {"not_json": "{'theme': 'dark', 'on': True}"}, "{'theme': 'dark', 'on': True}"),
    (NUL, {"not_json": NUL}, NUL),
    ('{"half": ', {"not_json": '{"half": '}, '{"half": '),
    ("[" * 50000, {"not_json": "[" * 50000}, "[" * 50000),
    ('{"big": 1e999999}', {"not_json": '{"big": 1e999999}'}, '{"big": 1e999999}'),
]


def test_preferences_become_json_and_text_again(database: URL) -> None:
    up(database, "472fc70ce6fd")
    insert = (
        "INSERT INTO universal_users (universal_id, primary_username, preferences) VALUES (%s, 'x', %s) RETURNING 1"
    )
    for number, (value, _, _) in enumerate([*PREFERENCES, (None, None, None)]):
        ask(database, insert, f"{number:02}", value)
    ask(database, "INSERT INTO universal_users (universal_id, primary_username) VALUES ('default', 'x') RETURNING 1")
    up(database, "03bfe2298f4e")
    every = "SELECT preferences FROM universal_users ORDER BY universal_id"
    assert [value for (value,) in ask(database, every)] == [*(made for _, made, _ in PREFERENCES), None, {}]
    assert ask(database, "SELECT count(*) FROM universal_users WHERE preferences ? 'not_json'") == [(7,)]
    down(database)
    assert [value for (value,) in ask(database, every)] == [*(back for _, _, back in PREFERENCES), None, "{}"]
    up(database)


def test_nobody_is_verified_who_was_there_before(database: URL) -> None:
    up(database, BASELINE)
    assert len(ask(database, FUNCTIONS)) == 9
    ask(database, "INSERT INTO users (user_id, username) VALUES ('1', 'ada') RETURNING 1")
    up(database)
    assert ask(database, "SELECT username, email_verified FROM users") == [("ada", False)]
    assert ask(database, FUNCTIONS) == []
    down(database, BASELINE)
    assert len(ask(database, FUNCTIONS)) == 9 and ask(database, "SELECT username FROM users") == [("ada",)]


FUNCTIONS = "SELECT proname FROM pg_proc WHERE prosrc LIKE '%this schema lacks%'"
