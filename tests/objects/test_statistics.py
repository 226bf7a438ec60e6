"""Extended statistics: each attribute changes, is reported, and is reverted."""

import pytest

from tests.conftest import MakeDatabase
from tests.objects.harness import Case, assert_no_change, assert_round_trip

BEFORE = """
CREATE SCHEMA "Ünder";
CREATE TABLE t (id int PRIMARY KEY, a int, b int, c varchar(20), d timestamp);
CREATE TABLE "Ünder"."select" ("Order" int, "größe" text);
CREATE STATISTICS s ON a, b FROM t;
COMMENT ON STATISTICS s IS 'a tells b';
CREATE STATISTICS "Ünder"."S" (dependencies) ON "Order", "größe" FROM "Ünder"."select";
CREATE STATISTICS aimed (ndistinct) ON a, c FROM t;
ALTER STATISTICS aimed SET STATISTICS 500;
"""


def again(what: str) -> str:
    return f"DROP STATISTICS s; CREATE STATISTICS s {what} FROM t; COMMENT ON STATISTICS s IS 'a tells b'"


CASES = [
    Case("added", BEFORE, "CREATE STATISTICS x ON b, c FROM t", ["+ statistics x"]),
    Case("dropped", BEFORE, "DROP STATISTICS s", ["- statistics s", "- comment"]),
    Case("renamed", BEFORE, "ALTER STATISTICS s RENAME TO ss", ["- statistics s", "+ statistics ss"]),
    Case("moved", BEFORE, 'ALTER STATISTICS s SET SCHEMA "Ünder"', ["- statistics s", '+ statistics "Ünder".s']),
    Case("fewer kinds", BEFORE, again("(ndistinct, mcv) ON a, b"), ["~ statistics s: kinds"]),
    Case("dependencies", BEFORE, again("(dependencies) ON a, b"), ["~ statistics s: kinds"]),
    Case("mcv", BEFORE, again("(mcv) ON a, b"), ["~ statistics s: kinds"]),
    Case("more columns", BEFORE, again("ON a, b, c"), ["~ statistics s: columns"]),
    Case("expression added", BEFORE, again("ON a, b, (a + b)"), ["~ statistics s: expressions"]),
    Case("of one expression", BEFORE, "CREATE STATISTICS x ON (lower(c)) FROM t", ["+ statistics x"]),
    Case("of expressions", BEFORE, "CREATE STATISTICS x ON (a % 10), date_trunc('day', d) FROM t", ["+ statistics x"]),
    Case(
        "another table",
        BEFORE + "CREATE TABLE u (a int, b int);",
        "DROP STATISTICS s; CREATE STATISTICS s ON a, b FROM u",
        ["~ statistics s: table t -> u"],
    ),
    Case("target", BEFORE, "ALTER STATISTICS s SET STATISTICS 100", ["~ statistics s: target none -> 100"]),
    Case("target zero", BEFORE, "ALTER STATISTICS s SET STATISTICS 0", ["~ statistics s: target none -> 0"]),
    Case("no target", BEFORE, "ALTER STATISTICS aimed SET STATISTICS -1", ["~ statistics aimed: target 500 -> none"]),
    Case(
        "target stays when a column is retyped",
        BEFORE + "COMMENT ON STATISTICS aimed IS 'well'",
        "ALTER TABLE t ALTER a TYPE bigint; ALTER STATISTICS aimed SET STATISTICS 500",
        ["~ column t.a: type integer -> bigint"],
    ),
    Case("odd names", BEFORE, 'DROP STATISTICS "Ünder"."S"', ['- statistics "Ünder"."S"']),
    Case("dropped with a column", BEFORE, "ALTER TABLE t DROP a CASCADE", ["- statistics s", "- column t.a"]),
    Case("dropped with the table", BEFORE, "DROP TABLE t", ["- statistics s", "- table t"]),
    Case("a column is renamed", BEFORE, "ALTER TABLE t RENAME a TO aa", ["~ statistics s: columns"]),
    Case("a column is retyped", BEFORE, "ALTER TABLE t ALTER c TYPE text", ["~ column t.c: type"]),
    Case(
        "a function that it uses returns something else",
        BEFORE
        + "CREATE FUNCTION f(int) RETURNS int IMMUTABLE LANGUAGE sql AS 'SELECT 1';"
        + "CREATE STATISTICS x ON f(a), b FROM t; ALTER STATISTICS x SET STATISTICS 5;",
        "DROP FUNCTION f CASCADE; CREATE FUNCTION f(int) RETURNS bigint IMMUTABLE LANGUAGE sql AS 'SELECT 1'",
        ["~ function f(integer): returns", "- statistics x"],
    ),
    Case(
        "on a partitioned table and a materialized view",
        BEFORE
        + "CREATE TABLE p (a int, b int) PARTITION BY LIST (a); CREATE MATERIALIZED VIEW m AS SELECT a, b FROM t;",
        "CREATE STATISTICS ps ON a, b FROM p; CREATE STATISTICS ms ON a, b FROM m",
        ["+ statistics ps", "+ statistics ms"],
    ),
]


@pytest.mark.parametrize("case", CASES, ids=str)
def test_statistics(make_database: MakeDatabase, case: Case) -> None:
    assert_round_trip(make_database, case)


@pytest.mark.parametrize(
    "change",
    [
        "INSERT INTO t SELECT n, n, n FROM generate_series(1, 100) AS n; ANALYZE t",
        again("(mcv, ndistinct, dependencies) ON b, a"),
    ],
)
def test_no_change(make_database: MakeDatabase, change: str) -> None:
    assert_no_change(make_database, BEFORE, change)
