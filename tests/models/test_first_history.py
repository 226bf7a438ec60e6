"""The first revisions after the baseline, on all kinds of rows that production has: up, and down again."""

from contextlib import closing

from sqlalchemy import URL

from tests.projects import ROOT
from tests.servers import connect
from whisper_migrate.project import Project
from whisper_migrate.running.runner import downgrade, upgrade

PROJECT = Project(ROOT)
BASELINE = "20251011_baseline_v106"
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


def ask(database: URL, query: str, *values: object) -> list[tuple[object, ...]]:
    with closing(connect(database)) as connection, connection.cursor() as cursor:
        cursor.execute(query, values or None)
        return list(cursor.fetchall())


def stepped(database: URL, target: str) -> None:
    (upgrade if not target.startswith("-") else downgrade)(PROJECT, database, target, lambda applied: None)


def test_preferences_become_json_and_text_again(database: URL) -> None:
    stepped(database, "472fc70ce6fd")
    insert = (
        "INSERT INTO universal_users (universal_id, primary_username, preferences) VALUES (%s, 'x', %s) RETURNING 1"
    )
    for number, (value, _, _) in enumerate([*PREFERENCES, (None, None, None)]):
        ask(database, insert, f"{number:02}", value)
    ask(database, "INSERT INTO universal_users (universal_id, primary_username) VALUES ('default', 'x') RETURNING 1")
    stepped(database, "03bfe2298f4e")
    every = "SELECT preferences FROM universal_users ORDER BY universal_id"
    assert [value for (value,) in ask(database, every)] == [*(made for _, made, _ in PREFERENCES), None, {}]
    assert ask(database, "SELECT count(*) FROM universal_users WHERE preferences ? 'not_json'") == [(7,)]
    stepped(database, "-1")
    assert [value for (value,) in ask(database, every)] == [*(back for _, _, back in PREFERENCES), None, "{}"]
    stepped(database, "head")


def test_nobody_is_verified_who_was_there_before(database: URL) -> None:
    stepped(database, BASELINE)
    assert len(ask(database, FUNCTIONS)) == 9
    ask(database, "INSERT INTO users (user_id, username) VALUES ('1', 'ada') RETURNING 1")
    stepped(database, "head")
    assert ask(database, "SELECT username, email_verified FROM users") == [("ada", False)]
    assert ask(database, FUNCTIONS) == []
    stepped(database, "-3")
    assert len(ask(database, FUNCTIONS)) == 9 and ask(database, "SELECT username FROM users") == [("ada",)]


FUNCTIONS = "SELECT proname FROM pg_proc WHERE prosrc LIKE '%this schema lacks%'"
