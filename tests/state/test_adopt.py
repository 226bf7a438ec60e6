"""Adoption: a database of v1.0.6 joins the history with all its rows, and the user's own objects are not touched."""

from collections.abc import Callable
from pathlib import Path

import pytest
from sqlalchemy import URL

from tests.conftest import MakeDatabase
from tests.state import v106
from tests.state.v106 import BASELINE
from tests.support import little
from tests.support.little import Said
from tests.support.projects import ROOT, ask, copied
from whisper_migrate.project.project import Project

pytestmark = [pytest.mark.servers("pg18"), pytest.mark.thorough]
Command = Callable[..., Said]


@pytest.fixture
def database(old: URL, make_database: MakeDatabase) -> URL:
    return make_database(template=old)


@pytest.fixture
def command(database: URL, capsys: pytest.CaptureFixture[str]) -> Command:
    return lambda *arguments: little.command(capsys, Project(ROOT), database, *arguments)


def test_only_words_differ(command: Command, database: URL) -> None:
    """The changes are printed first, then made in one transaction; afterwards there is nothing left to do."""
    kept = v106.Kept(database)
    said = command("adopt")
    assert said.code == 1 and f"Nearest is {BASELINE}." in said.out and said.out.endswith("Nothing was done.\n")
    assert "CREATE OR REPLACE FUNCTION" in said.out and "migrate.py adopt --reconcile" in said.out
    assert ask(database, "SELECT to_regclass('alembic_version')") == [(None,)]
    edited = said.out.partition("  ~ function update_updated_at_column(): body differs\n")[2]
    assert edited.startswith("     BEGIN\n    -    PERFORM 1;\n"), edited[:200]  # what v106.reworded has added
    assert command("adopt", "--reconcile").code == 0
    assert "PERFORM 1" not in command("history", "--applied").out
    kept_text = command("history", "--applied", "--verbose").out
    assert kept_text.count("    PERFORM 1;") == 17 and "'In other words: " in kept_text
    said = command("adopt", "--reconcile")
    assert said.code == 0 and "Nothing to do" in said.out, said
    assert ask(database, "SELECT direction, revision, verified FROM whisper_ledger") == [("stamp", BASELINE, True)]
    assert command("whereami").code == 0 and kept.differing(database) == []
    assert command("check-drift", "--only", "database").out.startswith("Pending")


BY_HAND = (
    "ALTER TABLE characters ADD COLUMN emoji_mine text",
    "ALTER TABLE characters ADD COLUMN rank int NOT NULL DEFAULT 1",
    "ALTER TABLE characters ALTER rank DROP DEFAULT",
    "DROP TABLE banned_users",
    "ALTER TABLE users ALTER username DROP NOT NULL",
    "CREATE UNIQUE INDEX no_twins ON users (username)",
    "CREATE TABLE my_notes (id serial PRIMARY KEY, note text)",
    "CREATE VIEW my_view AS SELECT username FROM users",
    "COMMENT ON COLUMN users.username IS 'mine'",
    "DROP INDEX idx_characters_normalized_name",
)


def test_what_is_about_rows_is_for_the_user_to_decide(command: Command, database: URL) -> None:
    ask(database, *BY_HAND)
    said = command("adopt", "--reconcile")
    assert said.code == 1 and said.out.endswith("Nothing was done.\n"), said
    for line in (
        "- table banned_users",
        "+ column characters.emoji_mine text",
        "~ column users.username: not null yes -> no",
        "+ index no_twins",
        "- index idx_characters_normalized_name",
        "+ table my_notes",
        "+ view my_view",
        "+ column characters.rank integer NOT NULL",
        "-- LOSES DATA: drop-column characters.rank",
    ):
        assert f"\n{line}" in said.out or f"\n  {line}" in said.out, (line, said.out)
    assert "drop-column characters.emoji_mine" not in said.out  # an INSERT need not know it
    assert "- index idx_banned" not in said.out  # created together with its table
    assert ask(database, "SELECT to_regclass('alembic_version')") == [(None,)]

    sql = said.out.partition("-- The SQL")[2].partition("\nOr, what is to stay")[0].partition("\n")[2]
    ask(database, *(f"{part};" for part in sql.split(";\n")))
    kept = v106.Kept(database, but=("public.my_notes", "public.banned_users"))
    said = command("adopt", "--reconcile")
    assert said.code == 0 and "Your own, which stays as it is (4 changes)" in said.out, said
    assert kept.differing(database) == [] and ask(database, "SELECT 1 FROM my_notes, my_view") == []


# Changed so that they must be dropped and re-created, together with the user's objects that depend on them.
SHAPES = (
    "DROP FUNCTION get_character_v2",
    "CREATE FUNCTION get_character_v2(p_name varchar) RETURNS text LANGUAGE sql AS 'SELECT p_name'",
    "DROP VIEW personality_optimization_summary",
    "CREATE VIEW personality_optimization_summary AS"
    " SELECT character_name::text AS character_name FROM personality_optimization_attempts",
    "CREATE VIEW my_view AS SELECT character_name FROM personality_optimization_summary",
    "COMMENT ON VIEW my_view IS 'my own'",
)


def test_what_is_besides_stays_and_may_be_ignored(
    database: URL, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """A database that another application uses as well."""
    ask(database, *SHAPES)
    ask(database, 'CREATE TABLE "Posts [x]" (id serial PRIMARY KEY)', "CREATE FUNCTION mine() RETURNS int RETURN 1")
    ask(database, 'INSERT INTO "Posts [x]" VALUES (1)', "CREATE INDEX mine ON users (username)")
    project = Project(copied(tmp_path).root)
    assert little.command(capsys, project, database, "adopt", "--reconcile").code == 0
    left = little.command(capsys, project, database, "check-drift", "--only", "database")
    assert left.code == 1 and "Drift: " in left.out and "(4 changes)" in left.out, left.out
    said = little.command(capsys, project, database, "adopt", "--ignore")
    assert said.code == 0 and "Wrote 4 patterns into pyproject.toml" in said.out, said
    project = Project(project.root)
    clean = little.command(capsys, project, database, "check-drift", "--only", "database")
    assert "Drift" not in clean.out and ", 4 ignored" in clean.out, clean
    assert little.command(capsys, project, database, "adopt").code == 0
    assert ask(database, """SELECT *, mine(), obj_description('my_view'::regclass) FROM "Posts [x]" """) == [
        (1, 1, "my own")
    ]


def test_an_obstacle_leaves_everything_as_it_was(command: Command, database: URL) -> None:
    ask(
        database,
        "CREATE FUNCTION obstacle() RETURNS event_trigger LANGUAGE plpgsql AS $$BEGIN RAISE 'not today'; END$$",
        "CREATE EVENT TRIGGER obstacle ON ddl_command_start WHEN TAG IN ('CREATE VIEW') EXECUTE FUNCTION obstacle()",
    )
    before = v106.catalog(database).fingerprint
    said = command("adopt", "--reconcile")
    assert said.code == 2 and "Nothing was adopted: not today" in said.err, said
    assert v106.catalog(database).fingerprint == before
    assert ask(database, "SELECT to_regclass('alembic_version'), to_regclass('whisper_ledger')") == [(None, None)]


OTHERS = {
    "empty": ((), "there is nothing to adopt"),
    "stranger": (("CREATE TABLE orders (id int)", "CREATE TABLE carts (id int)"), "is of another application"),
}


@pytest.mark.parametrize("name", OTHERS)
def test_what_is_no_form_of_it_is_left_alone(
    name: str, make_database: MakeDatabase, capsys: pytest.CaptureFixture[str]
) -> None:
    statements, word = OTHERS[name]
    database = make_database()
    ask(database, "SELECT 1", *statements)
    said = little.command(capsys, Project(ROOT), database, "adopt", "--reconcile")
    assert said.code == 2 and word in said.err, said
    assert ask(database, "SELECT to_regclass('alembic_version')") == [(None,)]
