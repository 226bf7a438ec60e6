"""Casts: each attribute changes, is reported, and is reverted."""

import pytest

from tests.conftest import MakeDatabase
from tests.objects.harness import Case, assert_round_trip

BEFORE = """
CREATE TYPE mood AS ENUM ('sad', 'happy');
CREATE TYPE "Pair" AS (a int);
CREATE DOMAIN number AS int;
CREATE FUNCTION to_number(mood) RETURNS int LANGUAGE sql IMMUTABLE RETURN 1;
CREATE FUNCTION number_of(mood) RETURNS int LANGUAGE sql IMMUTABLE RETURN 2;
CREATE CAST (mood AS int) WITH FUNCTION to_number(mood);
CREATE CAST (mood AS text) WITH INOUT AS IMPLICIT;
CREATE TABLE t (m mood);
CREATE VIEW v AS SELECT m::int AS n FROM t;
"""


def _recreated(cast: str) -> str:
    return f"DROP VIEW v; DROP CAST (mood AS int); CREATE CAST {cast}; CREATE VIEW v AS SELECT m::int AS n FROM t"


CASES = [
    Case("added", BEFORE, "CREATE CAST (text AS mood) WITH INOUT AS ASSIGNMENT", ["+ cast (text AS mood)"]),
    Case("of a row", BEFORE, 'CREATE CAST ("Pair" AS varchar) WITH INOUT', ['+ cast ("Pair" AS character varying)']),
    Case(
        "binary",
        BEFORE,
        "CREATE CAST (date AS int) WITHOUT FUNCTION",
        ["+ cast (date AS integer)"],
    ),
    Case("dropped", BEFORE, "DROP CAST (mood AS text)", ["- cast (mood AS text)"]),
    Case("dropped under a view", BEFORE, "DROP CAST (mood AS int)", ["- cast (mood AS integer)"]),
    Case(
        "function",
        BEFORE,
        _recreated("(mood AS int) WITH FUNCTION number_of(mood)"),
        ["~ cast (mood AS integer): method"],
    ),
    Case(
        "context",
        BEFORE,
        _recreated("(mood AS int) WITH FUNCTION to_number(mood) AS ASSIGNMENT"),
        ["~ cast (mood AS integer): context explicit -> AS ASSIGNMENT"],
    ),
    Case("method", BEFORE, _recreated("(mood AS int) WITH INOUT"), ["~ cast (mood AS integer): method"]),
    Case(
        "context of another",
        BEFORE,
        "DROP CAST (mood AS text); CREATE CAST (mood AS text) WITH INOUT",
        ["~ cast (mood AS text): context"],
    ),
]


@pytest.mark.parametrize("case", CASES, ids=str)
def test_cast(make_database: MakeDatabase, case: Case) -> None:
    assert_round_trip(make_database, case)
