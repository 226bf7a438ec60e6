"""Comments: on every kind of object that can have one, with any text, and reverted."""

import pytest

from tests.conftest import MakeDatabase
from tests.objects.harness import Case, assert_no_change, assert_round_trip

BEFORE = """
CREATE SCHEMA app;
CREATE TYPE mood AS ENUM ('sad', 'happy');
CREATE DOMAIN "a on b" AS int CONSTRAINT "c on d" CHECK (VALUE > 0) CONSTRAINT plain CHECK (VALUE < 9);
CREATE TYPE pair AS (x int, "Y" text);
CREATE TYPE span AS RANGE (SUBTYPE = float8);
CREATE COLLATION german (provider = libc, locale = 'C');
CREATE SEQUENCE app.counter;
CREATE TABLE t (
    id int GENERATED ALWAYS AS IDENTITY PRIMARY KEY, "Straße" text NOT NULL, n int,
    CONSTRAINT "n on t" CHECK (n > 0)
);
CREATE INDEX t_n ON t (n);
CREATE STATISTICS t_stats ON id, n FROM t;
CREATE VIEW v AS SELECT id, n FROM t;
CREATE MATERIALIZED VIEW mv AS SELECT id, n FROM t;
CREATE FUNCTION f(a int, VARIADIC b text[]) RETURNS int LANGUAGE sql RETURN 1;
CREATE FUNCTION nothing() RETURNS trigger LANGUAGE plpgsql AS $$BEGIN RETURN NEW; END$$;
CREATE PROCEDURE p(a int, OUT b int) LANGUAGE plpgsql AS $$BEGIN END$$;
CREATE AGGREGATE total(int) (SFUNC = int4pl, STYPE = int);
CREATE AGGREGATE rows(*) (SFUNC = int8inc, STYPE = int8, INITCOND = '0');
CREATE TRIGGER tr BEFORE UPDATE ON t FOR EACH ROW EXECUTE FUNCTION nothing();
CREATE RULE r AS ON DELETE TO t DO NOTHING;
CREATE POLICY mine ON t USING (n = 1);
CREATE FUNCTION on_ddl() RETURNS event_trigger LANGUAGE plpgsql AS $$BEGIN END$$;
CREATE EVENT TRIGGER watch ON sql_drop EXECUTE FUNCTION on_ddl();
CREATE PUBLICATION pub FOR TABLE t;
CREATE FOREIGN DATA WRAPPER wrapper;
CREATE SERVER far FOREIGN DATA WRAPPER wrapper;
CREATE FOREIGN TABLE ft (a int) SERVER far;
CREATE FUNCTION to_int(span) RETURNS int LANGUAGE sql RETURN 1;
CREATE CAST (span AS int) WITH FUNCTION to_int(span);
CREATE FUNCTION same(mood, mood) RETURNS boolean LANGUAGE sql IMMUTABLE RETURN true;
CREATE OPERATOR app.=== (FUNCTION = same, LEFTARG = mood, RIGHTARG = mood);
CREATE OPERATOR FAMILY fam USING btree;
CREATE OPERATOR CLASS cls FOR TYPE int4 USING btree FAMILY fam AS OPERATOR 1 <, FUNCTION 1 btint4cmp(int4, int4);
CREATE TEXT SEARCH CONFIGURATION words (COPY = simple);
CREATE TEXT SEARCH DICTIONARY stems (TEMPLATE = simple);
CREATE TABLE parts (id int, CHECK (id > 0)) PARTITION BY RANGE (id);
CREATE TABLE part PARTITION OF parts FOR VALUES FROM (0) TO (9);
CREATE INDEX parts_id ON parts (id);
CREATE TABLE "select" ("schön" int);
"""

# The word in COMMENT ON -> the word in the report.
ON = {
    "SCHEMA app": "schema app",
    "TYPE mood": "type mood",
    'DOMAIN "a on b"': 'type "a on b"',
    'CONSTRAINT "c on d" ON DOMAIN "a on b"': 'domain constraint "c on d" on "a on b"',
    'CONSTRAINT plain ON DOMAIN "a on b"': 'domain constraint plain on "a on b"',
    "TYPE pair": "type pair",
    'COLUMN pair."Y"': 'composite type column pair."Y"',
    "TYPE span": "type span",
    "COLLATION german": "collation german",
    "SEQUENCE app.counter": "sequence app.counter",
    "SEQUENCE t_id_seq": "sequence t_id_seq",
    "TABLE t": "table t",
    'TABLE "select"': 'table "select"',
    'COLUMN "select"."schön"': 'table column "select"."schön"',
    'COLUMN t."Straße"': 'table column t."Straße"',
    'CONSTRAINT "n on t" ON t': 'table constraint "n on t" on t',
    "CONSTRAINT t_pkey ON t": "table constraint t_pkey on t",
    "INDEX t_pkey": "index t_pkey",
    "INDEX t_n": "index t_n",
    "STATISTICS t_stats": "statistics object t_stats",
    "VIEW v": "view v",
    "COLUMN v.n": "view column v.n",
    "MATERIALIZED VIEW mv": "materialized view mv",
    "COLUMN mv.n": "materialized view column mv.n",
    "FUNCTION f(int, text[])": "function f(",
    "PROCEDURE p(int)": "procedure p(",
    "AGGREGATE total(int)": "aggregate total(",
    "AGGREGATE rows(*)": "aggregate rows(",
    "TRIGGER tr ON t": "trigger tr on t",
    "RULE r ON t": "rule r on t",
    "POLICY mine ON t": "policy mine on t",
    "EVENT TRIGGER watch": "event trigger watch",
    "PUBLICATION pub": "publication pub",
    "FOREIGN DATA WRAPPER wrapper": "foreign-data wrapper wrapper",
    "SERVER far": "server far",
    "FOREIGN TABLE ft": "foreign table ft",
    "COLUMN ft.a": "foreign table column ft.a",
    "CAST (span AS int)": "cast (span AS ",
    "OPERATOR app.=== (mood, mood)": "operator app.===(mood,mood)",
    "OPERATOR FAMILY fam USING btree": "operator family fam USING btree",
    "OPERATOR CLASS cls USING btree": "operator class cls USING btree",
    "TEXT SEARCH CONFIGURATION words": "text search configuration words",
    "TEXT SEARCH DICTIONARY stems": "text search dictionary stems",
    "TABLE part": "table part",
    "COLUMN part.id": "table column part.id",
    "CONSTRAINT parts_id_check ON part": "table constraint parts_id_check on part",
    "INDEX part_id_idx": "index parts_id on partition part",
}

TEXTS = ['It\'s "quoted"', "two\nlines", r"C:\new\table", "100 % :done %s", "🐘 und Größe", "$$ -- /* */", " "]

CASES = [
    *(Case(on, BEFORE, f"COMMENT ON {on} IS 'said'", [f"+ comment {name}"]) for on, name in ON.items()),
    Case("SCHEMA public", "SELECT 1", "COMMENT ON SCHEMA public IS 'ours'", ["~ comment schema public: text"]),
    *(
        Case(
            f"text {number}",
            BEFORE,
            "COMMENT ON TABLE t IS '{}'".format(text.replace("'", "''")),
            ["+ comment table t"],
        )
        for number, text in enumerate(TEXTS)
    ),
    Case(
        "changed",
        BEFORE + "COMMENT ON TABLE t IS 'old'",
        "COMMENT ON TABLE t IS 'new'",
        ["~ comment table t: text old -> new"],
    ),
    Case(
        "dropped",
        BEFORE + "COMMENT ON COLUMN t.n IS 'old'",
        "COMMENT ON COLUMN t.n IS ''",
        ["- comment table column t.n"],
    ),
    *(
        Case(f"on what initdb made: {on}", "SELECT 1", f"COMMENT ON {on} IS 'ours'", [f"+ comment {name}"])
        for on, name in {
            "FUNCTION lower(text)": "function pg_catalog.lower(pg_catalog.text)",
            "TYPE int4": "type integer",
            "COLUMN pg_class.relname": "table column pg_catalog.pg_class.relname",
            "CAST (int4 AS int8)": "cast (integer AS bigint)",
        }.items()
    ),
    Case(
        "on what initdb made, in a database with another plpgsql",
        "DROP EXTENSION plpgsql; CREATE EXTENSION plpgsql",
        "COMMENT ON TYPE int4 IS 'ours'",
        ["+ comment type integer"],
    ),
    Case("of schema public dropped", "SELECT 1", "COMMENT ON SCHEMA public IS NULL", ["- comment schema public"]),
    Case(
        "with its table",
        BEFORE + "COMMENT ON TABLE part IS 'a'; COMMENT ON INDEX part_id_idx IS 'b'; COMMENT ON COLUMN part.id IS 'c'",
        "DROP TABLE parts",
        ["- comment index parts_id on partition part"],
    ),
    Case(
        "stays when its view is rebuilt",
        BEFORE + "COMMENT ON VIEW v IS 'a'; COMMENT ON COLUMN v.n IS 'b'",
        "DROP VIEW v; CREATE VIEW v AS SELECT n FROM t; COMMENT ON VIEW v IS 'a'; COMMENT ON COLUMN v.n IS 'b'",
        ["~ view v"],
    ),
    Case(
        "stays when its column is retyped",
        "CREATE TABLE t (n int); CREATE INDEX t_n ON t (n);COMMENT ON COLUMN t.n IS 'b'; COMMENT ON INDEX t_n IS 'c'",
        "ALTER TABLE t ALTER n TYPE bigint",
        ["~ column t.n: type"],
    ),
    Case(
        "stays when its column is made anew",
        "CREATE TABLE t (n int, m int GENERATED ALWAYS AS (n + 1) STORED); CREATE INDEX t_m ON t (m);"
        "COMMENT ON COLUMN t.m IS 'b'; COMMENT ON INDEX t_m IS 'c'",
        "ALTER TABLE t DROP m; ALTER TABLE t ADD m int GENERATED ALWAYS AS (n + 2) STORED; CREATE INDEX t_m ON t (m);"
        "COMMENT ON COLUMN t.m IS 'b'; COMMENT ON INDEX t_m IS 'c'",
        ["~ column t.m"],
    ),
    Case(
        "of a primary key's index, with the key",
        BEFORE + "COMMENT ON INDEX t_pkey IS 'a'; COMMENT ON CONSTRAINT t_pkey ON t IS 'b'",
        "ALTER TABLE t DROP CONSTRAINT t_pkey",
        ["- comment index t_pkey", "- comment table constraint t_pkey on t"],
    ),
    Case(
        "of a NOT NULL",
        BEFORE,
        "COMMENT ON CONSTRAINT \"t_Straße_not_null\" ON t IS 'said'",
        ['+ comment table constraint "t_Straße_not_null" on t'],
        since=18,
    ),
]


@pytest.mark.parametrize("case", CASES, ids=str)
def test_comment(make_database: MakeDatabase, case: Case) -> None:
    assert_round_trip(make_database, case)


def test_large_objects_are_data(make_database: MakeDatabase) -> None:
    assert_no_change(make_database, "SELECT lo_create(4711)", "COMMENT ON LARGE OBJECT 4711 IS 'ours'")


def test_what_an_extension_brings(make_database: MakeDatabase) -> None:
    assert_no_change(make_database, "CREATE EXTENSION pg_trgm", "COMMENT ON TYPE gtrgm IS 'ours'")
