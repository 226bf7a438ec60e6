"""Views: each attribute changes, is reported, and is reverted, with all objects that depend on the view."""

import pytest

from tests.conftest import MakeDatabase
from tests.objects.harness import Case, assert_no_change, assert_round_trip

BEFORE = """
CREATE TABLE t (id int PRIMARY KEY, note varchar(20), done boolean DEFAULT false);
CREATE VIEW v AS SELECT id, note FROM t;
"""

# A view with every kind of object that can depend on one.
CROWD = """
CREATE TABLE t (id int PRIMARY KEY, note varchar(20), done boolean DEFAULT false);
CREATE TABLE log (id int, note text);
CREATE VIEW v WITH (security_barrier = true) AS SELECT id, note FROM t WHERE NOT done;
ALTER VIEW v ALTER COLUMN note SET DEFAULT 'none';
COMMENT ON VIEW v IS 'open';
COMMENT ON COLUMN v.note IS 'what it says';
GRANT SELECT, UPDATE (note) ON v TO PUBLIC;
CREATE VIEW vv AS SELECT upper(note::text) AS loud FROM v;
COMMENT ON VIEW vv IS 'loud';
CREATE MATERIALIZED VIEW m AS SELECT loud, count(*) AS n FROM vv GROUP BY loud;
CREATE UNIQUE INDEX m_loud ON m (loud) WITH (fillfactor = 70);
COMMENT ON INDEX m_loud IS 'each once';
COMMENT ON MATERIALIZED VIEW m IS 'counted';
GRANT SELECT ON m TO PUBLIC;
CREATE RULE r AS ON DELETE TO v DO ALSO INSERT INTO log VALUES (OLD.id, OLD.note);
COMMENT ON RULE r ON v IS 'keeps a log';
CREATE FUNCTION instead() RETURNS trigger LANGUAGE plpgsql AS $$BEGIN RETURN NEW; END$$;
CREATE TRIGGER tr INSTEAD OF UPDATE ON v FOR EACH ROW EXECUTE FUNCTION instead();
COMMENT ON TRIGGER tr ON v IS 'instead';
CREATE FUNCTION first_word(v) RETURNS text LANGUAGE sql AS $$SELECT split_part($1.note, ' ', 1)$$;
CREATE FUNCTION all_open() RETURNS SETOF v LANGUAGE sql AS $$SELECT * FROM public.v$$;
COMMENT ON FUNCTION all_open() IS 'all of them';
REVOKE EXECUTE ON FUNCTION all_open() FROM PUBLIC;
ALTER TABLE log ENABLE ROW LEVEL SECURITY;
CREATE POLICY p ON log USING (id IN (SELECT id FROM v));
COMMENT ON POLICY p ON log IS 'of the open ones';
"""
BODY = """
CREATE FUNCTION how_many() RETURNS bigint LANGUAGE sql BEGIN ATOMIC SELECT count(note) FROM v; END;
COMMENT ON FUNCTION how_many() IS 'not few';
"""

ODD = """
CREATE SCHEMA "Ünder scores";
CREATE TABLE "Ünder scores"."select" ("Order" int, "größe" numeric(5,2), "a""b" text);
CREATE VIEW "Ünder scores"."user" AS SELECT * FROM "Ünder scores"."select";
CREATE VIEW "from" AS SELECT "größe" FROM "Ünder scores"."user";
"""

CASES = [
    Case("added", BEFORE, "CREATE VIEW other AS SELECT 1 AS one", ["+ view other"]),
    Case("dropped", BEFORE, "DROP VIEW v", ["- view v"]),
    Case(
        "WHERE",
        BEFORE,
        "CREATE OR REPLACE VIEW v AS SELECT id, note FROM t WHERE done",
        ["~ view v: definition"],
    ),
    Case(
        "column added",
        BEFORE,
        "CREATE OR REPLACE VIEW v AS SELECT id, note, done FROM t",
        ["~ view v: columns"],
    ),
    Case(
        "column added before others",
        BEFORE,
        "DROP VIEW v; CREATE VIEW v AS SELECT done, id, note FROM t",
        ["~ view v: columns"],
    ),
    Case("column renamed", BEFORE, "ALTER VIEW v RENAME COLUMN note TO words", ["~ view v: columns"]),
    Case(
        "column retyped",
        BEFORE,
        "DROP VIEW v; CREATE VIEW v AS SELECT id, note::text FROM t",
        ["~ view v: columns"],
    ),
    Case(
        "column collated",
        BEFORE,
        'DROP VIEW v; CREATE VIEW v AS SELECT id, (note COLLATE "C")::varchar(20) AS note FROM t',
        ["~ view v: columns"],
    ),
    Case("column removed", BEFORE, "DROP VIEW v; CREATE VIEW v AS SELECT id FROM t", ["~ view v: columns"]),
    Case("of a table's new column", BEFORE, "ALTER TABLE t ADD x int; CREATE VIEW w AS SELECT x FROM t", ["+ view"]),
    Case("table's column dropped", BEFORE, "ALTER TABLE t DROP COLUMN note CASCADE", ["- view v", "- column"]),
    Case("table's column renamed", BEFORE, "ALTER TABLE t RENAME note TO words", ["~ view v: definition"]),
    Case("table dropped", BEFORE, "DROP TABLE t CASCADE", ["- view v", "- table"]),
    Case("renamed", BEFORE, "ALTER VIEW v RENAME TO w", ["- view v", "+ view w"]),
    Case("moved", BEFORE, "CREATE SCHEMA s; ALTER VIEW v SET SCHEMA s", ["- view v", "+ view s.v"]),
    Case("security barrier", BEFORE, "ALTER VIEW v SET (security_barrier)", ["~ view v: options"]),
    Case("security invoker", BEFORE, "ALTER VIEW v SET (security_invoker = on)", ["~ view v: options"], since=15),
    Case("check option", BEFORE, "ALTER VIEW v SET (check_option = cascaded)", ["~ view v: options"]),
    Case(
        "options and definition",
        BEFORE,
        "CREATE OR REPLACE VIEW v WITH (security_barrier) AS SELECT id, note FROM t WHERE done WITH LOCAL CHECK OPTION",
        ["~ view v: options"],
    ),
    Case(
        "check option lost with what allows it",
        BEFORE + "ALTER VIEW v SET (check_option = local);",
        "CREATE OR REPLACE VIEW v AS SELECT DISTINCT id, note FROM t",
        ["~ view v: options"],
    ),
    Case("column default", BEFORE, "ALTER VIEW v ALTER note SET DEFAULT 'x'", ["+ column v.note (of a view) "]),
    Case(
        "column default changed",
        BEFORE + "ALTER VIEW v ALTER note SET DEFAULT 'x'",
        "ALTER VIEW v ALTER note SET DEFAULT 'y'",
        ["~ column v.note: default"],
    ),
    Case(
        "recursive",
        BEFORE,
        "CREATE RECURSIVE VIEW up_to_ten (n) AS VALUES (1) UNION ALL SELECT n + 1 FROM up_to_ten WHERE n < 10",
        ["+ view up_to_ten"],
    ),
    Case(
        "recursive, changed",
        "CREATE RECURSIVE VIEW up (n) AS VALUES (1) UNION ALL SELECT n + 1 FROM up WHERE n < 10",
        "CREATE OR REPLACE RECURSIVE VIEW up (n) AS VALUES (1) UNION ALL SELECT n + 1 FROM up WHERE n < 11",
        ["~ view up: definition"],
    ),
    Case("without columns", BEFORE, "CREATE VIEW nothing AS SELECT", ["+ view nothing"]),
    Case(
        "odd names",
        ODD,
        'DROP VIEW "from"; CREATE VIEW "from" AS SELECT "a""b" FROM "Ünder scores"."user"',
        ['~ view "from": columns'],
    ),
    Case(
        "odd names, all rebuilt",
        ODD,
        'ALTER VIEW "Ünder scores"."user" RENAME COLUMN "a""b" TO "%s :x"',
        ['~ view "Ünder scores"."user": columns'],
    ),
    Case(
        "63 bytes",
        BEFORE,
        f"CREATE VIEW {'v' * 63} AS SELECT id AS {'c' * 63} FROM t",
        ["+ view vvv"],
    ),
    Case("with a crowd, renamed", CROWD, "ALTER VIEW v RENAME COLUMN note TO words", ["~ view v: columns"]),
    Case("with a crowd, dropped", CROWD, "DROP VIEW v CASCADE", ["- view v", "- function all_open()"]),
    Case(
        "with a crowd, the table's column retyped in its place",
        CROWD,
        "DROP VIEW v CASCADE; ALTER TABLE t ALTER note TYPE text; CREATE VIEW v AS SELECT id, note FROM t",
        ["~ view v: columns", "- view vv", "~ column t.note: type"],
    ),
    Case("with a crowd and a body", CROWD + BODY, "DROP VIEW v CASCADE", ["- function how_many()"]),
    Case(
        "with a crowd, column renamed below",
        CROWD + BODY,
        "ALTER TABLE t RENAME done TO closed",
        ["~ view v: definition", "+ column t.closed"],
    ),
    Case(
        "turned into a table",
        CROWD,
        "DROP VIEW v CASCADE; CREATE TABLE v (id int, note varchar(20))",
        ["- view v", "+ table v"],
    ),
    Case(
        "turned into a materialized view",
        BEFORE + "CREATE VIEW w AS SELECT note FROM v;",
        "DROP VIEW v CASCADE; CREATE MATERIALIZED VIEW v AS SELECT id, note FROM t;CREATE VIEW w AS SELECT note FROM v",
        ["- view v", "+ materialized view v"],
    ),
]

# Changes that PostgreSQL refuses while other objects depend on the table: those are dropped and re-created unchanged.
BENEATH = {
    "type": "ALTER TABLE t ALTER note TYPE varchar(30)",
    "another type": "ALTER TABLE t ALTER note TYPE text",
    "collation": 'ALTER TABLE t ALTER note TYPE varchar(20) COLLATE "C"',
}


@pytest.mark.parametrize("case", CASES, ids=str)
def test_view(make_database: MakeDatabase, case: Case) -> None:
    assert_round_trip(make_database, case)


@pytest.mark.parametrize("what", BENEATH)
def test_what_is_beneath_changes(make_database: MakeDatabase, what: str) -> None:
    """In both directions all objects are re-created, since the change is not possible without that."""
    table, crowd = CROWD.split("\n", 2)[1], CROWD.split("\n", 2)[2]
    drop = "DROP VIEW v CASCADE; DROP POLICY IF EXISTS p ON log; DROP TABLE log; DROP FUNCTION instead();"
    change = f"{drop}{BENEATH[what]};{crowd}{BODY}"
    assert_round_trip(make_database, Case(what, f"{table}{crowd}{BODY}", change, ["~ column t.note"]))


@pytest.mark.parametrize(
    "change",
    [
        "CREATE OR REPLACE VIEW v AS SELECT id, note FROM t",
        "SET search_path TO s, public; CREATE OR REPLACE VIEW public.v AS SELECT t.id, t.note FROM public.t",
        "CREATE ROLE nobody_much; ALTER VIEW v OWNER TO nobody_much; RESET ROLE; ALTER VIEW v OWNER TO CURRENT_USER;"
        "DROP ROLE nobody_much",
        "CREATE TEMP VIEW mine AS SELECT 1",
        "DROP VIEW v; CREATE VIEW v WITH (security_barrier = true, check_option = local) AS SELECT id, note FROM t;"
        "ALTER VIEW v RESET (security_barrier); ALTER VIEW v RESET (check_option)",
    ],
)
def test_no_change(make_database: MakeDatabase, change: str) -> None:
    assert_no_change(make_database, BEFORE + "CREATE SCHEMA s", change)
