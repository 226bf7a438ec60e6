"""Enum types: labels are added, dropped, moved and renamed, with every kind of object that can use the type."""

import pytest

from tests.conftest import MakeDatabase
from tests.objects.harness import Case, apply, assert_no_change, assert_round_trip, catalog
from tests.support.connections import connected
from whisper_migrate.catalog.model import diff
from whisper_migrate.errors import Failure
from whisper_migrate.planning.plan import plan, statements

pytestmark = pytest.mark.thorough

BEFORE = "CREATE TYPE mood AS ENUM ('sad', 'ok', 'happy')"
SEEN = ["~ enum mood: labels"]

# Drops the label 'ok', in the way this must be done by hand.
SWAP = """
ALTER TYPE mood RENAME TO mood_old;
CREATE TYPE mood AS ENUM ('sad', 'happy');
ALTER TABLE t ALTER m DROP DEFAULT, ALTER m TYPE mood USING m::text::mood;
DROP TYPE mood_old
"""
# All objects that can use an enum, by the kind of use.
USES = {
    "a column": "CREATE TABLE t (id int, m mood)",
    "a column that must not be null": "CREATE TABLE t (id int, m mood NOT NULL); INSERT INTO t VALUES (1, 'sad')",
    "a default": "CREATE TABLE t (id int, m mood NOT NULL DEFAULT 'sad'); INSERT INTO t VALUES (1, 'happy')",
    "an array": "CREATE TABLE t (id int, ms mood[] DEFAULT '{sad}'); INSERT INTO t VALUES (1, '{sad,happy}')",
    "an array's index": "CREATE TABLE t (ms mood[]); CREATE INDEX t_ms ON t USING gin (ms)",
    "a check": "CREATE TABLE t (m mood, CONSTRAINT c CHECK (m <> 'sad'))",
    "a check that is not valid": "CREATE TABLE t (m mood); ALTER TABLE t ADD CONSTRAINT c CHECK (m <> 'sad') NOT VALID",
    "a primary key": "CREATE TABLE t (m mood PRIMARY KEY); CREATE TABLE u (m mood REFERENCES t)",
    "an index": "CREATE TABLE t (m mood); CREATE INDEX t_m ON t (m DESC); COMMENT ON INDEX t_m IS 'fast'",
    "a partial index": "CREATE TABLE t (id int, m mood); CREATE INDEX t_m ON t (id) WHERE m = 'happy'",
    "an expression index": "CREATE TABLE t (m mood); CREATE INDEX t_m ON t ((m = 'happy'))",
    "a view": "CREATE TABLE t (m mood); CREATE VIEW v AS SELECT m, m > 'sad' AS up FROM t; COMMENT ON VIEW v IS 'x'",
    "a view on a view": "CREATE TABLE t (m mood); CREATE VIEW v AS SELECT m FROM t; CREATE VIEW w AS SELECT m FROM v",
    "a materialized view": "CREATE TABLE t (m mood); CREATE MATERIALIZED VIEW v AS SELECT m FROM t;"
    " CREATE UNIQUE INDEX v_m ON v (m)",
    "a function's argument": "CREATE FUNCTION f(m mood, n mood[] DEFAULT '{sad}') RETURNS mood LANGUAGE sql"
    " AS $$SELECT m$$; COMMENT ON FUNCTION f(mood, mood[]) IS 'x'",
    "a function for a default": "CREATE FUNCTION f() RETURNS mood LANGUAGE sql AS $$SELECT 'sad'::public.mood$$;"
    " CREATE TABLE t (id int, m mood DEFAULT f())",
    "a function for a default of text": "CREATE FUNCTION f(mood) RETURNS text LANGUAGE sql AS $$SELECT 'x'$$;"
    " CREATE TABLE t (id int, x text DEFAULT f('sad'))",
    "a function for a check": "CREATE FUNCTION f(mood) RETURNS bool IMMUTABLE LANGUAGE sql AS 'SELECT true';"
    " CREATE TABLE t (m mood CHECK (f(m)))",
    "a generated column": "CREATE TABLE t (m mood, up bool GENERATED ALWAYS AS (m > 'sad') STORED);"
    " CREATE INDEX t_up ON t (up); COMMENT ON COLUMN t.up IS 'x'",
    "a policy": "CREATE TABLE t (m mood); CREATE POLICY p ON t USING (m <> 'sad')",
    "a trigger": "CREATE TABLE t (m mood);"
    " CREATE FUNCTION f() RETURNS trigger LANGUAGE plpgsql AS 'BEGIN RETURN NEW; END';"
    " CREATE TRIGGER tr BEFORE UPDATE OF m ON t FOR EACH ROW WHEN (OLD.m = 'sad') EXECUTE FUNCTION f()",
    "a rule": "CREATE TABLE t (m mood); CREATE RULE r AS ON UPDATE TO t WHERE OLD.m = 'sad' DO INSTEAD NOTHING",
    "a domain": "CREATE DOMAIN good AS mood DEFAULT 'happy' CHECK (VALUE <> 'sad');"
    " CREATE TABLE t (g good); INSERT INTO t VALUES ('happy')",
    "an array of a domain": "CREATE DOMAIN good AS mood CHECK (VALUE <> 'happy');"
    " CREATE TABLE t (gs good[]); INSERT INTO t VALUES ('{sad}')",
    "a composite type": "CREATE TYPE pair AS (a mood, b int); CREATE TABLE t (p pair, ps pair[]);"
    " INSERT INTO t VALUES ('(sad,1)', ARRAY['(happy,2)'::pair])",
    "a composite type by itself": "CREATE TYPE pair AS (a mood, b int); CREATE FUNCTION f(pair) RETURNS int"
    " LANGUAGE sql"
    " AS 'SELECT 1'",
    "a range": "CREATE TYPE moods AS RANGE (SUBTYPE = mood); CREATE TABLE t (r moods);"
    " INSERT INTO t VALUES ('[sad,happy]')",
    "partitions": "CREATE TABLE t (id int, m mood DEFAULT 'sad') PARTITION BY RANGE (id);"
    " CREATE TABLE t1 PARTITION OF t FOR VALUES FROM (0) TO (9); CREATE TABLE t2 (id int, m mood DEFAULT 'sad');"
    " ALTER TABLE t ATTACH PARTITION t2 FOR VALUES FROM (9) TO (19); INSERT INTO t VALUES (1, 'sad'), (10, 'happy')",
    "inheritance": "CREATE TABLE t (m mood); CREATE TABLE t1 (id int DEFAULT 1) INHERITS (t)",
    "awkward names": 'CREATE SCHEMA "S.x"; CREATE TABLE "S.x"."select" ("Größe" mood DEFAULT \'sad\', "a""b" mood)',
    "statistics": "CREATE TABLE t (m mood, n mood); CREATE STATISTICS s ON m, n FROM t",
    "a publication": "CREATE TABLE t (id int PRIMARY KEY, m mood); CREATE PUBLICATION p FOR TABLE t",
    "partitions with other defaults": "CREATE TABLE t (id int, m mood DEFAULT 'sad') PARTITION BY RANGE (id);"
    " CREATE TABLE t1 PARTITION OF t (m DEFAULT 'happy') FOR VALUES FROM (0) TO (9);"
    " CREATE TABLE t2 PARTITION OF t (m DEFAULT NULL) FOR VALUES FROM (9) TO (19)",
    "children with other defaults": "CREATE TABLE t (m mood); CREATE TABLE t1 (m mood DEFAULT 'sad') INHERITS (t)",
}

CASES = [
    Case("created", "SELECT 1", BEFORE, ["+ enum mood ("]),
    Case("dropped", BEFORE, "DROP TYPE mood", ["- enum mood"]),
    Case("without labels", "CREATE TYPE mood AS ENUM ()", "ALTER TYPE mood ADD VALUE 'x'", SEEN),
    Case("at the end", BEFORE, "ALTER TYPE mood ADD VALUE 'elated'", SEEN),
    Case("at the beginning", BEFORE, "ALTER TYPE mood ADD VALUE 'dead' BEFORE 'sad'", SEEN),
    Case("several", BEFORE, "ALTER TYPE mood ADD VALUE 'b' AFTER 'sad'", SEEN),
    Case("quotes", BEFORE, "ALTER TYPE mood ADD VALUE 'it''s' BEFORE 'ok'", SEEN),
    Case("renamed", BEFORE, "ALTER TYPE mood RENAME VALUE 'ok' TO 'fine'", SEEN),
    Case(
        "reordered",
        BEFORE,
        "DROP TYPE mood; CREATE TYPE mood AS ENUM ('happy', 'ok', 'sad')",
        ["~ enum mood: labels sad, ok, happy -> happy, ok, sad"],
    ),
    Case(
        "63 bytes",
        f'CREATE SCHEMA "S"; CREATE TYPE "S"."{"é" * 31}x" AS ENUM (\'a\'); CREATE TABLE t (m "S"."{"é" * 31}x")',
        f'ALTER TYPE "S"."{"é" * 31}x" ADD VALUE \'b\'',
        [f'~ enum "S"."{"é" * 31}x": labels a -> a, b'],
    ),
    Case(
        "a value that a default uses at once",
        f"{BEFORE}; CREATE TABLE t (m mood DEFAULT 'sad')",
        "ALTER TYPE mood RENAME TO old; CREATE TYPE mood AS ENUM ('sad', 'ok', 'happy', 'new');"
        "ALTER TABLE t ALTER m DROP DEFAULT, ALTER m TYPE mood USING m::text::mood, ALTER m SET DEFAULT 'new';"
        "DROP TYPE old",
        ["~ enum mood: labels", "~ column t.m: default"],
    ),
    Case(
        "a value that a function's body uses at once",
        f"{BEFORE}; CREATE TABLE t (m mood)",
        "DROP TABLE t; DROP TYPE mood; CREATE TYPE mood AS ENUM ('sad', 'ok', 'happy', 'new'); CREATE TABLE t (m mood);"
        "CREATE FUNCTION f() RETURNS bigint LANGUAGE sql AS $$SELECT count(*) FROM public.t WHERE m = 'new'$$",
        [*SEEN, "+ function f()"],
    ),
    Case("removed under a default", f"{BEFORE}; CREATE TABLE t (m mood DEFAULT 'sad')", SWAP, SEEN),
    Case(
        "a column becomes another enum",
        f"{BEFORE}; CREATE TYPE other AS ENUM ('sad', 'ok'); CREATE TABLE t (m mood)",
        "ALTER TABLE t ALTER m TYPE other USING m::text::other",
        ["~ column t.m: type mood -> other"],
    ),
    Case(
        "a column becomes text and the type goes",
        f"{BEFORE}; CREATE TABLE t (m mood NOT NULL DEFAULT 'sad'); INSERT INTO t VALUES ('ok')",
        "ALTER TABLE t ALTER m DROP DEFAULT, ALTER m TYPE text, ALTER m SET DEFAULT 'sad'; DROP TYPE mood",
        ["~ column t.m: type mood -> text", "- enum mood"],
    ),
    Case("grants", f"{BEFORE}; CREATE TABLE t (m mood); REVOKE USAGE ON TYPE mood FROM PUBLIC", SWAP, SEEN),
    Case("a comment", f"{BEFORE}; CREATE TABLE t (m mood); COMMENT ON TYPE mood IS 'x'", SWAP, SEEN),
]
# By hand, such a change is made before the other objects are created; the database ends up the same.
CASES += [
    Case(
        f"{change} under {name}",
        f"{BEFORE}; {uses}",
        f'DROP SCHEMA public CASCADE; CREATE SCHEMA public; DROP SCHEMA IF EXISTS "S.x" CASCADE;'
        f"DROP PUBLICATION IF EXISTS p; CREATE TYPE mood AS ENUM ({labels}); {uses}",
        SEEN,
    )
    for name, uses in USES.items()
    for change, labels in {
        "removed": "'sad', 'happy'",
        "added": "'sad', 'ok', 'new', 'happy'",
        "renamed": "'sad', 'fine', 'happy'",
    }.items()
]
RENAMED_IN_USE = [
    Case(f"renamed in {name}", f"{BEFORE}; {uses}", "ALTER TYPE mood RENAME VALUE 'sad' TO 'blue'", SEEN)
    for name, uses in USES.items()
]


@pytest.mark.parametrize("case", CASES + RENAMED_IN_USE, ids=str)
def test_enum(make_database: MakeDatabase, case: Case) -> None:
    assert_round_trip(make_database, case)


def test_values_survive(make_database: MakeDatabase) -> None:
    """In columns, arrays, domains, composite types and ranges, rows stay the same when a label is dropped."""
    names = ("a default", "an array", "a composite type", "a range", "partitions")
    for name in names:
        url = make_database()
        with connected(url) as connection:
            apply(connection, BEFORE, USES[name])
            clean = catalog(connection)
            rows = connection.exec_driver_sql("SELECT t::text FROM t ORDER BY 1").scalars().all()
            apply(connection, "ALTER TYPE mood ADD VALUE 'x' BEFORE 'ok'")
            apply(connection, *statements(plan(catalog(connection), clean)))
            assert diff(catalog(connection), clean) == []
            assert connection.exec_driver_sql("SELECT t::text FROM t ORDER BY 1").scalars().all() == rows != []


def test_an_owner_is_not_schema(make_database: MakeDatabase) -> None:
    assert_no_change(make_database, BEFORE, "ALTER TYPE mood OWNER TO pg_monitor")


def test_a_partition_key_cannot_move(make_database: MakeDatabase) -> None:
    """PostgreSQL refuses to change the type of a column in a partition key, and the plan reports this beforehand."""
    url = make_database()
    with connected(url) as connection:
        apply(connection, BEFORE, "CREATE TABLE t (m mood) PARTITION BY LIST (m)")
        first = catalog(connection)
        apply(connection, "DROP TABLE t; DROP TYPE mood; CREATE TYPE mood AS ENUM ('ok', 'sad')")
        apply(connection, "CREATE TABLE t (m mood) PARTITION BY LIST (m)")
        with pytest.raises(Failure, match=r"Column public.t.m is part of the partition key.*enum public.mood"):
            statements(plan(catalog(connection), first))
