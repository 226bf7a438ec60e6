"""One reading after another on one connection: each says what is there now, however the server comes by it."""

import pytest
from sqlalchemy import URL, Connection, text

from whisper_migrate.catalog import diff
from whisper_migrate.databases.connect import connected
from whisper_migrate.inspect import inspect
from whisper_migrate.words import line


def prepared(connection: Connection) -> int:
    return int(connection.scalar(text("SELECT count(*) FROM pg_prepared_statements")))


def test_readings_on_one_connection(database: URL) -> None:
    with connected(database) as connection:
        first = inspect(connection)
        assert prepared(connection) == 0, "a database that is read once is left as it was"
        for number in range(3):
            connection.execute(text(f"CREATE TABLE t{number} (id integer)"))
            second = inspect(connection)
            assert [line(change) for change in diff(first, second)] == [
                f"+ table t{number}",
                f"+ column t{number}.id integer",
            ]
            first = second
        assert prepared(connection) > 0


def test_what_was_prepared_is_gone(database: URL) -> None:
    """As behind a pooler that has given this transaction another of its sessions."""
    with connected(database) as connection:
        first = inspect(connection)
        for _ in range(2):
            assert diff(first, inspect(connection)) == []
        connection.execute(text("DEALLOCATE ALL"))
        assert diff(first, inspect(connection)) == []


@pytest.mark.parametrize("setting", ["search_path", "enable_nestloop", "DateStyle", "work_mem"])
def test_settings_stay(database: URL, setting: str) -> None:
    with connected(database) as connection:
        before = connection.scalar(text(f"SHOW {setting}"))
        for _ in range(2):
            inspect(connection)
            assert connection.scalar(text(f"SHOW {setting}")) == before
