"""Reading a database while other sessions drop and lock its objects."""

import pytest
from sqlalchemy import URL, Connection, text

from tests.support import little
from tests.support.connections import connected
from whisper_migrate.catalog.model import Catalog
from whisper_migrate.databases import QUERIES, reading
from whisper_migrate.databases.reading import in_snapshot
from whisper_migrate.databases.shadow import shadows
from whisper_migrate.errors import Failure
from whisper_migrate.inspecting.inspect import inspect

MADE = "CREATE TABLE gone (name text UNIQUE)"


def _read(database: URL, times: int) -> Catalog:
    """Read while a table is dropped and re-created the given number of times."""
    left = iter(range(times))

    def read(connection: Connection) -> Catalog:
        connection.execute(text("SELECT 1"))  # sets the snapshot
        if next(left, None) is not None:
            little.execute(database, "DROP TABLE gone")
            try:
                return inspect(connection)
            finally:
                little.execute(database, MADE)
        return inspect(connection)

    return in_snapshot(database, read)


def test_what_is_dropped_while_it_is_read(database: URL) -> None:
    little.execute(database, MADE)
    assert ("constraint", "gone_name_key on public.gone") in _read(database, 2)


def test_a_schema_that_changes_all_the_time(database: URL) -> None:
    little.execute(database, MADE)
    with pytest.raises(Failure, match=r"changes all the time while it is read: cache lookup failed"):
        _read(database, reading.TRIES)


def test_another_error_is_not_tried_again(database: URL) -> None:
    calls = []

    def read(connection: Connection) -> None:
        calls.append(connection)
        connection.execute(text("SELECT 1 / 0"))

    with pytest.raises(Exception, match="division by zero"):
        in_snapshot(database, read)
    assert len(calls) == 1


def test_who_holds_a_lock_is_told(database: URL, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(reading, "LOCK_TIMEOUT", 0.1)
    little.execute(database, "CREATE VIEW v AS SELECT 1 AS a")
    with connected(database) as other:
        other.execute(text("DROP VIEW v"))
        with pytest.raises(Failure, match=r"could not be read in 0\.1 s: .* locked by process \d+ \(role "):
            in_snapshot(database, inspect)
        monkeypatch.setenv(QUERIES, "1")
        with pytest.raises(Failure, match=r"idle in transaction for \d+ s\): DROP VIEW v") as caught:
            in_snapshot(database, inspect)
        assert "pg_terminate_backend(" in str(caught.value.remedy)
    assert ("view", "public.v") in in_snapshot(database, inspect)


def test_time_outs_are_for_queries(database: URL) -> None:
    """Time-outs of the database or role, meant for the application's queries, are too short to read a whole schema."""
    names = ("statement_timeout", "idle_in_transaction_session_timeout")
    little.execute(database, *(f"ALTER DATABASE {database.database} SET {name} = '1h'" for name in names))
    assert in_snapshot(database, lambda it: [it.scalar(text(f"SHOW {name}")) for name in names]) == ["0", "0"]
    with shadows(database) as made, connected(made.create("patient")) as shadow:
        assert made.keeper.scalar(text("SHOW statement_timeout")) == "0"
        assert shadow.scalar(text("SHOW statement_timeout")) == "0"
