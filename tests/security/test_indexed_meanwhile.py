"""An index that the owner of a table makes between the look at the table and the count of its rows runs no code.

PostgreSQL's planner computes constant expressions of an index. It sees indexes that a snapshot does not.
"""

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest
from sqlalchemy import URL, Engine, event

from tests.security.roles import Trap, trap
from tests.support import little
from tests.support.little import command
from tests.support.projects import Checkout, ask
from whisper_migrate.databases.connect import connected
from whisper_migrate.project.project import Project
from whisper_migrate.running import runner
from whisper_migrate.running.foreign_conditions import may_be_read

MADE = "CREATE TABLE public.big (n int)"
GONE = "DROP TABLE public.big"
INDEX = "CREATE INDEX big_idx ON public.big ((planted.trap(1)))"


def _project(folder: Path) -> Project:
    """Return a project whose revision `three` makes a table, and whose revision `four` drops it."""
    project = little.project(folder)
    made = Checkout(project.root)
    made.write_revision("three", "two", up=f"op.execute({MADE!r})", down=f"op.execute({GONE!r})")
    made.write_revision("four", "three", up=f"op.execute({GONE!r})", down=f"op.execute({MADE!r})")
    return project


@contextmanager
def _indexed(planted: Trap, database: URL, moment: str) -> Iterator[None]:
    """Make the index before the first statement that begins with `moment`."""
    ask(database, f"ALTER TABLE public.big OWNER TO {planted.role}")
    made: list[str] = []

    def executing(_: object, __: object, statement: str, *___: object) -> None:
        if statement.startswith(moment) and not made:
            made.append(statement)
            planted.plant(INDEX)

    event.listen(Engine, "before_cursor_execute", executing)
    try:
        yield
    finally:
        event.remove(Engine, "before_cursor_execute", executing)
    assert made


@pytest.mark.thorough
@pytest.mark.parametrize(
    ("at", "words", "moment"),
    [
        ("three", "preflight", GONE),
        ("three", "upgrade --plan", GONE),
        ("three", "downgrade -1 --plan", GONE),
        ("three", "preflight", "LOCK TABLE public.big"),
        ("three", "downgrade -1", "LOCK TABLE public.big"),
    ],
    ids=["preflight", "plan of an upgrade", "plan of a downgrade", "preflight that waits", "downgrade that waits"],
)
def test_no_code_of_an_index_runs(
    at: str, words: str, moment: str, tmp_path: Path, database: URL, capsys: pytest.CaptureFixture[str]
) -> None:
    project = _project(tmp_path)
    runner.upgrade(project, database, at, lambda _: None)
    ask(database, "INSERT INTO public.big VALUES (1)")
    ask(database, f"ALTER DATABASE \"{database.database}\" SET default_transaction_isolation = 'repeatable read'")
    with trap(database) as planted:
        with _indexed(planted, database, moment):
            said = command(capsys, project, database, *words.split())
        assert not planted.sprung and "mistake" not in said.err, said
        assert "big" in said.out + said.err, said
        ask(database, GONE)


def test_nothing_is_read_in_a_snapshot(database: URL) -> None:
    ask(database, MADE)
    with connected(database, read_only=True) as connection:
        assert not may_be_read(connection, "public.big")
    with connected(database, read_only=True, snapshot=False) as connection:
        assert may_be_read(connection, "public.big")
