"""Composite types: attributes are added, dropped, changed, moved and renamed, without and with columns of the type."""

import pytest

from tests.conftest import MakeDatabase
from tests.objects.harness import Case, apply, assert_no_change, assert_round_trip, catalog
from tests.support.connections import connected
from whisper_migrate.errors import Failure
from whisper_migrate.planning.plan import plan, statements

BEFORE = "CREATE TYPE c AS (a int, b text)"
ALONE = f"{BEFORE}; CREATE FUNCTION f(c) RETURNS text LANGUAGE sql AS 'SELECT ($1).b'"
USED = f"{ALONE}; CREATE TABLE t (id int, c c, cs c[]); CREATE VIEW v AS SELECT (c).b FROM t;"
USED += "INSERT INTO t (c.a, c.b, cs[1].a, cs[1].b) VALUES (7, 'x', 8, 'y'), (NULL, NULL, 9, 'z')"
SEEN = ["~ composite type c: attributes"]


def again(attributes: str, uses: str) -> str:
    """Re-create the type with these attributes by hand, in the shortest way."""
    return f"DROP SCHEMA public CASCADE; CREATE SCHEMA public; {uses.replace('a int, b text', attributes)}"


CASES = [
    Case("added", "SELECT 1", BEFORE, ["+ composite type c"]),
    Case("dropped", BEFORE, "DROP TYPE c", ["- composite type c"]),
    Case("without attributes", "SELECT 1", "CREATE TYPE c AS ()", ["+ composite type c"]),
    Case("attribute added", BEFORE, "ALTER TYPE c ADD ATTRIBUTE d date", SEEN),
    Case("attribute added first", BEFORE, again("d date, a int, b text", BEFORE), SEEN),
    Case("attribute dropped", BEFORE, "ALTER TYPE c DROP ATTRIBUTE a", SEEN),
    Case("attribute retyped", BEFORE, "ALTER TYPE c ALTER ATTRIBUTE b TYPE varchar(9)", SEEN),
    Case("attribute renamed", BEFORE, 'ALTER TYPE c RENAME ATTRIBUTE a TO "A ""1"', SEEN),
    Case("reordered", BEFORE, again("b text, a int", BEFORE), SEEN),
    Case("collation", BEFORE, 'ALTER TYPE c ALTER ATTRIBUTE b TYPE text COLLATE "C"', SEEN),
    Case("quoted", 'CREATE SCHEMA "S"', 'CREATE TYPE "S"."C.é" AS ("a b" int)', ['+ composite type "S"."C.é"']),
    Case("renamed", USED, "ALTER TYPE c RENAME TO e", ["- composite type c", "+ composite type e"]),
    *(
        Case(f"attribute added under {name}", uses, "ALTER TYPE c ADD ATTRIBUTE d date", SEEN)
        for name, uses in {"a function": ALONE, "columns": USED}.items()
    ),
    *(
        Case(f"attribute renamed under {name}", uses, "ALTER TYPE c RENAME ATTRIBUTE a TO z", SEEN)
        for name, uses in {"a function": ALONE, "columns": USED}.items()
    ),
    *(
        Case(f"{name} under columns", USED, again(attributes, USED), SEEN)
        for name, attributes in {"retyped": "a bigint, b text", "collated": 'a int, b text COLLATE "C"'}.items()
    ),
    *(
        Case(f"{name} under a column", uses, again(attributes, uses), SEEN)
        for uses in (
            USED.replace(", cs c[]", "")
            .replace(", cs[1].a, cs[1].b", "")
            .replace(", 8, 'y'", "")
            .replace(", 9, 'z'", ""),
        )
        for name, attributes in {"reordered": "b text, a int", "added first": "d date, a int, b text"}.items()
    ),
]


@pytest.mark.parametrize("case", CASES, ids=str)
def test_composite_type(make_database: MakeDatabase, case: Case) -> None:
    assert_round_trip(make_database, case)


def test_an_owner_is_not_schema(make_database: MakeDatabase) -> None:
    assert_no_change(make_database, BEFORE, "ALTER TYPE c OWNER TO pg_monitor")


def test_values_move_by_their_names(make_database: MakeDatabase) -> None:
    url = make_database()
    with connected(url) as connection:
        apply(connection, "CREATE TYPE c AS (a int, b int); CREATE TABLE t (c c)")
        clean = catalog(connection)
        apply(connection, "DROP TABLE t; DROP TYPE c; CREATE TYPE c AS (b int, a int); CREATE TABLE t (c c)")
        apply(connection, "INSERT INTO t VALUES ('(1,2)'), (NULL), ('(,)')")
        apply(connection, *statements(plan(catalog(connection), clean)))
        rows = connection.exec_driver_sql("SELECT c::text FROM t").scalars().all()
        assert rows == ["(2,1)", None, "(,)"]


def test_an_array_whose_attributes_change_places_is_refused(make_database: MakeDatabase) -> None:
    url = make_database()
    with connected(url) as connection:
        apply(connection, "CREATE TYPE c AS (a int, b int); CREATE TABLE t (cs c[])")
        clean = catalog(connection)
        apply(connection, "DROP TABLE t; DROP TYPE c; CREATE TYPE c AS (b int, a int); CREATE TABLE t (cs c[])")
        with pytest.raises(Failure, match=r"Column public\.t\.cs .* composite type public\.c"):
            plan(catalog(connection), clean)


def test_a_typed_table_is_refused(make_database: MakeDatabase) -> None:
    url = make_database()
    with connected(url) as connection:
        apply(connection, "CREATE TYPE c AS (a int, b int); CREATE TABLE t OF c")
        clean = catalog(connection)
        apply(connection, "DROP TABLE t; DROP TYPE c; CREATE TYPE c AS (b int, a int); CREATE TABLE t OF c")
        with pytest.raises(Failure, match=r"composite type public\.c .* table public\.t"):
            plan(catalog(connection), clean)
