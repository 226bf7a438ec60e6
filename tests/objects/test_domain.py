"""Domains and their checks: each attribute, also with columns that contain values."""

import pytest

from tests.conftest import MakeDatabase
from tests.objects.harness import Case, assert_no_change, assert_round_trip

BEFORE = "CREATE DOMAIN d AS numeric(9,2) DEFAULT 1 CONSTRAINT low CHECK (VALUE > 0)"
USED = f"""
{BEFORE};
CREATE DOMAIN deep AS d;
CREATE TYPE pair AS (a d, b text);
CREATE TABLE t (id int PRIMARY KEY, d d NOT NULL DEFAULT 2, many d[], deep deep, p pair, CHECK (d < 99));
CREATE INDEX t_d ON t (d) WHERE d > 1;
CREATE VIEW v AS SELECT d + 1 AS more FROM t;
CREATE FUNCTION f(d) RETURNS d LANGUAGE sql AS 'SELECT $1';
INSERT INTO t VALUES (1, 1.5, '{{2,3}}', 4, '(5,x)')
"""


def retyped(type_: str) -> str:
    """Give the domain another type by hand, in the shortest way."""
    return f"DROP SCHEMA public CASCADE; CREATE SCHEMA public; {USED.replace('numeric(9,2)', type_)}"


CASES = [
    Case("added", "SELECT 1", BEFORE, ["+ domain d"]),
    Case("dropped", BEFORE, "DROP DOMAIN d", ["- domain d"]),
    Case("added with checks", "SELECT 1", f"{BEFORE}; ALTER DOMAIN d ADD CHECK (VALUE < 9) NOT VALID", ["+ domain d"]),
    Case("default", BEFORE, "ALTER DOMAIN d SET DEFAULT 2", ["~ domain d: default"]),
    Case("no default", BEFORE, "ALTER DOMAIN d DROP DEFAULT", ["~ domain d: default"]),
    Case("NOT NULL", BEFORE, "ALTER DOMAIN d SET NOT NULL", ["~ domain d: not null no -> yes"]),
    Case("NOT NULL in use", f"{BEFORE}; CREATE TABLE t (d d)", "ALTER DOMAIN d SET NOT NULL", ["~ domain d: not null"]),
    Case("named NOT NULL", BEFORE, "ALTER DOMAIN d ADD CONSTRAINT must NOT NULL", ["~ domain d: not null"], since=17),
    Case("created NOT NULL", "SELECT 1", "CREATE DOMAIN n AS int NOT NULL", ["+ domain n"]),
    Case("check added", BEFORE, "ALTER DOMAIN d ADD CONSTRAINT up CHECK (VALUE < 9)", ["+ domain constraint up on d"]),
    Case("check dropped", BEFORE, "ALTER DOMAIN d DROP CONSTRAINT low", ["- domain constraint low on d"]),
    Case(
        "check changed",
        BEFORE,
        "ALTER DOMAIN d DROP CONSTRAINT low; ALTER DOMAIN d ADD CONSTRAINT low CHECK (VALUE >= 0)",
        ["~ domain constraint low on d: definition"],
    ),
    Case("check renamed", BEFORE, "ALTER DOMAIN d RENAME CONSTRAINT low TO min", ["- domain constraint low on d"]),
    Case(
        "check not valid",
        f"{BEFORE}; CREATE TABLE t (d d); INSERT INTO t VALUES (1)",
        "ALTER DOMAIN d DROP CONSTRAINT low; ALTER DOMAIN d ADD CONSTRAINT low CHECK (VALUE > 0) NOT VALID",
        ["~ domain constraint low on d: definition"],
    ),
    Case(
        "two checks, quoted",
        BEFORE,
        'ALTER DOMAIN d ADD CONSTRAINT "A ""b" CHECK (VALUE < 9); ALTER DOMAIN d ADD CONSTRAINT "select" CHECK (true)',
        ['+ domain constraint "A ""b" on d', '+ domain constraint "select" on d'],
    ),
    Case(
        "check calls a function",
        "SELECT 1",
        "CREATE FUNCTION ok(int) RETURNS bool LANGUAGE sql AS 'SELECT true';CREATE DOMAIN d AS int CHECK (ok(VALUE))",
        ["+ domain d", "+ domain constraint d_check on d"],
    ),
    Case("comment on a check", BEFORE, "COMMENT ON CONSTRAINT low ON DOMAIN d IS 'x'", ["+ comment"]),
    Case(
        "type", BEFORE, "DROP DOMAIN d; CREATE DOMAIN d AS int DEFAULT 1", ["~ domain d: type numeric(9,2) -> integer"]
    ),
    Case("modifier", USED, retyped("numeric(12,3)"), ["~ domain d: type"]),
    Case("type in use", USED, retyped("double precision"), ["~ domain d: type"]),
    Case(
        "collation",
        "CREATE DOMAIN d AS text",
        'DROP DOMAIN d; CREATE DOMAIN d AS text COLLATE "C"',
        ["~ domain d: coll"],
    ),
    Case("quoted", 'CREATE SCHEMA "S"', "CREATE DOMAIN \"S\".\"D.é\" AS text DEFAULT 'it''s'", ['+ domain "S"."D.é"']),
    Case("of an array", "SELECT 1", "CREATE DOMAIN d AS text[] CHECK (cardinality(VALUE) > 0)", ["+ domain d"]),
    Case("renamed", USED, "ALTER DOMAIN d RENAME TO e", ["- domain d", "+ domain e"]),
]


@pytest.mark.parametrize("case", CASES, ids=str)
def test_domain(make_database: MakeDatabase, case: Case) -> None:
    assert_round_trip(make_database, case)


def test_an_owner_is_not_schema(make_database: MakeDatabase) -> None:
    assert_no_change(make_database, BEFORE, "ALTER DOMAIN d OWNER TO pg_monitor")
