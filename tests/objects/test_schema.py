"""Schemas: empty ones, and ones with every kind of object."""

import pytest

from tests.conftest import MakeDatabase
from tests.objects.harness import Case, assert_no_change, assert_round_trip

FULL = """
CREATE SCHEMA s;
CREATE TYPE s.mood AS ENUM ('sad', 'happy');
CREATE DOMAIN s.positive AS int CHECK (VALUE > 0);
CREATE TYPE s.pair AS (a s.mood, b s.positive);
CREATE SEQUENCE s.numbers;
CREATE TABLE s.t (id serial PRIMARY KEY, m s.mood DEFAULT 'sad', n int DEFAULT nextval('s.numbers'), p s.pair);
CREATE TABLE s.u (id int GENERATED ALWAYS AS IDENTITY, t int REFERENCES s.t);
CREATE INDEX t_m ON s.t (m);
CREATE FUNCTION s.f(s.t) RETURNS s.mood LANGUAGE sql AS $$SELECT $1.m$$;
CREATE VIEW s.v AS SELECT s.f(t) AS f FROM s.t;
CREATE MATERIALIZED VIEW s.mv AS SELECT * FROM s.v;
COMMENT ON SCHEMA s IS 'all';
"""

CASES = [
    Case("added", "SELECT 1", "CREATE SCHEMA s", ["+ schema s"]),
    Case("dropped", "CREATE SCHEMA s", "DROP SCHEMA s", ["- schema s"]),
    Case("renamed", "CREATE SCHEMA s", "ALTER SCHEMA s RENAME TO r", ["- schema s", "+ schema r"]),
    Case("quoted", "SELECT 1", 'CREATE SCHEMA "S.""é"', ['+ schema "S.""é"']),
    Case("63 bytes", "SELECT 1", f'CREATE SCHEMA "{"é" * 31}x"', [f'+ schema "{"é" * 31}x"']),
    Case("like a pg one", "SELECT 1", "CREATE SCHEMA pgboss", ["+ schema pgboss"]),
    Case("added with all", "SELECT 1", FULL, ["+ schema s", "+ table s.t", "+ view s.v"]),
    Case("dropped with all", FULL, "DROP SCHEMA s CASCADE", ["- schema s", "- table s.t", "- enum s.mood"]),
    Case("renamed with all", FULL, "ALTER SCHEMA s RENAME TO r", ["- schema s", "+ schema r", "+ table r.t"]),
    Case("public", "SELECT 1", "DROP SCHEMA public", ["- schema public"]),
    Case("a table's schema", "CREATE SCHEMA s; CREATE TABLE t (id int)", "ALTER TABLE t SET SCHEMA s", ["+ table s.t"]),
]


@pytest.mark.parametrize("case", CASES, ids=str)
def test_schema(make_database: MakeDatabase, case: Case) -> None:
    assert_round_trip(make_database, case)


@pytest.mark.parametrize(
    "change", ["ALTER SCHEMA s OWNER TO pg_monitor", "CREATE TEMP TABLE t (id int)"], ids=["owner", "temporary"]
)
def test_not_schema(make_database: MakeDatabase, change: str) -> None:
    assert_no_change(make_database, "CREATE SCHEMA s", change)
