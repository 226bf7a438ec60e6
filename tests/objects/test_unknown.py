"""Objects that no kind covers: they are reported and can be dropped, but only a person can create them."""

import pytest
from sqlalchemy import text

from tests.conftest import MakeDatabase
from tests.objects.harness import apply, assert_no_change, catalog
from tests.support.connections import connected
from whisper_migrate.catalog.describe import line
from whisper_migrate.catalog.model import diff
from whisper_migrate.errors import Failure
from whisper_migrate.inspecting import inspect
from whisper_migrate.objects import KINDS
from whisper_migrate.planning.plan import plan, statements


@pytest.fixture
def a_kind_that_nobody_knows(monkeypatch: pytest.MonkeyPatch) -> None:
    """Make a kind unknown, as if a later PostgreSQL had introduced it."""
    monkeypatch.delitem(KINDS, "conversion")
    monkeypatch.delitem(inspect.RARE, "conversion")


@pytest.mark.usefixtures("a_kind_that_nobody_knows")
def test_unknown(make_database: MakeDatabase) -> None:
    with connected(make_database()) as connection:
        clean = catalog(connection)
        apply(connection, "CREATE CONVERSION latin FOR 'UTF8' TO 'LATIN1' FROM utf8_to_iso8859_1")
        drifted = catalog(connection)
        assert [line(change) for change in diff(clean, drifted)] == ["+ unknown conversion latin"]
        apply(connection, *statements(plan(drifted, clean)))
        assert [line(change) for change in diff(clean, catalog(connection))] == []
        with pytest.raises(Failure, match=r"noticed, but not known"):
            plan(clean, drifted)


def test_shell(make_database: MakeDatabase) -> None:
    with connected(make_database()) as connection:
        clean = catalog(connection)
        apply(connection, "CREATE TYPE shell")
        drifted = catalog(connection)
        assert [line(change) for change in diff(clean, drifted)] == ["+ unknown type shell"]
        apply(connection, *statements(plan(drifted, clean)))
        assert [line(change) for change in diff(clean, catalog(connection))] == []


def test_base_type(make_database: MakeDatabase) -> None:
    """A base type, together with its functions, which have a kind, and with objects that use it."""
    with connected(make_database()) as connection:
        apply(connection, "CREATE TABLE t (a int); INSERT INTO t VALUES (1)")
        clean = catalog(connection)
        apply(
            connection,
            "CREATE TYPE meters; CREATE FUNCTION m_in(cstring) RETURNS meters LANGUAGE internal STRICT AS 'int4in';"
            "CREATE FUNCTION m_out(meters) RETURNS cstring LANGUAGE internal STRICT AS 'int4out';"
            "CREATE TYPE meters (INPUT = m_in, OUTPUT = m_out, LIKE = int4);"
            "COMMENT ON TYPE meters IS 'a'; COMMENT ON FUNCTION m_in(cstring) IS 'b';"
            "CREATE FUNCTION twice(meters) RETURNS meters LANGUAGE sql AS 'SELECT $1';"
            "CREATE TABLE far (m meters); CREATE VIEW v AS SELECT twice(m) AS m FROM far; ALTER TABLE t ADD m meters",
        )
        drifted = catalog(connection)
        assert "+ unknown type meters" in [line(change) for change in diff(clean, drifted)]
        apply(connection, *statements(plan(drifted, clean)))
        assert [line(change) for change in diff(clean, catalog(connection))] == []
        assert connection.scalar(text("SELECT count(*) FROM t")) == 1


def test_what_kinds_know_is_not_unknown(make_database: MakeDatabase) -> None:
    known = (
        "CREATE TABLE t (id int PRIMARY KEY DEFAULT 1, n int REFERENCES t); CREATE VIEW v AS SELECT 1;"
        "CREATE RULE r AS ON DELETE TO t DO NOTHING; CREATE POLICY p ON t;"
        "CREATE TYPE span AS RANGE (SUBTYPE = float8); CREATE PUBLICATION pub FOR TABLE t;"
        "ALTER DEFAULT PRIVILEGES GRANT SELECT ON TABLES TO PUBLIC;"
        "CREATE STATISTICS s ON id, n FROM t; CREATE EXTENSION hstore; SELECT lo_create(0)"
    )
    with connected(make_database()) as connection:
        apply(connection, known)
        assert [item.identity for item in catalog(connection) if item.kind == "unknown"] == []


def test_large_objects_are_data(make_database: MakeDatabase) -> None:
    assert_no_change(make_database, "SELECT 1", "SELECT lo_create(0)")
