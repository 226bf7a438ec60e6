"""What every kind's tests do with a case: see the change, name it, take it back, and find nothing left."""

from collections.abc import Sequence
from dataclasses import dataclass

import pytest
from sqlalchemy import Connection

from tests.conftest import MakeDatabase
from whisper_migrate.catalog import Catalog, diff
from whisper_migrate.databases.connect import connected
from whisper_migrate.inspect import inspect
from whisper_migrate.planning.plan import plan, statements
from whisper_migrate.repair import NO_BODY_CHECKS
from whisper_migrate.sql import run
from whisper_migrate.words import line


@dataclass(frozen=True)
class Case:
    """SQL that makes a database, SQL that changes it, and the changes that must be named (as `line` begins).

    `since` is the first major version of PostgreSQL that has the statement.
    """

    name: str
    before: str
    change: str
    named: Sequence[str]
    since: int = 14

    def __str__(self) -> str:
        return self.name


def apply(connection: Connection, *sql: str) -> None:
    """Execute SQL as it is and commit."""
    for statement in sql:
        run(connection, statement)
    connection.commit()


def version(connection: Connection) -> int:
    """The server's major version."""
    return int(connection.connection.dbapi_connection.server_version) // 10000


def catalog(connection: Connection) -> Catalog:
    """The catalog with what depends on what."""
    found = inspect(connection, requires=True)
    connection.rollback()
    return found


def assert_round_trip(make_database: MakeDatabase, case: Case) -> None:
    """The change is named; repair takes it back, and a draft would make it: after both, nothing differs."""
    with connected(make_database()) as connection:
        if version(connection) < case.since:
            pytest.skip(f"PostgreSQL {case.since} has this, {version(connection)} has not")
        apply(connection, case.before)
        clean = catalog(connection)
        apply(connection, case.change)
        drifted = catalog(connection)
        lines = [line(change) for change in diff(clean, drifted)]
        for expected in case.named:
            assert any(found.startswith(expected) for found in lines), (expected, lines)
        assert lines, "the change was not seen"
        if not case.named:
            return
        found = drifted
        for goal in (clean, drifted):
            apply(connection, NO_BODY_CHECKS, *statements(plan(found, goal)))
            found = catalog(connection)
            left = [line(change) for change in diff(found, goal)]
            assert left == [], left


def assert_no_change(make_database: MakeDatabase, before: str, change: str) -> None:
    """What is not schema is not a difference."""
    url = make_database()
    with connected(url) as connection:
        apply(connection, before)
        clean = catalog(connection)
        apply(connection, change)
        assert [line(found) for found in diff(clean, catalog(connection))] == []
