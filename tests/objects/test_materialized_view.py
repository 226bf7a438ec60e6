"""Materialized views: each attribute changes, is reported, and is reverted, with indexes and comments."""

import pytest

from tests.conftest import MakeDatabase
from tests.objects.harness import Case, assert_no_change, assert_round_trip

BEFORE = """
CREATE TABLE t (id int PRIMARY KEY, note varchar(20), done boolean);
CREATE MATERIALIZED VIEW m AS SELECT id, note FROM t;
CREATE UNIQUE INDEX m_id ON m (id) INCLUDE (note) WITH (fillfactor = 70);
CREATE INDEX m_note ON m (lower(note) text_pattern_ops DESC) WHERE note <> '';
COMMENT ON MATERIALIZED VIEW m IS 'all';
COMMENT ON COLUMN m.note IS 'words';
COMMENT ON INDEX m_id IS 'for refresh concurrently';
ALTER TABLE m CLUSTER ON m_id;
ALTER MATERIALIZED VIEW m ALTER note SET STATISTICS 500;
ALTER MATERIALIZED VIEW m ALTER note SET STORAGE EXTERNAL;
ALTER MATERIALIZED VIEW m ALTER id SET (n_distinct = -0.5);
CREATE STATISTICS m_stat (ndistinct) ON id, note FROM m;
CREATE VIEW over AS SELECT note FROM m;
CREATE MATERIALIZED VIEW mm AS SELECT count(*) AS n FROM over;
"""
OTHER_METHOD = "CREATE ACCESS METHOD pile TYPE TABLE HANDLER heap_tableam_handler;"

CASES = [
    Case("added", BEFORE, "CREATE MATERIALIZED VIEW other AS SELECT 1 AS one", ["+ materialized view other"]),
    Case(
        "dropped", BEFORE, "DROP MATERIALIZED VIEW m CASCADE", ["- materialized view m", "- index m_id", "- view over"]
    ),
    Case(
        "definition",
        BEFORE,
        "DROP MATERIALIZED VIEW m CASCADE; CREATE MATERIALIZED VIEW m AS SELECT id, note FROM t WHERE done",
        ["~ materialized view m: definition"],
    ),
    Case("column renamed", BEFORE, "ALTER MATERIALIZED VIEW m RENAME COLUMN note TO w", ["~ materialized view m: c"]),
    Case(
        "renamed", BEFORE, "ALTER MATERIALIZED VIEW m RENAME TO x", ["- materialized view m", "+ materialized view x"]
    ),
    Case("moved", BEFORE, "CREATE SCHEMA s; ALTER MATERIALIZED VIEW m SET SCHEMA s", ["+ materialized view s.m"]),
    Case("index added", BEFORE, "CREATE INDEX other ON m (note)", ["+ index other"]),
    Case("index dropped", BEFORE, "DROP INDEX m_id", ["- index m_id"]),
    Case("index changed", BEFORE, "ALTER INDEX m_id SET (fillfactor = 80)", ["~ index m_id"]),
    Case("not clustered", BEFORE, "ALTER TABLE m SET WITHOUT CLUSTER", ["~ index m_id: clustered"]),
    Case("option", BEFORE, "ALTER MATERIALIZED VIEW m SET (autovacuum_enabled = off)", ["~ materialized view m: opt"]),
    Case("another option", BEFORE, "ALTER TABLE m SET (fillfactor = 50)", ["~ materialized view m: options"]),
    Case(
        "option of its toast table",
        BEFORE + "CREATE MATERIALIZED VIEW long AS SELECT note::text FROM t;",
        "ALTER MATERIALIZED VIEW long SET (toast.autovacuum_enabled = off)",
        ["~ materialized view long: options"],
    ),
    Case(
        "added with options",
        BEFORE + OTHER_METHOD,
        "CREATE MATERIALIZED VIEW n USING pile WITH (fillfactor = 60) AS TABLE t WITH NO DATA;"
        "CREATE INDEX n_i ON n (id)",
        ["+ materialized view n"],
    ),
    Case(
        "access method",
        BEFORE + OTHER_METHOD,
        "ALTER MATERIALIZED VIEW m SET ACCESS METHOD pile",
        ["~ materialized view m: access method heap -> pile"],
        since=15,
    ),
    Case("column statistics", BEFORE, "ALTER MATERIALIZED VIEW m ALTER note SET STATISTICS 9", ["~ column m.note"]),
    Case("first statistics", BEFORE, "ALTER MATERIALIZED VIEW mm ALTER n SET STATISTICS 9", ["+ column mm.n"]),
    Case("column option", BEFORE, "ALTER MATERIALIZED VIEW m ALTER id RESET (n_distinct)", ["- column m.id"]),
    Case("column storage", BEFORE, "ALTER MATERIALIZED VIEW m ALTER note SET STORAGE MAIN", ["~ column m.note"]),
    Case(
        "column compression",
        BEFORE,
        "ALTER MATERIALIZED VIEW m ALTER note SET COMPRESSION pglz",
        ["~ column m.note: compression"],
    ),
    Case("view over it", BEFORE, "DROP VIEW over CASCADE", ["- view over", "- materialized view mm"]),
    Case("table's column renamed", BEFORE, "ALTER TABLE t RENAME note TO x", ["~ materialized view m: definition"]),
    Case(
        "table's column retyped beneath",
        BEFORE,
        "DROP MATERIALIZED VIEW m CASCADE; ALTER TABLE t ALTER note TYPE text;"
        "CREATE MATERIALIZED VIEW m AS SELECT id, note::varchar(20) FROM t",
        ["~ column t.note: type", "~ materialized view m"],
    ),
    Case(
        "table's column retyped beneath, all as it was",
        BEFORE,
        "DROP MATERIALIZED VIEW m CASCADE; ALTER TABLE t ALTER note TYPE text;"
        + BEFORE.partition(";")[2].replace("id, note FROM t;", "id, note::varchar(20) AS note FROM t;"),
        ["~ column t.note: type", "~ materialized view m: definition"],
    ),
    Case(
        "odd names", 'CREATE TABLE "T" (a int)', 'CREATE MATERIALIZED VIEW "größe" AS SELECT a "Ä" FROM "T"', ["+ mat"]
    ),
]


@pytest.mark.parametrize("case", CASES, ids=str)
def test_materialized_view(make_database: MakeDatabase, case: Case) -> None:
    assert_round_trip(make_database, case)


@pytest.mark.parametrize(
    "change",
    [
        "REFRESH MATERIALIZED VIEW m WITH NO DATA",
        "INSERT INTO t VALUES (1); REFRESH MATERIALIZED VIEW m; ANALYZE m",
        "REFRESH MATERIALIZED VIEW CONCURRENTLY m",
        "ALTER MATERIALIZED VIEW m OWNER TO pg_monitor; ALTER MATERIALIZED VIEW m OWNER TO CURRENT_USER",
    ],
)
def test_no_change(make_database: MakeDatabase, change: str) -> None:
    assert_no_change(make_database, BEFORE, change)
