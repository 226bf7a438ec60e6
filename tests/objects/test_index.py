"""Indexes: every clause and setting changes, is reported, and is reverted."""

from contextlib import closing

import pytest
from psycopg2.errors import UniqueViolation
from sqlalchemy import URL

from tests.conftest import MakeDatabase
from tests.objects.harness import Case, apply, assert_no_change, assert_round_trip, catalog
from tests.support import servers
from tests.support.connections import connected
from whisper_migrate.catalog.describe import line
from whisper_migrate.catalog.model import diff
from whisper_migrate.errors import Failure
from whisper_migrate.planning.plan import plan, statements

BEFORE = """
CREATE EXTENSION pg_trgm;
CREATE SCHEMA app;
CREATE TABLE t (id int PRIMARY KEY, a int, b int, note text, at timestamptz, data jsonb, tags text[], place point);
INSERT INTO t SELECT n, n, n, 'n' || n FROM generate_series(1, 10) AS n;
CREATE INDEX i ON t (a);
CREATE INDEX n ON t (note);
CREATE INDEX e ON t (lower(note), (a + b));
CREATE UNIQUE INDEX u ON t (b);
CREATE TABLE app."Order" ("Group" int, "select" text);
CREATE INDEX "Order ""idx"" 2" ON app."Order" ("select");
CREATE MATERIALIZED VIEW m AS SELECT a, note FROM t;
CREATE UNIQUE INDEX m_a ON m (a);
CREATE FUNCTION twice(int) RETURNS int LANGUAGE sql IMMUTABLE AS 'SELECT $1 * 2';
CREATE INDEX f ON t (twice(a));
COMMENT ON INDEX i IS 'an index';
"""
QUOTED = 'app."Order ""idx"" 2"'


def case(name: str, change: str, *named: str, since: int = 14, before: str = "") -> Case:
    return Case(name, BEFORE + before, change, named, since)


def other(name: str, definition: str, index: str = "i", since: int = 14) -> Case:
    """A change of an index."""
    unique, _, rest = definition.rpartition("ON ")
    change = f"DROP INDEX {index}; CREATE {unique}INDEX {index.rpartition('.')[2]} ON {rest}"
    return case(name, change, f"~ index {index}: definition", since=since)


CASES = [
    case("added", "CREATE INDEX more ON t (a, b)", "+ index more ON t USING btree (a, b)"),
    case("added concurrently, as it were", "CREATE UNIQUE INDEX more ON t (id, a) WHERE b > 0", "+ index more"),
    case("added, quoted", 'CREATE INDEX "User" ON app."Order" ("Group")', '+ index app."User"'),
    case("dropped", "DROP INDEX i", "- index i", "- comment index i"),
    case("dropped, quoted", f"DROP INDEX {QUOTED}", f"- index {QUOTED}"),
    case(
        "dropped, with a long name",
        "DROP INDEX the_longest_name_that_an_index_or_anything_else_may_have_is_th63",
        "- index the_longest",
        before="CREATE INDEX the_longest_name_that_an_index_or_anything_else_may_have_is_th63 ON t (a)",
    ),
    case(
        "dropped under a foreign key",
        "DROP INDEX u CASCADE",
        "- index u",
        "- constraint r_b_fkey on r",
        before="CREATE TABLE r (b int REFERENCES t (b))",
    ),
    case("renamed", "ALTER INDEX i RENAME TO j", "- index i", "+ index j"),
    other("method", "t USING hash (a)"),
    other("method brin", "t USING brin (a) WITH (pages_per_range = 16)"),
    other("method gin", "t USING gin (data jsonb_path_ops)"),
    other("method gist", "t USING gist (place)"),
    other("other columns", "t (b)"),
    other("order of columns", "t (b, a)"),
    other("expression", "t (lower(note))", "n"),
    other("other expression", "t (upper(note), (a - b))", "e"),
    other("expression of JSON", "t ((data ->> 'key'), ((data -> 'n')::int))", "e"),
    other("expression of text search", "t USING gin (to_tsvector('english', note))", "e"),
    other("opclass", "t (note text_pattern_ops)", "n"),
    other("opclass of an extension", "t USING gin (note gin_trgm_ops)", "n"),
    other("opclass options", "t USING gist (note gist_trgm_ops(siglen = 32))", "n"),
    other("collation", 't (note COLLATE "C")', "n"),
    other("descending", "t (a DESC)"),
    other("nulls", "t (a NULLS FIRST)"),
    other("descending with nulls", "t (a DESC NULLS LAST)"),
    other("INCLUDE", "t (a) INCLUDE (b, note)"),
    other("predicate", "t (a) WHERE note IS NOT NULL AND b > 3"),
    other("unique", "UNIQUE ON t (a)"),
    other("not unique", "t (b)", "u"),
    other("NULLS NOT DISTINCT", "UNIQUE ON t (b) NULLS NOT DISTINCT", "u", since=15),
    other("quoted", 'app."Order" ("Group", "select" DESC)', QUOTED),
    other("of a materialized view", "UNIQUE ON m (a, note)", "m_a"),
    case("storage parameter", "ALTER INDEX i SET (fillfactor = 70)", "~ index i: definition"),
    case(
        "storage parameter no more",
        "ALTER INDEX i RESET (deduplicate_items)",
        "~ index i: definition",
        before="ALTER INDEX i SET (deduplicate_items = off)",
    ),
    case("clustered", "ALTER TABLE t CLUSTER ON i", "~ index i: clustered no -> yes"),
    case(
        "clustered on another",
        "ALTER TABLE t CLUSTER ON n",
        "~ index i: clustered",
        "~ index n: clustered",
        before="ALTER TABLE t CLUSTER ON i",
    ),
    case(
        "clustered on a constraint's",
        "ALTER TABLE t CLUSTER ON t_pkey",
        "~ index i: clustered",
        "~ constraint t_pkey on t: clustered",
        before="ALTER TABLE t CLUSTER ON i",
    ),
    case(
        "clustered no more",
        "ALTER TABLE t SET WITHOUT CLUSTER",
        "~ index i: clustered yes -> no",
        before="ALTER TABLE t CLUSTER ON i",
    ),
    case(
        "changed while clustered",
        "DROP INDEX i; CREATE INDEX i ON t (a, b); ALTER TABLE t CLUSTER ON i",
        "~ index i: definition",
        before="ALTER TABLE t CLUSTER ON i",
    ),
    case("clustered materialized view", "ALTER MATERIALIZED VIEW m CLUSTER ON m_a", "~ index m_a: clustered"),
    case("clustered, quoted", 'ALTER TABLE app."Order" CLUSTER ON "Order ""idx"" 2"', f"~ index {QUOTED}: clustered"),
    case(
        "statistics",
        "ALTER INDEX e ALTER 1 SET STATISTICS 100; ALTER INDEX e ALTER 2 SET STATISTICS 0",
        "~ index e: statistics none -> 1=100, 2=0",
    ),
    case(
        "statistics no more",
        "ALTER INDEX e ALTER 1 SET STATISTICS -1",
        "~ index e: statistics",
        before="ALTER INDEX e ALTER 1 SET STATISTICS 100",
    ),
    case("function under an index", "DROP FUNCTION twice CASCADE", "- index f", "- function"),
    case("materialized view dropped", "DROP MATERIALIZED VIEW m", "- index m_a"),
    case(
        "materialized view changed",
        "DROP MATERIALIZED VIEW m; CREATE MATERIALIZED VIEW m AS SELECT a FROM t; CREATE UNIQUE INDEX m_a ON m (a)",
        "~ materialized view m",
    ),
]


@pytest.mark.parametrize("case", CASES, ids=str)
def test_index(make_database: MakeDatabase, case: Case) -> None:
    assert_round_trip(make_database, case)


@pytest.mark.parametrize(
    "change", ["REINDEX INDEX i", "CLUSTER t USING i; ALTER TABLE t SET WITHOUT CLUSTER", "REFRESH MATERIALIZED VIEW m"]
)
def test_not_schema(make_database: MakeDatabase, change: str) -> None:
    assert_no_change(make_database, BEFORE, change)


def test_invalid(make_database: MakeDatabase) -> None:
    """An index that CREATE INDEX CONCURRENTLY left invalid is reported and rebuilt; no plan creates an invalid one."""
    url = make_database()
    with connected(url) as connection:
        apply(connection, BEFORE)
        clean = catalog(connection)
        with closing(servers.connect(url)) as autocommitting, autocommitting.cursor() as cursor:
            cursor.execute("DROP INDEX n; INSERT INTO t VALUES (11, 1, 11, 'n1')")
            with pytest.raises(UniqueViolation):
                cursor.execute("CREATE UNIQUE INDEX CONCURRENTLY failed ON t (note)")
            with pytest.raises(UniqueViolation):
                cursor.execute("CREATE UNIQUE INDEX CONCURRENTLY n ON t (note)")
        drifted = catalog(connection)
        lines = [line(change) for change in diff(clean, drifted)]
        assert any(found.startswith("+ index failed") for found in lines), lines
        assert any(found.startswith("~ index n: definition") and "invalid no -> yes" in found for found in lines), lines
        with pytest.raises(Failure, match="invalid"):
            plan(clean, drifted)
        apply(connection, *statements(plan(drifted, clean)))
        assert [line(change) for change in diff(catalog(connection), clean)] == []


# The inspection prints simple indexes without pg_get_indexdef(); all definitions must equal that function's.
SPELLED = """
CREATE COLLATION other (provider = libc, locale = 'C');
CREATE DOMAIN short AS varchar(9);
CREATE TYPE mood AS ENUM ('glad', 'sad');
CREATE SCHEMA "Odd one";
CREATE TABLE "Odd one"."T 1" (
    "select" integer, "A b" text, c varchar(9), d short, e mood, f integer[], g char(3), h name, i jsonb, j timestamptz,
    k text COLLATE "C", l numeric(4, 2), m oid, n boolean, o uuid, p bytea, q inet, r int4range, s "char"
);
CREATE TABLE parted (a integer, b text) PARTITION BY LIST (a);
CREATE TABLE part PARTITION OF parted FOR VALUES IN (1);
CREATE INDEX ON parted (a, b DESC);
CREATE MATERIALIZED VIEW seen AS SELECT 1 AS a, 'x'::text AS b;
CREATE INDEX "I 1" ON seen (b, a)
"""
COLUMNS = ["select", "A b", *"cdefghijklmnopqrs"]
KEYS = [
    *(f'"{column}"{order}' for column in COLUMNS for order in ("", " DESC", " NULLS FIRST", " DESC NULLS LAST")),
    *('"A b", c DESC, "select"', "c varchar_ops", '"A b" text_pattern_ops', "c COLLATE other", 'k COLLATE "default"'),
    *(
        "lower(c)",
        "c, lower(c)",
        "j) INCLUDE (c",
        "m) WITH (fillfactor = 70",
        "c) WHERE (c > 'b' AND n",
        "g bpchar_pattern_ops",
    ),
]
OWN_CLASS = """
CREATE OPERATOR CLASS own DEFAULT FOR TYPE varchar USING btree AS
OPERATOR 1 < (text, text), OPERATOR 2 <= (text, text), OPERATOR 3 = (text, text), OPERATOR 4 >= (text, text),
OPERATOR 5 > (text, text), FUNCTION 1 (varchar, varchar) bttextcmp(text, text)
"""


@pytest.mark.parametrize("unique, own", [("", ""), ("UNIQUE ", ""), ("", OWN_CLASS)], ids=["", "unique", "own class"])
def test_spelled_as_postgresql_spells_them(database: URL, unique: str, own: str) -> None:
    with connected(database) as connection:
        apply(connection, SPELLED + ";" + own)
        apply(connection, *(f'CREATE {unique}INDEX ON "Odd one"."T 1" ({keys})' for keys in KEYS))
        apply(connection, 'CREATE INDEX ON "Odd one"."T 1" USING hash (c)')
        connection.exec_driver_sql("SET search_path = ''")
        spelled = connection.exec_driver_sql(
            "SELECT oid::regclass::text, pg_get_indexdef(oid) FROM pg_class WHERE relkind IN ('i', 'I')"
        )
        wanted = dict(spelled.all())
        found = [item for item in catalog(connection) if item.kind == "index"]
        assert len(found) == len(KEYS) + 4
        assert {item.identity: item["definition"] for item in found if not item.called}.items() <= wanted.items()
        nameless = [item["definition"] for item in found if item.called]
        assert nameless == ["CREATE INDEX ON public.part USING btree (a, b DESC)"]
