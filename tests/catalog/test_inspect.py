"""Several inspections on one connection: each returns the current catalog, even if the session has changed."""

import pytest
from sqlalchemy import URL, Connection, text

from tests.support.connections import connected
from whisper_migrate.catalog.describe import line
from whisper_migrate.catalog.model import diff
from whisper_migrate.catalog.sql import run
from whisper_migrate.inspecting import inspect as reading
from whisper_migrate.inspecting.inspect import inspect

TEMPORARY = """
CREATE TYPE pg_temp.mood AS ENUM ('a');
CREATE DOMAIN pg_temp.short AS text CHECK (length(value) < 9);
CREATE FUNCTION pg_temp.f() RETURNS trigger LANGUAGE plpgsql AS 'BEGIN RETURN NEW; END';
CREATE TEMPORARY SEQUENCE numbers;
CREATE TEMPORARY TABLE t (id serial PRIMARY KEY, x pg_temp.mood UNIQUE, y pg_temp.short CHECK (y <> ''));
CREATE TEMPORARY TABLE u (id integer REFERENCES t);
CREATE INDEX ON t (y);
CREATE STATISTICS pg_temp.s ON x, y FROM t;
CREATE TRIGGER r BEFORE INSERT ON t FOR EACH ROW EXECUTE FUNCTION pg_temp.f();
CREATE RULE r AS ON DELETE TO u DO INSTEAD NOTHING;
ALTER TABLE t ENABLE ROW LEVEL SECURITY;
CREATE POLICY p ON t;
CREATE TEMPORARY VIEW v AS SELECT * FROM t;
COMMENT ON TABLE t IS 'x';
GRANT SELECT ON t, v TO PUBLIC;
"""


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
    """A pooler may give the transaction another session, which has no prepared queries."""
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


def test_what_is_temporary_is_no_part_of_the_schema(database: URL) -> None:
    """Temporary objects of this session (left by a revision) or of another one are not listed; similar names are."""
    with connected(database) as connection, connected(database) as other:
        before = inspect(connection)
        for session in (connection, other):
            run(session, TEMPORARY)
            session.commit()
        assert diff(before, inspect(connection)) == []
        run(
            connection,
            'CREATE TABLE pg_temperature (); CREATE DOMAIN "pg_temp.x" AS text; CREATE PUBLICATION pg_temp_1',
        )
        assert [line(change) for change in diff(before, inspect(connection))] == [
            '+ domain "pg_temp.x" (text)',
            "+ table pg_temperature",
            "+ publication pg_temp_1",
        ]


@pytest.mark.parametrize("rows", [1, 2, 3])
def test_large_catalog_comes_in_parts(database: URL, monkeypatch: pytest.MonkeyPatch, rows: int) -> None:
    with connected(database) as connection:
        for number in range(3):
            run(connection, f"CREATE TABLE t{number} (id serial PRIMARY KEY, x text); CREATE INDEX ON t{number} (x)")
            run(connection, f"COMMENT ON TABLE t{number} IS 'one of {rows}'; GRANT SELECT ON t{number} TO PUBLIC")
        connection.commit()
        whole = inspect(connection)
    monkeypatch.setattr(reading, "BEARINGS", reading.BEARINGS.replace(f"> {reading.LARGE}", "> 0"))
    monkeypatch.setattr(reading, "PART", rows)
    with connected(database) as connection:
        parts = inspect(connection)
    assert list(parts) == list(whole)
    assert [item.parent for item in parts] == [item.parent for item in whole]


def test_equal_catalogs_are_one(database: URL) -> None:
    """A check of three catalogs needs little more memory than one catalog."""
    with connected(database) as connection:
        run(connection, "CREATE TABLE t (id serial PRIMARY KEY, x text); COMMENT ON TABLE t IS 'with a comment'")
        first = inspect(connection)
        assert inspect(connection, like=first).objects is first.objects
        run(connection, "ALTER TABLE t ADD y text")
        second = inspect(connection, like=first)
        assert [line(change) for change in diff(first, second)] == ["+ column t.y text"]
        assert all(second[key] is item for key, item in first.objects.items())
