"""Triggers: each attribute changes, is reported, and is reverted."""

import pytest

from tests.conftest import MakeDatabase
from tests.objects.harness import Case, assert_no_change, assert_round_trip

BEFORE = """
CREATE TABLE t (id int PRIMARY KEY, note text, done boolean);
CREATE FUNCTION f() RETURNS trigger LANGUAGE plpgsql AS $$BEGIN RETURN NEW; END$$;
CREATE FUNCTION g() RETURNS trigger LANGUAGE plpgsql AS $$BEGIN RETURN NEW; END$$;
CREATE TRIGGER tr BEFORE UPDATE ON t FOR EACH ROW EXECUTE FUNCTION f();
COMMENT ON TRIGGER tr ON t IS 'stamps';
CREATE CONSTRAINT TRIGGER late AFTER INSERT ON t DEFERRABLE FOR EACH ROW EXECUTE FUNCTION f();
CREATE TRIGGER moved AFTER UPDATE ON t REFERENCING OLD TABLE AS o NEW TABLE AS n EXECUTE FUNCTION f();
CREATE VIEW v AS SELECT id, note FROM t;
CREATE TRIGGER vtr INSTEAD OF INSERT ON v FOR EACH ROW EXECUTE FUNCTION f();
"""
PARTS = """
CREATE FUNCTION f() RETURNS trigger LANGUAGE plpgsql AS $$BEGIN RETURN NEW; END$$;
CREATE TABLE t (id int, note text) PARTITION BY LIST (id);
CREATE TABLE t1 PARTITION OF t FOR VALUES IN (1);
CREATE TABLE t2 PARTITION OF t FOR VALUES IN (2) PARTITION BY RANGE (note);
CREATE TABLE t2a PARTITION OF t2 FOR VALUES FROM ('a') TO ('b');
CREATE TABLE alone (id int, note text);
CREATE TRIGGER tr AFTER UPDATE ON t FOR EACH ROW EXECUTE FUNCTION f();
COMMENT ON TRIGGER tr ON t IS 'stamps';
CREATE TRIGGER own BEFORE INSERT ON t1 FOR EACH ROW EXECUTE FUNCTION f();
"""
ODD = """
CREATE SCHEMA "From";
CREATE TABLE "From"."select" (id int, "größe" text, "a""b" int);
CREATE FUNCTION "From"."F f"() RETURNS trigger LANGUAGE plpgsql AS $$BEGIN RETURN NEW; END$$;
CREATE TRIGGER "on" BEFORE UPDATE OF "größe", "a""b" ON "From"."select"
    FOR EACH ROW WHEN (OLD."a""b" > 0) EXECUTE FUNCTION "From"."F f"('a''b', '%s', ':x', '1');
"""
CHILDREN = """
CREATE TABLE parent (id int, note text);
CREATE TABLE child () INHERITS (parent);
CREATE FUNCTION f() RETURNS trigger LANGUAGE plpgsql AS $$BEGIN RETURN NEW; END$$;
CREATE TRIGGER tr BEFORE UPDATE ON parent FOR EACH ROW EXECUTE FUNCTION f();
CREATE TRIGGER tr BEFORE UPDATE ON child FOR EACH ROW EXECUTE FUNCTION f();
"""


def replaced(definition: str) -> str:
    return f"CREATE OR REPLACE TRIGGER tr {definition} EXECUTE FUNCTION f()"


CASES = [
    Case("added", BEFORE, "CREATE TRIGGER other AFTER INSERT ON t EXECUTE FUNCTION f()", ["+ trigger other on t"]),
    Case("dropped", BEFORE, "DROP TRIGGER tr ON t", ["- trigger tr on t", "- comment"]),
    Case("renamed", BEFORE, "ALTER TRIGGER tr ON t RENAME TO x", ["- trigger tr on t", "+ trigger x on t"]),
    Case("disabled", BEFORE, "ALTER TABLE t DISABLE TRIGGER tr", ["~ trigger tr on t: state ENABLE -> DISABLE"]),
    Case("all disabled", BEFORE, "ALTER TABLE t DISABLE TRIGGER USER", ["~ trigger tr on t: state", "~ trigger late"]),
    Case("on replicas", BEFORE, "ALTER TABLE t ENABLE REPLICA TRIGGER tr", ["~ trigger tr on t: state"]),
    Case("always", BEFORE, "ALTER TABLE t ENABLE ALWAYS TRIGGER tr", ["~ trigger tr on t: state"]),
    Case(
        "enabled", BEFORE + "ALTER TABLE t DISABLE TRIGGER tr", "ALTER TABLE t ENABLE TRIGGER tr", ["~ trigger tr on t"]
    ),
    Case(
        "a disabled one changed",
        BEFORE + "ALTER TABLE t DISABLE TRIGGER tr",
        replaced("AFTER DELETE ON t FOR EACH ROW"),
        ["~ trigger tr on t: definition"],
    ),
    Case("WHEN", BEFORE, replaced("BEFORE UPDATE ON t FOR EACH ROW WHEN (OLD.done)"), ["~ trigger tr on t: def"]),
    Case("columns", BEFORE, replaced("BEFORE UPDATE OF note ON t FOR EACH ROW"), ["~ trigger tr on t: definition"]),
    Case("timing", BEFORE, replaced("AFTER UPDATE ON t FOR EACH ROW"), ["~ trigger tr on t: definition"]),
    Case("events", BEFORE, replaced("BEFORE UPDATE OR INSERT ON t FOR EACH ROW"), ["~ trigger tr on t: definition"]),
    Case("TRUNCATE", BEFORE, "CREATE TRIGGER x BEFORE TRUNCATE ON t EXECUTE FUNCTION f()", ["+ trigger x on t"]),
    Case("level", BEFORE, replaced("BEFORE UPDATE ON t FOR EACH STATEMENT"), ["~ trigger tr on t: definition"]),
    Case(
        "function",
        BEFORE,
        "CREATE OR REPLACE TRIGGER tr BEFORE UPDATE ON t FOR EACH ROW EXECUTE FUNCTION g()",
        ["~ trigger tr on t: definition"],
    ),
    Case(
        "arguments",
        BEFORE,
        "CREATE OR REPLACE TRIGGER tr BEFORE UPDATE ON t FOR EACH ROW EXECUTE FUNCTION f('a', 'it''s', '%s :x')",
        ["~ trigger tr on t: definition"],
    ),
    Case(
        "transition tables",
        BEFORE,
        "CREATE OR REPLACE TRIGGER moved AFTER UPDATE ON t REFERENCING NEW TABLE AS n EXECUTE FUNCTION f()",
        ["~ trigger moved on t: definition"],
    ),
    Case(
        "constraint trigger deferred",
        BEFORE,
        "DROP TRIGGER late ON t; CREATE CONSTRAINT TRIGGER late AFTER INSERT ON t DEFERRABLE INITIALLY DEFERRED"
        " FOR EACH ROW EXECUTE FUNCTION f()",
        ["~ trigger late on t: definition"],
    ),
    Case(
        "constraint trigger of another table",
        BEFORE + "CREATE TABLE other (id int);",
        "DROP TRIGGER late ON t; CREATE CONSTRAINT TRIGGER late AFTER INSERT ON t FROM other DEFERRABLE"
        " FOR EACH ROW EXECUTE FUNCTION f()",
        ["~ trigger late on t: definition"],
    ),
    Case(
        "no longer a constraint",
        BEFORE,
        "DROP TRIGGER late ON t; CREATE TRIGGER late AFTER INSERT ON t FOR EACH ROW EXECUTE FUNCTION f()",
        ["~ trigger late on t: definition"],
    ),
    Case("on a view", BEFORE, "DROP TRIGGER vtr ON v", ["- trigger vtr on v"]),
    Case(
        "on a view, for statements",
        BEFORE,
        "CREATE TRIGGER x BEFORE UPDATE ON v EXECUTE FUNCTION f()",
        ["+ trigger x on v"],
    ),
    Case(
        "of a function that is renamed",
        BEFORE,
        "ALTER FUNCTION f RENAME TO h",
        ["~ trigger tr on t: definition", "~ trigger vtr on v", "+ function h()"],
    ),
    Case("dropped with its function", BEFORE, "DROP FUNCTION f CASCADE", ["- trigger tr on t", "- trigger vtr on v"]),
    Case("dropped with its table", BEFORE, "DROP TABLE t CASCADE", ["- trigger tr on t", "- view v"]),
    Case(
        "a column that it watches is retyped",
        BEFORE + replaced("BEFORE UPDATE OF note ON t FOR EACH ROW") + ";DROP VIEW v;",
        "DROP TRIGGER tr ON t; ALTER TABLE t ALTER note TYPE varchar(9);"
        + replaced("BEFORE UPDATE OF note ON t FOR EACH ROW")
        + "; COMMENT ON TRIGGER tr ON t IS 'stamps'",
        ["~ column t.note: type"],
    ),
    Case(
        "a column of its WHEN is retyped",
        BEFORE + replaced("BEFORE UPDATE ON t FOR EACH ROW WHEN (OLD.note IS NOT NULL)") + ";DROP VIEW v;"
        "ALTER TABLE t ENABLE ALWAYS TRIGGER tr",
        "DROP TRIGGER tr ON t; ALTER TABLE t ALTER note TYPE varchar(9);",
        ["~ column t.note: type", "- trigger tr on t"],
    ),
    Case(
        "a column that it watches is dropped",
        BEFORE + replaced("BEFORE UPDATE OF done ON t FOR EACH ROW"),
        "ALTER TABLE t DROP done CASCADE",
        ["- trigger tr on t", "- column t.done"],
    ),
    Case(
        "a column that it watches is renamed",
        BEFORE + replaced("BEFORE UPDATE OF done ON t FOR EACH ROW"),
        "ALTER TABLE t RENAME done TO over",
        ["~ trigger tr on t: definition"],
    ),
    Case("odd names", ODD, 'DROP TRIGGER "on" ON "From"."select"', ['- trigger "on" on "From"."select"']),
    Case("odd names, disabled", ODD, 'ALTER TABLE "From"."select" DISABLE TRIGGER "on"', ['~ trigger "on" on "From"']),
    Case("63 bytes", BEFORE, f"CREATE TRIGGER {'ü' * 31} BEFORE DELETE ON t EXECUTE FUNCTION f()", ['+ trigger "üü']),
    Case("inherited by nobody", CHILDREN, "ALTER TABLE parent DISABLE TRIGGER tr", ["~ trigger tr on parent: state"]),
    Case("of a child", CHILDREN, "DROP TRIGGER tr ON child", ["- trigger tr on child"]),
    Case("foreign key's own", BEFORE, "CREATE TABLE u (id int REFERENCES t)", ["+ table u"]),
    Case("partitions", PARTS, "DROP TRIGGER tr ON t", ["- trigger tr on t", "- trigger tr on t2a"]),
    Case(
        "partitions, added", PARTS, "CREATE TRIGGER x BEFORE INSERT ON t FOR EACH ROW EXECUTE FUNCTION f()", ["+ tri"]
    ),
    Case(  # until PostgreSQL 15 this renamed only the parent's trigger
        "partitions, renamed", PARTS, "ALTER TRIGGER tr ON t RENAME TO x", ["- trigger tr on t", "+ trigger x on t"], 15
    ),
    Case("partitions, changed", PARTS, replaced("BEFORE UPDATE ON t FOR EACH ROW"), ["~ trigger tr on t: def"]),
    Case(
        "partitions, disabled",
        PARTS,
        "ALTER TABLE t DISABLE TRIGGER tr",
        ["~ trigger tr on t: s", "~ trigger tr on t1"],
    ),
    Case("one partition disabled", PARTS, "ALTER TABLE t1 DISABLE TRIGGER tr", ["~ trigger tr on t1: state"]),
    Case(
        "a level disabled", PARTS, "ALTER TABLE t2 DISABLE TRIGGER tr", ["~ trigger tr on t2: s", "~ trigger tr on t2a"]
    ),
    Case("only the parent disabled", PARTS, "ALTER TABLE ONLY t DISABLE TRIGGER tr", ["~ trigger tr on t: state"]),
    Case(
        "only the parent disabled, then changed",
        PARTS + "ALTER TABLE ONLY t DISABLE TRIGGER tr;",
        replaced("BEFORE UPDATE ON t FOR EACH ROW"),
        ["~ trigger tr on t: definition"],
    ),
    Case(
        "partitions, for statements", PARTS, "CREATE TRIGGER x AFTER INSERT ON t EXECUTE FUNCTION f()", ["+ trigger x"]
    ),
    Case("partition's own", PARTS, "DROP TRIGGER own ON t1", ["- trigger own on t1"]),
    Case(
        "partition added", PARTS, "CREATE TABLE t3 PARTITION OF t FOR VALUES IN (3)", ["+ trigger tr on t3", "+ table"]
    ),
    Case(
        "partition dropped",
        PARTS + "ALTER TABLE ONLY t DISABLE TRIGGER tr;",
        "DROP TABLE t1",
        ["- trigger tr on t1", "- trigger own on t1", "- table t1"],
    ),
    Case("partition detached", PARTS, "ALTER TABLE t DETACH PARTITION t1", ["- trigger tr on t1", "~ table t1"]),
    Case(
        "partition attached", PARTS, "ALTER TABLE t ATTACH PARTITION alone FOR VALUES IN (9)", ["+ trigger tr on alone"]
    ),
    Case(
        "a copy for one partition only",
        PARTS,
        "DROP TRIGGER tr ON t; CREATE TRIGGER tr AFTER UPDATE ON t1 FOR EACH ROW EXECUTE FUNCTION f()",
        ["- trigger tr on t", "~ trigger tr on t1: inherited yes -> no"],
    ),
    Case(
        "partitions, their function is replaced by another",
        PARTS,
        "DROP FUNCTION f CASCADE; CREATE FUNCTION f() RETURNS trigger LANGUAGE plpgsql AS $$BEGIN RETURN OLD; END$$;",
        ["- trigger tr on t", "- trigger own on t1", "~ function f()"],
    ),
]


@pytest.mark.parametrize("case", CASES, ids=str)
def test_trigger(make_database: MakeDatabase, case: Case) -> None:
    assert_round_trip(make_database, case)


@pytest.mark.parametrize(
    "change",
    [
        "ALTER TABLE t DISABLE TRIGGER tr; ALTER TABLE t ENABLE TRIGGER tr",
        replaced("BEFORE UPDATE ON public.t FOR EACH ROW WHEN (true)")
        + ";"
        + replaced("BEFORE UPDATE ON public.t FOR EACH ROW"),
    ],
)
def test_no_change(make_database: MakeDatabase, change: str) -> None:
    assert_no_change(make_database, BEFORE, change)
