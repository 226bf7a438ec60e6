"""Adoption: a database of v1.0.6 comes under the history with all its rows, and nothing of the user's is touched."""

import os
from collections.abc import Iterator
from contextlib import closing

import pytest
from sqlalchemy import URL

from tests import little, servers, v106
from tests.conftest import MakeDatabase
from tests.projects import ROOT, ask
from whisper_migrate.project import Project

pytestmark = pytest.mark.servers("pg18")
PROJECT = Project(ROOT)


@pytest.fixture(scope="module")
def old(server: URL) -> Iterator[URL]:
    """A database of v1.0.6 with rows in every table, to be copied."""
    name = f"test_v106_{os.getpid()}"
    with closing(servers.connect(server)) as maintenance, maintenance.cursor() as cursor:
        cursor.execute(f"CREATE DATABASE {name} TEMPLATE template0")
        yield v106.with_rows(v106.reworded(v106.built(server.set(database=name))))
        cursor.execute(f"DROP DATABASE {name} WITH (FORCE)")


def test_v106_comes_under_the_history(
    old: URL, make_database: MakeDatabase, capsys: pytest.CaptureFixture[str]
) -> None:
    database = make_database(template=old)
    kept = v106.Kept(database)

    said = little.command(capsys, PROJECT, database, "whereami")
    assert said.code == 1 and f"It is {v106.BASELINE} with changes." in said.out, said
    said = little.command(capsys, PROJECT, database, "adopt")
    assert said.code == 1 and "adopt --reconcile" in said.out, said
    assert ask(database, "SELECT to_regclass('alembic_version')") == [(None,)]
    said = little.command(capsys, PROJECT, database, "adopt", "--reconcile")
    assert said.code == 0, said
    assert kept.differing(database) == []
    said = little.command(capsys, PROJECT, database, "check-drift", "--only", "database")
    assert "Drift" not in said.out, said
    said = little.command(capsys, PROJECT, database, "adopt", "--reconcile")
    assert said.code == 0 and "Nothing to do" in said.out, said
    assert little.command(capsys, PROJECT, database, "upgrade").code == 0
    said = little.command(capsys, PROJECT, database, "check-drift")
    assert said.code == 0, said
    assert kept.differing(database) == []
