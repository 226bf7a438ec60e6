"""Aggregates: every option of CREATE AGGREGATE changes, is reported, and is reverted."""

import pytest

from tests.conftest import MakeDatabase
from tests.objects.harness import Case, assert_no_change, assert_round_trip

FUNCTIONS = """
CREATE FUNCTION step(numeric, int) RETURNS numeric IMMUTABLE LANGUAGE sql AS 'SELECT $1 + $2';
CREATE FUNCTION back(numeric, int) RETURNS numeric IMMUTABLE LANGUAGE sql AS 'SELECT $1 - $2';
CREATE FUNCTION final(numeric) RETURNS numeric IMMUTABLE LANGUAGE sql AS 'SELECT $1';
CREATE FUNCTION final(numeric, int) RETURNS numeric IMMUTABLE LANGUAGE sql AS 'SELECT $1';
CREATE FUNCTION as_text(numeric) RETURNS text IMMUTABLE LANGUAGE sql AS 'SELECT $1::text';
CREATE SCHEMA "Ünder";
CREATE FUNCTION "Ünder"."Step"(numeric, int) RETURNS numeric IMMUTABLE LANGUAGE sql AS 'SELECT $1 + $2';
"""
PLAIN = {"sfunc": "step", "stype": "numeric"}
MOVING = PLAIN | {"msfunc": "step", "minvfunc": "back", "mstype": "numeric"}
SERIAL = {"sfunc": "int8_avg_accum", "stype": "internal", "combinefunc": "int8_avg_combine"}
SERIAL |= {"finalfunc": "numeric_poly_avg"}
SERIALS = {"serialfunc": "int8_avg_serialize", "deserialfunc": "int8_avg_deserialize"}
ORDERED = {"sfunc": "ordered_set_transition", "stype": "internal", "finalfunc": "percentile_disc_final"}
RANKS = {"sfunc": "ordered_set_transition_multi", "stype": "internal", "finalfunc": "rank_final"}


def aggregate(head: str, options: dict[str, str]) -> str:
    words = ", ".join(f"{name} = {value}".removesuffix(" = ") for name, value in options.items())
    return f"CREATE OR REPLACE AGGREGATE {head} ({words});"


def change(name: str, before: dict[str, str], given: dict[str, str], attribute: str, head: str = "a(int)") -> Case:
    """A change that adds `given` to the options of an aggregate."""
    names = f"~ aggregate a({'integer' if head == 'a(int)' else 'bigint'}): {attribute}"
    return Case(name, FUNCTIONS + aggregate(head, before), aggregate(head, before | given), [names])


BEFORE = FUNCTIONS + aggregate("a(int)", PLAIN) + "COMMENT ON AGGREGATE a(int) IS 'adds';"
PERCENT = FUNCTIONS + aggregate(
    "pct(float8 ORDER BY anyelement)", ORDERED | {"finalfunc_extra": "", "finalfunc_modify": "read_write"}
)

CASES = [
    Case("added", BEFORE, aggregate("b(text)", {"sfunc": "textcat", "stype": "text"}), ["+ aggregate b(text)"]),
    Case("overloaded", BEFORE, aggregate("a(text)", {"sfunc": "textcat", "stype": "text"}), ["+ aggregate a(text)"]),
    Case("dropped", BEFORE, "DROP AGGREGATE a(int)", ["- aggregate a(integer)", "- comment"]),
    Case("renamed", BEFORE, "ALTER AGGREGATE a(int) RENAME TO z", ["- aggregate a(integer)", "+ aggregate z(integer)"]),
    Case("moved", BEFORE, 'ALTER AGGREGATE a(int) SET SCHEMA "Ünder"', ['+ aggregate "Ünder".a(integer)']),
    change("state function", PLAIN, {"sfunc": "back"}, "state function step -> back"),
    change("in another schema", PLAIN, {"sfunc": '"Ünder"."Step"'}, "state function"),
    change("state size", PLAIN, {"sspace": "64"}, "state size 0 -> 64"),
    change("initial value", PLAIN, {"initcond": "'0'"}, "initial value none -> 0"),
    change("another initial value", PLAIN | {"initcond": "'0'"}, {"initcond": "' 7'"}, "initial value"),
    change("final function", PLAIN, {"finalfunc": "final"}, "final function none -> final"),
    change("final function extra", PLAIN | {"finalfunc": "final"}, {"finalfunc_extra": ""}, "final function extra"),
    change("shareable", PLAIN | {"finalfunc": "final"}, {"finalfunc_modify": "shareable"}, "final function modify"),
    change("read write", PLAIN | {"finalfunc": "final"}, {"finalfunc_modify": "read_write"}, "final function modify"),
    change("combine", PLAIN, {"combinefunc": "numeric_add"}, "combine function none -> numeric_add"),
    change("serial", SERIAL, SERIALS, "serial function none -> int8_avg_serialize", "a(bigint)"),
    change("moving", PLAIN, MOVING, "moving state function none -> step"),
    change("moving state size", MOVING, {"msspace": "9"}, "moving state size"),
    change("moving initial value", MOVING, {"minitcond": "'5'"}, "moving initial value"),
    change("moving final function", MOVING, {"mfinalfunc": "final"}, "moving final function"),
    change(
        "moving final function extra",
        MOVING | {"mfinalfunc": "final"},
        {"mfinalfunc_extra": "", "mfinalfunc_modify": "shareable"},
        "moving final function extra",
    ),
    change("sort operator", PLAIN, {"sortop": "<"}, "sort operator none -> OPERATOR(pg_catalog.<)"),
    change("parallel", PLAIN, {"parallel": "safe"}, "parallel UNSAFE -> SAFE"),
    change("parallel restricted", PLAIN, {"parallel": "restricted"}, "parallel"),
    Case(
        "returns something else",
        BEFORE + "CREATE VIEW v AS SELECT a(n) FROM generate_series(1, 3) AS n;",
        "DROP AGGREGATE a(int) CASCADE;" + aggregate("a(int)", PLAIN | {"finalfunc": "as_text"}),
        ["~ aggregate a(integer): returns numeric -> text", "- view v"],
    ),
    Case(
        "argument named",
        BEFORE,
        "DROP AGGREGATE a(int);" + aggregate("a(n int)", PLAIN),
        ["~ aggregate a(integer): arguments"],
    ),
    Case("ordered-set", FUNCTIONS, PERCENT.removeprefix(FUNCTIONS), ["+ aggregate pct(double precision,anyelement)"]),
    Case("ordered-set dropped", PERCENT, "DROP ROUTINE pct", ["- aggregate pct(double precision,anyelement)"]),
    Case(
        "variadic ordered-set",
        FUNCTIONS,
        aggregate('r(VARIADIC "any" ORDER BY VARIADIC "any")', RANKS | {"finalfunc_extra": ""}),
        ["+ aggregate r("],
    ),
    Case(
        "hypothetical-set",
        FUNCTIONS + aggregate('r(VARIADIC "any" ORDER BY VARIADIC "any")', RANKS | {"finalfunc_extra": ""}),
        "DROP ROUTINE r;"
        + aggregate('r(VARIADIC "any" ORDER BY VARIADIC "any")', RANKS | {"finalfunc_extra": "", "hypothetical": ""}),
        ["~ aggregate r("],
    ),
    Case(
        "variadic",
        FUNCTIONS,
        "CREATE FUNCTION more(int[], VARIADIC int[]) RETURNS int[] IMMUTABLE LANGUAGE sql AS 'SELECT $1 || $2';"
        + aggregate("f(VARIADIC int[])", {"sfunc": "more", "stype": "int[]"}),
        ["+ aggregate f(integer[])"],
    ),
    Case(
        "of no arguments",
        FUNCTIONS + aggregate("n(*)", {"sfunc": "int8inc", "stype": "bigint", "initcond": "'0'"}),
        "DROP AGGREGATE n(*)",
        ["- aggregate n()"],
    ),
    Case(
        "odd names",
        FUNCTIONS,
        "CREATE FUNCTION two(text, text, text) RETURNS text IMMUTABLE LANGUAGE sql AS 'SELECT $1 || $2 || $3';"
        + aggregate('"Ünder"."select"("Value" text, "between" text)', {"sfunc": "two", "stype": "text"}),
        ['+ aggregate "Ünder"."select"(text,text)'],
    ),
    Case(
        "its function changes what it returns",
        BEFORE + aggregate("t(int)", PLAIN | {"finalfunc": "as_text"}),
        "DROP FUNCTION as_text CASCADE;"
        "CREATE FUNCTION as_text(numeric) RETURNS varchar IMMUTABLE LANGUAGE sql AS 'SELECT $1::text';"
        + aggregate("t(int)", PLAIN | {"finalfunc": "as_text"}),
        ["~ aggregate t(integer): returns", "~ function as_text(numeric): returns"],
    ),
    Case(
        "replaced by a function",
        BEFORE,
        "DROP AGGREGATE a(int); CREATE FUNCTION a(int) RETURNS int LANGUAGE sql AS 'SELECT 1'",
        ["- aggregate a(integer)", "+ function a(integer)"],
    ),
]


@pytest.mark.parametrize("case", CASES, ids=str)
def test_aggregate(make_database: MakeDatabase, case: Case) -> None:
    assert_round_trip(make_database, case)


def test_no_change(make_database: MakeDatabase) -> None:
    assert_no_change(make_database, BEFORE, aggregate("a(int)", PLAIN | {"finalfunc_modify": "read_only"}))
