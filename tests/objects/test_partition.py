"""Partitioned tables and their partitions: keys, bounds, and properties that a partition inherits from its parent."""

from contextlib import closing

import pytest
from psycopg2.errors import QueryCanceled

from tests.conftest import MakeDatabase
from tests.objects.harness import Case, apply, assert_no_change, assert_round_trip, catalog
from tests.support import servers
from tests.support.connections import connected
from whisper_migrate.catalog.describe import line
from whisper_migrate.catalog.model import diff
from whisper_migrate.catalog.sql import run
from whisper_migrate.errors import Failure
from whisper_migrate.planning.plan import plan, statements

BEFORE = """
CREATE SCHEMA parts;
CREATE TABLE ref (id int PRIMARY KEY);
CREATE TABLE p (id int, day date NOT NULL DEFAULT '2026-01-01', note text, ref int, PRIMARY KEY (id, day))
    PARTITION BY RANGE (day);
CREATE TABLE p1 PARTITION OF p FOR VALUES FROM ('2026-01-01') TO ('2026-02-01');
CREATE TABLE parts."p 2" PARTITION OF p (note DEFAULT 'two', CHECK (id > 0))
    FOR VALUES FROM ('2026-02-01') TO ('2026-03-01');
CREATE TABLE rest PARTITION OF p DEFAULT;
CREATE INDEX p_note ON p (note);
INSERT INTO p SELECT n, DATE '2026-01-01' + n, 'x' FROM generate_series(1, 50) AS n;
CREATE TABLE own (day date NOT NULL, id int NOT NULL, note text, ref int);
CREATE TABLE lists (id int, name text) PARTITION BY LIST (name);
CREATE TABLE list_a PARTITION OF lists FOR VALUES IN ('a', 'A', NULL) PARTITION BY HASH (id);
CREATE TABLE list_a0 PARTITION OF list_a FOR VALUES WITH (modulus 2, remainder 0);
CREATE TABLE list_a1 PARTITION OF list_a FOR VALUES WITH (modulus 2, remainder 1);
CREATE TABLE list_b PARTITION OF lists FOR VALUES IN ('b');
CREATE INDEX list_name ON lists (name);
CREATE TABLE points (id int, to_day date, FOREIGN KEY (id, to_day) REFERENCES p);
CREATE FUNCTION f() RETURNS trigger LANGUAGE plpgsql AS $$BEGIN RETURN NEW; END$$;
CREATE TRIGGER tr AFTER INSERT ON p FOR EACH ROW EXECUTE FUNCTION f();
CREATE VIEW v AS SELECT id, note FROM p;
"""


def case(name: str, change: str, *named: str, since: int = 14, before: str = "") -> Case:
    return Case(name, BEFORE + before, change, named, since)


CASES = [
    case(
        "partitioned table added",
        "CREATE TABLE n (id int, at timestamptz DEFAULT now(), PRIMARY KEY (id, at)) PARTITION BY RANGE (at);"
        "CREATE INDEX ON n (at); CREATE TABLE n1 PARTITION OF n DEFAULT PARTITION BY HASH (id);"
        "CREATE TABLE n11 PARTITION OF n1 (CHECK (id > 1)) FOR VALUES WITH (modulus 1, remainder 0)",
        "+ table n",
        "+ table n1",
        "+ table n11",
    ),
    case(
        "partitioned by expressions",
        'CREATE TABLE n (id int, a text) PARTITION BY RANGE ((id / 10), lower(a) COLLATE "C")',
        "+ table n",
    ),
    case(
        "partitioned table dropped",
        "DROP TABLE lists",
        "- table lists",
        "- table list_a",
        "- table list_a1",
        "- index list_name",
    ),
    case("with foreign keys and views dropped", "DROP TABLE p CASCADE", "- table p", "- table p1", "- view v"),
    case(
        "partition added",
        "CREATE TABLE p3 PARTITION OF p FOR VALUES FROM ('2026-04-01') TO ('2026-05-01')",
        "+ table p3",
    ),
    case(
        "partition added with settings of its own",
        "CREATE UNLOGGED TABLE p3 PARTITION OF p (note DEFAULT 'three' NOT NULL, CONSTRAINT big CHECK (id > 100))"
        " FOR VALUES FROM ('2026-04-01') TO ('2026-05-01') WITH (fillfactor = 70);"
        "ALTER TABLE p3 ALTER note SET STATISTICS 20, ALTER note SET STORAGE MAIN; CREATE INDEX p3_own ON p3 (ref)",
        "+ table p3",
        "+ constraint big on p3",
    ),
    case("partition dropped", "ALTER TABLE p DETACH PARTITION p1; DROP TABLE p1", "- table p1"),
    case("partition of partitions dropped", "DROP TABLE list_a", "- table list_a", "- table list_a0"),
    case("default partition dropped", "ALTER TABLE p DETACH PARTITION rest; DROP TABLE rest", "- table rest"),
    case("detached", "ALTER TABLE p DETACH PARTITION p1", "~ table p1: partition bound FOR VALUES FROM"),
    case("detached, quoted", 'ALTER TABLE p DETACH PARTITION parts."p 2"', '~ table parts."p 2": partition bound'),
    case(
        "default partition detached",
        "ALTER TABLE p DETACH PARTITION rest",
        "~ table rest: partition bound DEFAULT -> none",
    ),
    case(
        "partition of partitions detached",
        "ALTER TABLE lists DETACH PARTITION list_a",
        "~ table list_a: partition bound",
    ),
    case(
        "detached and changed",
        "ALTER TABLE p DETACH PARTITION p1; DROP INDEX p1_note_idx;"
        "ALTER TABLE p1 DROP CONSTRAINT p1_pkey, DROP COLUMN ref,"
        "ALTER note SET NOT NULL",
        "~ table p1: partition bound",
        "- index p_note on partition p1",
        "- constraint p_pkey on p, partition p1",
        "- column p1.ref",
    ),
    case(
        "attached",
        "ALTER TABLE p ATTACH PARTITION own FOR VALUES FROM ('2026-06-01') TO ('2026-07-01')",
        "~ table own: partition bound none",
    ),
    case(
        "bound",
        "ALTER TABLE p DETACH PARTITION p1;"
        "ALTER TABLE p ATTACH PARTITION p1 FOR VALUES FROM ('2025-12-01') TO ('2026-02-01')",
        "~ table p1: partition bound",
    ),
    case(
        "bounds change places",
        "ALTER TABLE list_a DETACH PARTITION list_a0; ALTER TABLE list_a DETACH PARTITION list_a1;"
        "ALTER TABLE list_a ATTACH PARTITION list_a0 FOR VALUES WITH (modulus 2, remainder 1);"
        "ALTER TABLE list_a ATTACH PARTITION list_a1 FOR VALUES WITH (modulus 2, remainder 0)",
        "~ table list_a0: partition bound",
        "~ table list_a1: partition bound",
    ),
    case(
        "key",
        "DROP TABLE lists; CREATE TABLE lists (id int, name text) PARTITION BY RANGE (name);"
        "CREATE TABLE list_b PARTITION OF lists FOR VALUES FROM ('b') TO ('c'); CREATE INDEX list_name ON lists (name)",
        "~ table lists: partition key LIST (name) -> RANGE (name)",
    ),
    case(
        "partitioned now",
        "DROP TABLE own;"
        "CREATE TABLE own (day date NOT NULL, id int NOT NULL, note text, ref int) PARTITION BY HASH (id)",
        "~ table own: partition key none -> HASH (id)",
    ),
    case("column added", "ALTER TABLE p ADD COLUMN more int DEFAULT 1", "+ column p.more", "+ column p1.more"),
    case("column dropped", "ALTER TABLE p DROP COLUMN note CASCADE", "- column p.note", "- index p_note"),
    case(
        "column's type",
        "ALTER TABLE points ALTER id TYPE bigint; ALTER TABLE p ALTER ref TYPE bigint",
        "~ column p.ref: type",
        "~ column p1.ref",
    ),
    case(
        "column's default",
        "ALTER TABLE p ALTER note SET DEFAULT 'all'",
        "~ column p.note: default",
        "~ column p1.note: default",
    ),
    case(
        "column's default in the parent", "ALTER TABLE ONLY p ALTER note SET DEFAULT 'all'", "~ column p.note: default"
    ),
    case("column's default in a partition", "ALTER TABLE p1 ALTER note SET DEFAULT 'one'", "~ column p1.note: default"),
    case(
        "column's NOT NULL",
        "ALTER TABLE p ALTER note SET NOT NULL",
        "~ column p.note: not null",
        before="UPDATE p SET note = ''",
    ),
    case("column's NOT NULL in a partition", "ALTER TABLE p1 ALTER note SET NOT NULL", "~ column p1.note: not null"),
    case("column's storage", "ALTER TABLE p ALTER note SET STORAGE EXTERNAL", "~ column p1.note: storage"),
    case(
        "identity",
        "ALTER TABLE i ALTER id SET GENERATED ALWAYS SET INCREMENT 5",
        "~ column i.id: identity",
        since=17,
        before="CREATE TABLE i (id int GENERATED BY DEFAULT AS IDENTITY) PARTITION BY LIST (id);"
        "CREATE TABLE i1 PARTITION OF i FOR VALUES IN (1)",
    ),
    case(
        "identity added",
        "ALTER TABLE lists ALTER id SET NOT NULL, ALTER id ADD GENERATED ALWAYS AS IDENTITY",
        "~ column lists.id: not null",
        since=17,
    ),
    case(
        "sub-partition's own default",
        "ALTER TABLE list_a1 ALTER name SET DEFAULT 'a'",
        "~ column list_a1.name: default",
    ),
    case(
        "sub-partitioned default", "ALTER TABLE ONLY list_a ALTER name SET DEFAULT 'a'", "~ column list_a.name: default"
    ),
    case(
        "default of all but one",
        "ALTER TABLE lists ALTER name SET DEFAULT 'c'; ALTER TABLE list_a ALTER name SET DEFAULT 'a'",
        "~ column lists.name: default",
    ),
    case("unlogged partition", "ALTER TABLE own SET UNLOGGED", "~ table own: unlogged"),
    case("row security", "ALTER TABLE p ENABLE ROW LEVEL SECURITY", "~ table p: row security"),
]


@pytest.mark.parametrize("case", CASES, ids=str)
def test_partition(make_database: MakeDatabase, case: Case) -> None:
    assert_round_trip(make_database, case)


@pytest.mark.parametrize(
    "change",
    [
        "ALTER TABLE p DETACH PARTITION p1;"
        "ALTER TABLE p ATTACH PARTITION p1 FOR VALUES FROM ('2026-01-01') TO ('2026-02-01')",
        "ALTER TABLE p DETACH PARTITION rest; ALTER TABLE p ATTACH PARTITION rest DEFAULT",
        "ALTER TABLE lists DETACH PARTITION list_a;"
        "ALTER TABLE lists ATTACH PARTITION list_a FOR VALUES IN ('a', 'A', NULL)",
    ],
)
def test_not_schema(make_database: MakeDatabase, change: str) -> None:
    assert_no_change(make_database, BEFORE, change)


def test_detaching(make_database: MakeDatabase) -> None:
    """An interrupted DETACH CONCURRENTLY is reported, and the partition attached again; no plan leads to this state."""
    url = make_database()
    with connected(url) as connection:
        apply(connection, BEFORE.replace("CREATE TABLE rest PARTITION OF p DEFAULT;", ""))
        clean = catalog(connection)
        run(connection, "SELECT FROM p")  # the DETACH waits for this transaction until its time-out
        with closing(servers.connect(url)) as interrupted, interrupted.cursor() as cursor:
            cursor.execute("SET statement_timeout = 300")
            with pytest.raises(QueryCanceled):
                cursor.execute("ALTER TABLE p DETACH PARTITION p1 CONCURRENTLY")
        connection.rollback()
        drifted = catalog(connection)
        assert any(line(change).startswith("~ table p1: detaching no -> yes") for change in diff(clean, drifted))
        with pytest.raises(Failure, match="detached"):
            plan(clean, drifted)
        apply(connection, *statements(plan(drifted, clean)))
        assert [line(change) for change in diff(catalog(connection), clean)] == []
