"""A view that another role puts in the place of a table for bookkeeping, right after it was looked for, is not read."""

import contextlib
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest
from alembic import command as alembic
from alembic.config import Config
from alembic.util.exc import CommandError
from sqlalchemy import URL, Engine, event

from tests.security.roles import Trap, trap
from tests.support import little
from tests.support.little import command, plain
from tests.support.projects import ask, copied
from whisper_migrate.databases.bookkeeping import RELATION
from whisper_migrate.databases.version_table import BOOKKEEPING

COMMANDS = ("status", "repair", "upgrade --no-check")
LOOKS = RELATION.partition(":schema")[0]


@contextmanager
def _planting(planted: Trap, database: URL, name: str) -> Iterator[None]:
    """Create the view as soon as the engine has found that there is no such table; drop it at the end."""
    looked = 0

    def executed(connection: object, _: object, statement: str, parameters: object, *__: object) -> None:
        nonlocal looked
        if LOOKS in statement and name in str(parameters):
            looked += 1
            if looked == 1:
                planted.plant(f"CREATE VIEW public.{name} AS SELECT planted.trap('x'::varchar(32)) AS version_num")

    event.listen(Engine, "after_cursor_execute", executed)
    try:
        yield
    finally:
        event.remove(Engine, "after_cursor_execute", executed)
        ask(database, f"DROP VIEW IF EXISTS public.{name}")
    assert looked


def test_no_command_reads_it(tmp_path: Path, database: URL, capsys: pytest.CaptureFixture[str]) -> None:
    project = little.project(tmp_path)
    with trap(database) as planted:
        for name in sorted(BOOKKEEPING):
            for words in COMMANDS:
                with _planting(planted, database, name):
                    said = command(capsys, project, database, *words.split())
                assert not planted.sprung and "mistake of whisper-migrate" not in said.err, (name, words, said)
                ask(
                    database,
                    'DROP SCHEMA IF EXISTS public, elsewhere, "Odd Place" CASCADE',
                    "CREATE SCHEMA public",
                    f"GRANT USAGE, CREATE ON SCHEMA public TO {planted.role}",
                )


def test_plain_alembic_does_not_read_it(tmp_path: Path, database: URL, monkeypatch: pytest.MonkeyPatch) -> None:
    config = Config(str(copied(tmp_path, database).root / "alembic.ini"))
    monkeypatch.setenv("DATABASE_URL", plain(database))
    with trap(database) as planted:
        for run in (alembic.check, alembic.current):
            # The models differ from an empty database.
            with _planting(planted, database, "alembic_version"), contextlib.suppress(CommandError):
                run(config)
            assert not planted.sprung, run
