"""A database that has the changes of a later revision and lacks those of an earlier one, in any project."""

from collections.abc import Callable
from pathlib import Path

import pytest
from sqlalchemy import URL

from tests.support import little
from tests.support.little import Said
from tests.support.projects import Checkout, ask
from whisper_migrate.project.project import Project

pytestmark = pytest.mark.servers("pg18")
Command = Callable[..., Said]
LATE = "op.execute('CREATE TABLE public.late (id int CONSTRAINT late_pkey PRIMARY KEY, it text)')"
SHORT = "op.execute('ALTER TABLE public.tags ADD CONSTRAINT short CHECK (length(label) < 5)')"
OUTSIDE = (
    "with op.get_context().autocommit_block(): op.execute('CREATE INDEX CONCURRENTLY tags_i ON public.tags (state)')"
)
HAS_LATE = "CREATE TABLE late (id int CONSTRAINT made_by_hand PRIMARY KEY, it text)"
NONE = [(None, None)]
BOOKKEEPING = "SELECT to_regclass('alembic_version'), to_regclass('whisper_ledger')"


@pytest.fixture
def command(tmp_path: Path, database: URL, capsys: pytest.CaptureFixture[str]) -> Command:
    """Commands on a history one, two, short, late, and a database without a stamp that has `one` and `late`."""
    project = little.project(tmp_path)
    checkout = Checkout(project.root)
    checkout.write_revision("short", "two", up=SHORT)
    checkout.write_revision("late", "short", up=LATE)
    little.at(database, "one", HAS_LATE, "DROP TABLE alembic_version", "INSERT INTO tags (label) VALUES ('red')")
    project = Project(project.root)
    return lambda *arguments: little.command(capsys, project, database, *arguments)


@pytest.mark.thorough
def test_missing_revisions_run_and_names_are_replaced(command: Command, database: URL) -> None:
    assert "It is late without 2 revisions before it:\n  two " in command("whereami").out
    said = command("adopt")
    assert said.code == 1 and "2 are missing and will be run first:\n  two " in said.out, said
    assert "~ constraint made_by_hand on late: name late_pkey -> made_by_hand" in said.out
    assert ask(database, BOOKKEEPING) == NONE
    assert command("adopt", "--reconcile").code == 0
    assert command("whereami").code == 0 and ask(database, "SELECT label FROM tags") == [("red",)]
    ran = "SELECT direction, revision FROM whisper_ledger ORDER BY number"
    assert ask(database, ran) == [("upgrade", "two"), ("upgrade", "short"), ("stamp", "late")]


def test_a_missing_revision_that_fails_changes_nothing(command: Command, database: URL) -> None:
    ask(database, "INSERT INTO tags (label) VALUES ('too long')")
    said = command("adopt", "--reconcile")
    assert said.code == 2 and "Nothing was adopted: revision short does not run on this database: " in said.err, said
    assert ask(database, BOOKKEEPING) == NONE and ask(database, "SELECT to_regproc('greet')") == [(None,)]


@pytest.mark.thorough
def test_a_revision_that_commits_by_itself_is_not_run(
    tmp_path: Path, database: URL, capsys: pytest.CaptureFixture[str]
) -> None:
    """Its index is missing, and is created as any other object without rows."""
    project = little.project(tmp_path)
    checkout = Checkout(project.root)
    checkout.write_revision("outside", "two", up=OUTSIDE)
    checkout.write_revision("late", "outside", up=LATE)
    little.at(database, "two", HAS_LATE.replace("made_by_hand", "late_pkey"), "DROP TABLE alembic_version")
    project = Project(project.root)
    said = little.command(capsys, project, database, "adopt", "--reconcile")
    assert said.code == 0 and "- index tags_i" in said.out and "missing and" not in said.out, said
    assert little.command(capsys, project, database, "whereami").code == 0
