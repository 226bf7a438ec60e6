"""Range types: each option, without and with columns of the type."""

import pytest

from tests.conftest import MakeDatabase
from tests.objects.harness import Case, assert_no_change, assert_round_trip

BEFORE = "CREATE TYPE r AS RANGE (SUBTYPE = float8)"
USE = "CREATE TABLE t (r r, rs r[], m r_multirange); CREATE FUNCTION f(r) RETURNS bool LANGUAGE sql AS 'SELECT true';"
USE = (
    USE.replace("r_multirange", "rm")
    + "CREATE INDEX t_r ON t USING gist (r); INSERT INTO t VALUES ('[1,2)', '{\"[3,4]\"}', '{[1,2)}')"
)
FUNCTION = "CREATE FUNCTION less(float8, float8) RETURNS float8 IMMUTABLE LANGUAGE sql AS 'SELECT $1 - $2';"


def again(options: str) -> str:
    return f"DROP TYPE IF EXISTS r CASCADE; CREATE TYPE r AS RANGE ({options})"


CASES = [
    Case("added", "SELECT 1", BEFORE, ["+ range type r"]),
    Case("dropped", BEFORE, "DROP TYPE r", ["- range type r"]),
    Case("subtype", BEFORE, again("SUBTYPE = float4"), ["~ range type r: subtype double precision -> real"]),
    Case("multirange", BEFORE, again("SUBTYPE = float8, MULTIRANGE_TYPE_NAME = many"), ["~ range type r: multirange"]),
    Case("multirange renamed", BEFORE, "ALTER TYPE r_multirange RENAME TO many", ["~ range type r: multirange"]),
    Case(
        "difference",
        BEFORE,
        f"{FUNCTION} {again('SUBTYPE = float8, SUBTYPE_DIFF = less')}",
        ["~ range type r: subtype diff"],
    ),
    Case(
        "operator class",
        again("SUBTYPE = text"),
        again("SUBTYPE = text, SUBTYPE_OPCLASS = text_pattern_ops"),
        ["~ range type r: operator class"],
    ),
    Case("collation", again("SUBTYPE = text"), again('SUBTYPE = text, COLLATION = "C"'), ["~ range type r: collation"]),
    Case("quoted", 'CREATE SCHEMA "S"', 'CREATE TYPE "S"."R.é" AS RANGE (SUBTYPE = int)', ['+ range type "S"."R.é"']),
    Case("renamed", BEFORE, "ALTER TYPE r RENAME TO q", ["- range type r", "+ range type q"]),
    Case(
        "renamed in use",
        "CREATE TYPE r AS RANGE (SUBTYPE = float8, MULTIRANGE_TYPE_NAME = rm);"
        "CREATE TABLE t (r r, rs r[]); INSERT INTO t VALUES ('[1,2)', '{\"[3,4]\"}')",
        "ALTER TYPE r RENAME TO q",
        ["- range type r", "+ range type q", "~ column t.r: type r -> q"],
    ),
    Case(
        "multirange renamed in use",
        f"CREATE TYPE r AS RANGE (SUBTYPE = float8, MULTIRANGE_TYPE_NAME = rm); {USE}",
        "ALTER TYPE rm RENAME TO many",
        ["~ range type r: multirange"],
    ),
    Case(
        "in use",
        f"CREATE TYPE r AS RANGE (SUBTYPE = float8, MULTIRANGE_TYPE_NAME = rm); {USE}",
        f"{FUNCTION} DROP TABLE t;"
        + again("SUBTYPE = float8, MULTIRANGE_TYPE_NAME = rm, SUBTYPE_DIFF = less")
        + f"; {USE}",
        ["~ range type r: subtype diff"],
    ),
    Case(
        "subtype in use",
        f"CREATE TYPE r AS RANGE (SUBTYPE = float8, MULTIRANGE_TYPE_NAME = rm); {USE}",
        "DROP TABLE t;" + again("SUBTYPE = float4, MULTIRANGE_TYPE_NAME = rm") + f"; {USE}",
        ["~ range type r: subtype"],
    ),
]


@pytest.mark.parametrize("case", CASES, ids=str)
def test_range_type(make_database: MakeDatabase, case: Case) -> None:
    assert_round_trip(make_database, case)


def test_an_owner_is_not_schema(make_database: MakeDatabase) -> None:
    assert_no_change(make_database, BEFORE, "ALTER TYPE r OWNER TO pg_monitor")
