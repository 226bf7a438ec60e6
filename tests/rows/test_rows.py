"""Generated rows for the proof of a revision: each table gets some if possible, and all others are reported."""

from dataclasses import dataclass

import pytest
from sqlalchemy import URL, text

from tests.objects.harness import apply, catalog
from tests.support.connections import connected
from whisper_migrate.rows.fill import fill


@dataclass(frozen=True)
class Case:
    """SQL that creates table t, a condition for each of its rows or for one of them, and the number of rows."""

    name: str
    sql: str
    holds: tuple[str, ...] = ()
    least: int = 2

    def __str__(self) -> str:
        return self.name


FILLED = (
    Case("every column may be NULL", "CREATE TABLE t (a integer, b text)", ("a IS NULL", "b IS NULL", "a = 1")),
    Case(
        "integers to their limits",
        "CREATE TABLE t (a smallint, b integer, c bigint NOT NULL)",
        ("a = 32767", "a = -32768", "b = 2147483647", "c = -9223372036854775808", "c = 0"),
    ),
    Case("numbers to their limits",
         "CREATE TABLE t (a numeric(6,2), b numeric)", ("a = 9999.99", "a = -9999.99", "b = 'NaN'")),
    Case(
        "texts",
        "CREATE TABLE t (a text, b varchar(7), c char(2))",
        ("a = ''", "length(a) > 2000", "a ~ '[^[:ascii:]]'", "length(b) = 7", "b = ''", "octet_length(c) = 4"),
    ),
    Case("times", "CREATE TABLE t (a date, b timestamptz)", ("a = 'infinity'", "a = '1970-01-01'", "b = '-infinity'")),
    Case("both booleans", "CREATE TABLE t (a boolean NOT NULL)", ("a", "NOT a")),
    Case("every label",
         "CREATE TYPE m AS ENUM ('a', 'b c', 'd''e'); CREATE TABLE t (a m NOT NULL)", ("a = 'd''e'", "a = 'b c'")),
    Case("arrays",
         "CREATE TABLE t (a text[], b integer[] NOT NULL)", ("a = '{}'", "b = '{NULL}'", "array_length(a, 1) > 3")),
    Case("arrays of labels", "CREATE TYPE m AS ENUM ('a', 'b'); CREATE TABLE t (a m[] NOT NULL)", ("a @> '{a,b}'",)),
    Case("json of any shape",
         "CREATE TABLE t (a json, b jsonb)", ("b = 'null'", "b = '[]'", "a::text ~ '\"a\".*\"a\"'")),
    Case(
        "types of all kinds",
        "CREATE TABLE t (a uuid NOT NULL, b bytea NOT NULL, c inet NOT NULL, d interval NOT NULL, e int4range NOT NULL,"
        " f tstzrange NOT NULL, g time NOT NULL, h bit(3) NOT NULL, i varbit NOT NULL, j money NOT NULL,"
        " k tsvector NOT NULL, l cidr NOT NULL, m macaddr NOT NULL, n point NOT NULL, o double precision NOT NULL,"
        " p name NOT NULL, q tsquery NOT NULL, r numeric(3) NOT NULL, s timestamp(0) NOT NULL, t timetz NOT NULL)",
        ("e = 'empty'", "o = 'NaN'", "r = 999"),
        5,
    ),
    Case("types that are guessed",
         "CREATE TABLE t (a box NOT NULL, b path NOT NULL, c int4multirange, d pg_lsn NOT NULL)"),
    Case(
        "a composite type",
        "CREATE TYPE p AS (x integer, y text); CREATE TABLE t (a p NOT NULL, b p)",
        ("b IS NULL",),
    ),
    Case(
        "domains and their checks",
        "CREATE DOMAIN code AS text CHECK (VALUE ~ '^[A-Z]{2}$') NOT NULL;"
        "CREATE DOMAIN age AS integer CHECK (VALUE > 17);"
        "CREATE TABLE t (a code, b age, c age[])",
        ("b = 18", "a = 'EN'"),
    ),
    Case("a list of words", "CREATE TABLE t (a text NOT NULL CHECK (a IN ('x', 'y z')))", ("a = 'x'", "a = 'y z'")),
    Case("a list of words in varchar",
         "CREATE TABLE t (a varchar(9) NOT NULL CHECK (a IN ('x', 'y z')))", ("a = 'y z'",)),
    Case("not below zero", "CREATE TABLE t (a numeric(8,2) NOT NULL CHECK (a >= 0))", ("a = 0", "a = 999999.99")),
    Case("between two numbers",
         "CREATE TABLE t (a integer NOT NULL CHECK (a BETWEEN 100 AND 200))", ("a = 100", "a = 200")),
    Case("a length", "CREATE TABLE t (a text NOT NULL CHECK (length(a) BETWEEN 60 AND 64))", ("length(a) = 64",)),
    Case("an address", r"CREATE TABLE t (a text NOT NULL CHECK (a ~ '^[^@\s]+@[^@\s]+\.\w+$'))"),
    Case("one after the other", "CREATE TABLE t (a date NOT NULL, b date NOT NULL, CHECK (b > a))"),
    Case("either of two",
         "CREATE TABLE t (a integer, b text, CHECK (num_nonnulls(a, b) = 1))", ("a IS NULL", "b IS NULL")),
    Case("a word that goes with a value",
         "CREATE TABLE t (s text NOT NULL, d date, CHECK ((s = 'done') = (d IS NOT NULL)))"),
    Case("unique", "CREATE TABLE t (a integer PRIMARY KEY, b text UNIQUE NOT NULL, c boolean)", ("b = ''", "c"), 5),
    Case("unique together", "CREATE TABLE t (a boolean NOT NULL, b boolean NOT NULL, PRIMARY KEY (a, b))", (), 3),
    Case("unique by an index", "CREATE TABLE t (a text NOT NULL); CREATE UNIQUE INDEX ON t (lower(a))", (), 4),
    Case("an exclusion", "CREATE TABLE t (a int4range NOT NULL, EXCLUDE USING gist (a WITH &&))", (), 2),
    Case("one of its kind", "CREATE TABLE t (a boolean PRIMARY KEY DEFAULT true CHECK (a))", ("a",), 1),
    Case("computed columns",
         "CREATE TABLE t (a integer, b bigint GENERATED ALWAYS AS (a::bigint * 2) STORED)", ("b = 2",)),
    Case("an identity", "CREATE TABLE t (id integer GENERATED ALWAYS AS IDENTITY PRIMARY KEY)"),
    Case("a serial", "CREATE TABLE t (id serial PRIMARY KEY, a text)"),
    Case("no column", "CREATE TABLE t ()"),
    Case("odd names",
         'CREATE TABLE t ("a, b" integer NOT NULL CHECK ("a, b" > 5), "C""d" text NOT NULL)', ('"a, b" = 6',)),
    Case("a trigger that refuses", "CREATE TABLE t (a integer); CREATE FUNCTION f() RETURNS trigger LANGUAGE plpgsql AS"
         " $$BEGIN RAISE 'no'; END$$; CREATE TRIGGER g BEFORE INSERT ON t FOR EACH ROW EXECUTE FUNCTION f()"),
    Case("parents",
         "CREATE TABLE p (id uuid PRIMARY KEY); CREATE TABLE t (p uuid NOT NULL REFERENCES p, q uuid REFERENCES p)",
         ("p IN (SELECT id FROM p)", "q IS NULL", "q = p")),
    Case("parents' parents, all in one key", "CREATE TABLE o (id integer PRIMARY KEY);"
         "CREATE TABLE p (o integer REFERENCES o, id integer, PRIMARY KEY (o, id));"
         "CREATE TABLE q (o integer REFERENCES o, id integer, PRIMARY KEY (o, id));"
         "CREATE TABLE t (o integer NOT NULL REFERENCES o, p integer NOT NULL, q integer NOT NULL,"
         " FOREIGN KEY (o, p) REFERENCES p, FOREIGN KEY (o, q) REFERENCES q)"),
    Case("two parents that differ", "CREATE TABLE p (id integer PRIMARY KEY);"
         "CREATE TABLE t (a integer NOT NULL REFERENCES p, b integer NOT NULL REFERENCES p, CHECK (a <> b))"),
    Case("one to one",
         "CREATE TABLE p (id integer PRIMARY KEY); CREATE TABLE t (p integer PRIMARY KEY REFERENCES p)", (), 3),
    Case("itself",
         "CREATE TABLE t (id integer PRIMARY KEY, up integer NOT NULL REFERENCES t)", ("id = up", "id <> up")),
    Case("a circle",
         "CREATE TABLE p (id integer PRIMARY KEY); CREATE TABLE t (id integer PRIMARY KEY, p integer NOT NULL"
         " REFERENCES p); ALTER TABLE p ADD t integer REFERENCES t", ()),
    Case("partitions of time", "CREATE TABLE t (at date NOT NULL, a integer) PARTITION BY RANGE (at);"
         "CREATE TABLE t1 PARTITION OF t FOR VALUES FROM ('2031-01-01') TO ('2032-01-01')", ("at = '2031-01-01'",)),
    Case("partitions of a list", "CREATE TABLE t (k text, a integer) PARTITION BY LIST (k);"
         "CREATE TABLE t1 PARTITION OF t FOR VALUES IN ('one', 'two')", ("k = 'two'",)),
    Case("partitions by hash", "CREATE TABLE t (k integer NOT NULL) PARTITION BY HASH (k);"
         "CREATE TABLE t1 PARTITION OF t FOR VALUES WITH (MODULUS 2, REMAINDER 0)"),
)  # fmt: skip


@pytest.mark.parametrize("case", FILLED, ids=str)
def test_a_table_gets_rows(database: URL, case: Case) -> None:
    with connected(database) as connection:
        apply(connection, case.sql)
        found = catalog(connection)
        assert fill(connection, found, ["public.t"], found) == []
        count = connection.scalar(text("SELECT count(*) FROM public.t"))
        assert count is not None and count >= case.least
        for condition in case.holds:
            rows = connection.exec_driver_sql(
                f"SELECT count(*) FROM public.t WHERE {condition}", execution_options={"no_parameters": True}
            ).scalar()
            assert rows, condition
        assert connection.scalar(text("SHOW session_replication_role")) == "origin"


EMPTY = (
    ("nothing fits", "CREATE TABLE t (a integer NOT NULL, CHECK (a > 5 AND a < 3))", "violates check constraint"),
    ("a function knows what",
     "CREATE FUNCTION f(integer) RETURNS boolean LANGUAGE sql IMMUTABLE AS 'SELECT $1 = 987654';"
     "CREATE TABLE t (a integer NOT NULL CHECK (f(a)))", 'violates check constraint "t_a_check"'),
    ("no partition", "CREATE TABLE t (a integer) PARTITION BY LIST (a)", "no partition of relation"),
    ("a rule", "CREATE TABLE t (a integer); CREATE RULE r AS ON INSERT TO t DO INSTEAD NOTHING;"
     "ALTER TABLE t ENABLE ALWAYS RULE r", "a rule or a trigger"),
    ("its parent has none", "CREATE TABLE p (a integer PRIMARY KEY, CHECK (a > 5 AND a < 3));"
     "CREATE TABLE t (a integer NOT NULL REFERENCES p)", "null value in column"),
    ("a circle of NOT NULL", "CREATE TABLE p (id integer PRIMARY KEY);"
     "CREATE TABLE t (id integer PRIMARY KEY, p integer NOT"
     " NULL REFERENCES p); ALTER TABLE p ADD t integer NOT NULL REFERENCES t", "null value in column"),
)  # fmt: skip


@pytest.mark.parametrize(("sql", "said"), [pytest.param(*case[1:], id=case[0]) for case in EMPTY])
def test_a_table_without_rows_is_named(database: URL, sql: str, said: str) -> None:
    with connected(database) as connection:
        apply(connection, sql)
        found = catalog(connection)
        (note,) = fill(connection, found, ["public.t"], found)
        assert note.startswith("t: no row could be made") and said in note
