"""Functions and procedures: each attribute changes, is reported, and is reverted, with all objects that call them."""

import pytest

from tests.conftest import MakeDatabase
from tests.objects.harness import Case, assert_no_change, assert_round_trip

BEFORE = """
CREATE SCHEMA "Ünder";
CREATE TABLE t (id int PRIMARY KEY, note text);
CREATE FUNCTION f(n int) RETURNS int LANGUAGE sql AS 'SELECT n + 1';
COMMENT ON FUNCTION f(int) IS 'one more';
CREATE FUNCTION "Ünder"."Select"("Value" int DEFAULT 7) RETURNS int LANGUAGE sql AS 'SELECT 1';
CREATE FUNCTION many() RETURNS SETOF t LANGUAGE sql AS 'SELECT * FROM public.t';
CREATE PROCEDURE p(n int) LANGUAGE plpgsql AS $$BEGIN DELETE FROM t WHERE id = n; END$$;
"""


def again(signature: str, rest: str, first: str = "") -> str:
    return f"{first}; CREATE OR REPLACE FUNCTION {signature} {rest}"


def body(text: str) -> Case:
    """A body that must be kept byte for byte."""
    name = f"body {text!r}"[:40]
    return Case(name, BEFORE, f"CREATE OR REPLACE FUNCTION f(n int) RETURNS int LANGUAGE plpgsql AS {text}", ["~ func"])


SAME = "AS 'SELECT n + 1' LANGUAGE sql"
DROP_F = "DROP FUNCTION f(int)"

CASES = [
    Case("added", BEFORE, "CREATE FUNCTION g() RETURNS int LANGUAGE sql AS 'SELECT 1'", ["+ function g()"]),
    Case("overloaded", BEFORE, again("f(n text)", "RETURNS int LANGUAGE sql AS 'SELECT 1'"), ["+ function f(text)"]),
    Case("dropped", BEFORE, DROP_F, ["- function f(integer)", "- comment"]),
    Case("renamed", BEFORE, "ALTER FUNCTION f RENAME TO g", ["- function f(integer)", "+ function g(integer)"]),
    Case("moved", BEFORE, 'ALTER FUNCTION f SET SCHEMA "Ünder"', ['+ function "Ünder".f(integer)']),
    Case(
        "language", BEFORE, again("f(n int)", "RETURNS int LANGUAGE plpgsql AS 'BEGIN RETURN 1; END'"), ["~ function f"]
    ),
    Case("stable", BEFORE, "ALTER FUNCTION f STABLE", ["~ function f(integer): volatility VOLATILE -> STABLE"]),
    Case("immutable", BEFORE, "ALTER FUNCTION f IMMUTABLE", ["~ function f(integer): volatility"]),
    Case("strict", BEFORE, "ALTER FUNCTION f STRICT", ["~ function f(integer): strict no -> yes"]),
    Case("security definer", BEFORE, "ALTER FUNCTION f SECURITY DEFINER", ["~ function f(integer): security definer"]),
    Case("leakproof", BEFORE, "ALTER FUNCTION f LEAKPROOF", ["~ function f(integer): leakproof no -> yes"]),
    Case("parallel safe", BEFORE, "ALTER FUNCTION f PARALLEL SAFE", ["~ function f(integer): parallel UNSAFE -> SAFE"]),
    Case("parallel restricted", BEFORE, "ALTER FUNCTION f PARALLEL RESTRICTED", ["~ function f(integer): parallel"]),
    Case("cost", BEFORE, "ALTER FUNCTION f COST 0.5", ["~ function f(integer): cost 100 -> 0.5"]),
    Case("rows", BEFORE, "ALTER FUNCTION many ROWS 7", ["~ function many(): rows 1000 -> 7"]),
    Case("support", BEFORE, "ALTER FUNCTION many SUPPORT generate_series_int4_support", ["~ function many(): support"]),
    Case(
        "SET", BEFORE, "ALTER FUNCTION f SET work_mem = '8MB'", ["~ function f(integer): settings none -> work_mem=8MB"]
    ),
    Case(
        "SET search_path", BEFORE, 'ALTER FUNCTION f SET search_path = pg_catalog, "Ünder"', ["~ function f(integer)"]
    ),
    Case("SET empty search_path", BEFORE, "ALTER FUNCTION f SET search_path = ''", ["~ function f(integer): settings"]),
    Case(
        "SET FROM CURRENT", BEFORE, "SET LOCAL lock_timeout = 7; ALTER FUNCTION f SET lock_timeout FROM CURRENT", ["~"]
    ),
    Case(
        "SET of an extension", BEFORE, "ALTER FUNCTION f SET my.own = 'a, ''b'''", ["~ function f(integer): settings"]
    ),
    Case(
        "RESET", BEFORE + "ALTER FUNCTION f SET work_mem = 64;", "ALTER FUNCTION f RESET ALL", ["~ function f(integer)"]
    ),
    Case(
        "window",
        BEFORE,
        again("f(n int)", "RETURNS int WINDOW LANGUAGE internal AS 'window_ntile'", DROP_F),
        ["~ func"],
    ),
    Case("internal", BEFORE, again("i(int)", "RETURNS int LANGUAGE internal AS 'int4abs'"), ["+ function i(integer)"]),
    Case("a default", BEFORE, again("f(n int DEFAULT 3)", f"RETURNS int {SAME}"), ["~ function f(integer): arguments"]),
    Case(
        "no default",
        BEFORE,
        again(
            '"Ünder"."Select"("Value" int)', "RETURNS int LANGUAGE sql AS 'SELECT 1'", 'DROP FUNCTION "Ünder"."Select"'
        ),
        ['~ function "Ünder"."Select"(integer): arguments'],
    ),
    Case(
        "another default",
        BEFORE,
        again('"Ünder"."Select"("Value" int DEFAULT 8)', "RETURNS int LANGUAGE sql AS 'SELECT 1'"),
        ['~ function "Ünder"."Select"(integer): arguments'],
    ),
    Case(
        "argument renamed",
        BEFORE,
        again("f(m int)", "RETURNS int LANGUAGE sql AS 'SELECT m'", DROP_F),
        ["~ function f"],
    ),
    Case("returns", BEFORE, again("f(n int)", f"RETURNS bigint {SAME}", DROP_F), ["~ function f(integer): returns"]),
    Case("returns a set", BEFORE, again("f(n int)", f"RETURNS SETOF int {SAME}", DROP_F), ["~ function f(integer)"]),
    Case(
        "returns a table",
        BEFORE,
        again(
            "f(n int)", "RETURNS TABLE (a int, \"B c\" text) LANGUAGE sql AS 'SELECT id, note FROM public.t'", DROP_F
        ),
        ["~ function f(integer): returns"],
    ),
    Case(
        "OUT",
        BEFORE,
        again("f(n int, OUT a int, INOUT b text)", "LANGUAGE sql AS $$SELECT 1, ''$$"),
        ["+ function f(i"],
    ),
    Case(
        "variadic", BEFORE, again("v(VARIADIC n int[])", "RETURNS int LANGUAGE sql AS 'SELECT 1'"), ["+ function v(int"]
    ),
    Case(
        "polymorphic", BEFORE, again("v(anyelement, anyarray)", "RETURNS anyelement LANGUAGE sql AS 'SELECT $1'"), ["+"]
    ),
    Case("procedure added", BEFORE, "CREATE PROCEDURE q(INOUT a int) LANGUAGE sql AS 'SELECT 1'", ["+ function q(int"]),
    Case(
        "procedure with OUT",
        BEFORE,
        "CREATE PROCEDURE q(a int, OUT b int) LANGUAGE sql AS 'SELECT 1'",
        ["+ function q"],
    ),
    Case("procedure dropped", BEFORE, "DROP PROCEDURE p", ["- function p(integer)"]),
    Case(
        "procedure changed",
        BEFORE,
        "ALTER PROCEDURE p SECURITY DEFINER SET role = pg_monitor",
        ["~ function p(integer)"],
    ),
    Case(
        "procedure turned into a function",
        BEFORE,
        "DROP PROCEDURE p; CREATE FUNCTION p(n int) RETURNS int LANGUAGE sql AS 'SELECT 1'",
        ["~ function p(integer): type PROCEDURE -> FUNCTION"],
    ),
    Case(
        "body BEGIN ATOMIC",
        BEFORE,
        again("f(n int)", "RETURNS int LANGUAGE sql BEGIN ATOMIC SELECT 1; SELECT 2; END"),
        ["~ function f(integer): body"],
    ),
    Case(
        "body RETURN",
        BEFORE,
        again("f(n int)", "RETURNS int LANGUAGE sql RETURN n + 2"),
        ["~ function f(integer): body"],
    ),
    Case(
        "procedure BEGIN ATOMIC",
        BEFORE,
        "CREATE PROCEDURE q() LANGUAGE sql BEGIN ATOMIC DELETE FROM t; END",
        ["+ func"],
    ),
    Case(
        "of a later table",
        BEFORE,
        "CREATE TABLE zz (id int); CREATE VIEW zzz AS SELECT id FROM zz;"
        "CREATE FUNCTION a() RETURNS SETOF int LANGUAGE sql AS 'SELECT id FROM public.zzz'",
        ["+ function a()"],
    ),
    Case(
        "of a later function",
        BEFORE,
        again(
            "a()",
            "RETURNS int LANGUAGE sql AS 'SELECT public.z()'",
            "CREATE FUNCTION z() RETURNS int LANGUAGE sql AS 'SELECT 1'",
        ),
        ["+ function a()", "+ function z()"],
    ),
    Case(
        "of a table that is gone",
        BEFORE,
        "DROP TABLE t CASCADE; CREATE TABLE t (id int, note text, more text);"
        "CREATE FUNCTION many() RETURNS SETOF t LANGUAGE sql AS 'SELECT * FROM public.t'",
        ["+ column t.more"],
    ),
    Case(
        "of a row", BEFORE, again("whole(t)", "RETURNS text LANGUAGE sql AS 'SELECT $1.note'"), ["+ function whole(t)"]
    ),
    Case(
        "of an array of rows",
        BEFORE,
        again("whole(t[])", "RETURNS t LANGUAGE sql AS 'SELECT $1[1]'"),
        ["+ function wh"],
    ),
    body("$x$BEGIN RETURN 5 % 3; -- 100%s %(a)s :name ::int \\:x\r\n END$x$"),
    body("$x$BEGIN\n\tRAISE '$$ $function$ $body$ '' \" \\ %', 1;\n  RETURN 1;\nEND $x$"),
    body("$x$BEGIN\r\n  RETURN 1;   \r\nEND;\r\n\r\n$x$"),
    body('E\'BEGIN RETURN 1; END -- \\u20ac \\\\ """\''),
    body("$x$\n\n\nBEGIN RETURN 1; END\n\n\n$x$"),
]

# Every kind of object that can call a function, so that PostgreSQL refuses to drop it.
CALLED = """
CREATE SEQUENCE ids;
CREATE FUNCTION g(n int) RETURNS int IMMUTABLE LANGUAGE sql AS 'SELECT n + 1';
COMMENT ON FUNCTION g(int) IS 'one more';
CREATE TABLE used (
    id int DEFAULT nextval('ids'), a int DEFAULT g(1) NOT NULL, b int GENERATED ALWAYS AS (g(a)) STORED,
    c int CONSTRAINT positive CHECK (g(c) > 0), d int,
    EXCLUDE USING btree (g(d) WITH =)
);
CREATE INDEX used_g ON used (g(c)) WHERE g(c) > 3;
CREATE INDEX used_b ON used (b);
COMMENT ON INDEX used_g IS 'by g';
COMMENT ON COLUMN used.a IS 'of g';
COMMENT ON COLUMN used.b IS 'computed';
CREATE STATISTICS used_s ON g(c), d FROM used;
CREATE VIEW v AS SELECT id, b, g(a)::int AS g FROM used;
CREATE MATERIALIZED VIEW m AS SELECT g FROM v WHERE g(g) > 1;
CREATE UNIQUE INDEX m_g ON m (g);
CREATE POLICY pol ON used USING (g(a) > 0);
CREATE RULE r AS ON DELETE TO used WHERE g(OLD.a) = 1 DO INSTEAD NOTHING;
CREATE FUNCTION h() RETURNS trigger LANGUAGE plpgsql AS 'BEGIN RETURN NEW; END';
CREATE TRIGGER tr BEFORE UPDATE OF c ON used FOR EACH ROW WHEN (g(NEW.a) > 0) EXECUTE FUNCTION h();
COMMENT ON TRIGGER tr ON used IS 'sometimes';
CREATE FUNCTION step(s int, n int) RETURNS int LANGUAGE sql AS 'SELECT s + n';
CREATE FUNCTION over(n int DEFAULT g(5)) RETURNS int LANGUAGE sql BEGIN ATOMIC SELECT g(n); END;
CREATE AGGREGATE g_all(int) (sfunc = step, stype = int, finalfunc = g);
CREATE DOMAIN good AS int DEFAULT g(2) CONSTRAINT good CHECK (g(VALUE) > 0);
CREATE TABLE parted (a int DEFAULT g(3), x good) PARTITION BY LIST (a);
CREATE TABLE part PARTITION OF parted FOR VALUES IN (1);
"""
OPERATOR = "CREATE OPERATOR #+# (FUNCTION = g, RIGHTARG = int); CREATE VIEW plus AS SELECT #+# 1 AS n;"


@pytest.mark.parametrize("case", CASES, ids=str)
def test_function(make_database: MakeDatabase, case: Case) -> None:
    assert_round_trip(make_database, case)


@pytest.mark.parametrize("more", ["", OPERATOR], ids=["used", "and by an operator"])
def test_return_type_of_a_function_in_use(make_database: MakeDatabase, more: str) -> None:
    """Objects that call the function are dropped and re-created unchanged."""
    head, _, tail = CALLED.partition("CREATE FUNCTION g(n int)")
    g, _, rest = tail.partition("\n")
    new = f"CREATE FUNCTION g(n int){g.replace('RETURNS int', 'RETURNS bigint')}\n{rest}"
    gone = (
        "DROP FUNCTION g(int) CASCADE; DROP TABLE IF EXISTS used, parted CASCADE; DROP DOMAIN IF EXISTS good CASCADE;"
    )
    gone += "DROP ROUTINE h, step; DROP ROUTINE IF EXISTS over;"
    change = gone + new + more
    assert_round_trip(
        make_database, Case("", head + CALLED[len(head) :] + more, change, ["~ function g(integer): returns"])
    )


def test_only_the_function_changes(make_database: MakeDatabase) -> None:
    """All callers are lost: default, check, index, generated column, trigger, view, policy, rule and aggregate."""
    change = "DROP FUNCTION g(int) CASCADE; CREATE FUNCTION g(m int) RETURNS int IMMUTABLE LANGUAGE sql AS 'SELECT 1'"
    named = [
        "~ function g(integer): arguments",
        "- view v",
        "- column used.b",
        "- trigger tr",
        "- policy pol",
        "- rule r",
    ]
    named += [
        "~ column used.a: default",
        "- index used_g",
        "- constraint positive",
        "- statistics used_s",
        "- aggregate",
    ]
    assert_round_trip(make_database, Case("", CALLED, change, named))


@pytest.mark.parametrize(
    "change",
    [
        "CREATE OR REPLACE FUNCTION f(n int4) RETURNS integer AS 'SELECT n + 1' LANGUAGE sql VOLATILE COST 100",
        "ALTER FUNCTION f OWNER TO pg_monitor; ALTER FUNCTION f OWNER TO CURRENT_USER",
        "CREATE FUNCTION pg_temp.mine() RETURNS int LANGUAGE sql AS 'SELECT 1'",
    ],
)
def test_no_change(make_database: MakeDatabase, change: str) -> None:
    assert_no_change(make_database, BEFORE, change)
