"""The state of a database, whatever its stamp says: each state is recognized, and nothing is written."""

import re
from dataclasses import dataclass

import pytest
from sqlalchemy import URL

from tests.conftest import MakeDatabase
from tests.state import v106
from tests.state.dump import dump, load
from tests.state.v106 import BASELINE
from tests.support import little
from tests.support.projects import HEAD, ROOT, ask
from whisper_migrate.project.project import Project
from whisper_migrate.state.whereabouts import whereabouts

pytestmark = [pytest.mark.servers("pg18"), pytest.mark.thorough]
STAMP = "CREATE TABLE alembic_version (version_num varchar(32) PRIMARY KEY)"


@dataclass(frozen=True)
class Case:
    """Statements for a copy of v1.0.6 (or an empty database), and the state that is reported."""

    sort: str
    statements: tuple[str, ...] = ()
    empty: bool = False
    words: tuple[str, ...] = ()


OLDER = [f"CREATE TABLE {name} (id serial PRIMARY KEY)" for name in ("users", "conversations", "facts", "emotions")]
CASES = {
    "v1.0.6": Case("changed", words=(f"It is {BASELINE} with changes.", "17 functions differ")),
    "v1.0.6 changed by hand": Case(
        "changed",
        ("DROP TABLE banned_users", "ALTER TABLE users ADD emoji_mine text", "CREATE TABLE mine (id int)"),
        words=("1 table missing", "1 column more", "By themselves are: mine."),
    ),
    "v1.0.6 less what a later revision drops": Case("changed", ("DROP FUNCTION get_character_v2",)),
    "an older install with a view": Case(
        "other",
        (*OLDER, "CREATE TABLE cdl (id int, name text)", "CREATE VIEW characters AS TABLE cdl"),
        empty=True,
        words=("characters is a view here, and a table in the history.",),
    ),
    "another application": Case(
        "stranger",
        tuple(f"CREATE TABLE {name} (id int)" for name in ("orders", "items", "carts", "users", "bills")),
        empty=True,
        words=("It is of another application", "right database?"),
    ),
    "an administrator's extension": Case("empty", ("CREATE EXTENSION pg_trgm",), empty=True),
    "stamped by another history": Case(
        "changed",
        (STAMP, "INSERT INTO alembic_version VALUES ('954245770def')", "CREATE TABLE strategic (id int)"),
        words=("954245770def is not of this history but of WhisperEngine's own", f"It is {BASELINE} with changes."),
    ),
}


@pytest.mark.parametrize("name", CASES)
def test_states_are_told_apart(
    name: str, old: URL, make_database: MakeDatabase, capsys: pytest.CaptureFixture[str]
) -> None:
    case = CASES[name]
    database = make_database(template=None if case.empty else old)
    ask(database, "SELECT 1", *case.statements)
    before = v106.catalog(database).fingerprint
    said = little.command(capsys, Project(ROOT), database, "whereami")
    assert said.code == (0 if case.sort == "empty" else 1), said
    assert said.err == "" and all(word in said.out for word in case.words), said.out
    assert told(said.out) == case.sort
    assert case.sort != "changed" or f"Nearest:\n  {BASELINE} with " in said.out
    assert v106.catalog(database).fingerprint == before


def told(out: str) -> str:
    """Return the state of the database that the output reports."""
    sorts = {"empty": "is empty", "changed": "with changes", "unfinished": "unfinished", "other": "another form"}
    (found,) = [
        sort for sort, word in {**sorts, "stranger": "another application", "equal": "is what"}.items() if word in out
    ]
    return found


@pytest.mark.parametrize("cut", ["half of the tables", "half of the keys", "no foreign keys"])
def test_loads_that_were_killed_are_seen(cut: str, old: URL, make_database: MakeDatabase, server: URL) -> None:
    text = dump(old)
    pattern, share = {
        "half of the tables": ("CREATE TABLE ", 0.5),
        "half of the keys": (r"ALTER TABLE ONLY \S+\n    ADD CONSTRAINT \S+ (PRIMARY|UNIQUE)", 0.5),
        "no foreign keys": (r"ALTER TABLE ONLY \S+\n    ADD CONSTRAINT \S+ FOREIGN", 0.0),
    }[cut]
    places = [found.start() for found in re.finditer(f"^{pattern}", text, re.MULTILINE)]
    database = load(text[: places[int(len(places) * share)]], make_database())
    found = whereabouts(Project(ROOT), server, database)
    assert (found.sort, found.nearest.revision) == ("unfinished", BASELINE)
    assert "ON_ERROR_STOP" in found.remedies[0]


def test_every_revision_is_known(make_database: MakeDatabase, server: URL, tmp_path) -> None:
    project = little.project(tmp_path)
    for revision, sort in (("one", "equal"), ("two", "equal"), (None, "empty")):
        found = whereabouts(project, server, little.at(make_database(), revision))
        assert (found.sort, found.equal, found.is_right) == (sort, [revision] if revision else [], True)
        found = whereabouts(
            project, server, little.at(make_database(), revision, "DROP TABLE IF EXISTS alembic_version")
        )
        assert (found.sort, found.is_right) == (sort, revision is None)


def test_head_is_known_by_its_catalog(make_database: MakeDatabase, capsys: pytest.CaptureFixture[str]) -> None:
    database = make_database()
    assert little.command(capsys, Project(ROOT), database, "upgrade").code == 0
    said = little.command(capsys, Project(ROOT), database, "whereami")
    assert said.code == 0 and f"It is what the history says at {HEAD}." in said.out
    ask(database, f"UPDATE alembic_version SET version_num = '{BASELINE}'")
    said = little.command(capsys, Project(ROOT), database, "whereami")
    assert said.code == 1 and f"-> migrate.py stamp {HEAD} " in said.out
