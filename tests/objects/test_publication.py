"""Publications: each attribute changes, is reported, and is reverted."""

import pytest

from tests.conftest import MakeDatabase
from tests.objects.harness import Case, assert_round_trip

BEFORE = """
CREATE SCHEMA app;
CREATE TABLE a (id int PRIMARY KEY, "Größe" int, c int);
CREATE TABLE b (id int PRIMARY KEY);
CREATE TABLE app.c (id int PRIMARY KEY);
CREATE PUBLICATION p FOR TABLE a, b;
CREATE PUBLICATION everything FOR ALL TABLES;
CREATE PUBLICATION "nothing";
"""
DIVIDED = BEFORE + "CREATE TABLE d (id int, k int) PARTITION BY LIST (k); CREATE PUBLICATION r FOR TABLE d;"
LISTS = BEFORE + 'CREATE PUBLICATION lists FOR TABLE a (id, "Größe") WHERE (c > 1);'

CASES = [
    Case("added", BEFORE, "CREATE PUBLICATION q FOR TABLE app.c", ["+ publication q"]),
    Case("added for all", BEFORE, "CREATE PUBLICATION q FOR ALL TABLES WITH (publish = 'insert')", ["+ publication q"]),
    Case("dropped", BEFORE, "DROP PUBLICATION p", ["- publication p"]),
    Case("dropped for all", BEFORE, "DROP PUBLICATION everything", ["- publication everything"]),
    Case("table added", BEFORE, "ALTER PUBLICATION p ADD TABLE app.c", ["~ publication p: tables"]),
    Case("table taken out", BEFORE, "ALTER PUBLICATION p DROP TABLE b", ["~ publication p: tables"]),
    Case("no table left", BEFORE, "ALTER PUBLICATION p DROP TABLE a, b", ["~ publication p: tables"]),
    Case("table dropped", BEFORE, "DROP TABLE b", ["~ publication p: tables", "- table b"]),
    Case(
        "table created",
        BEFORE,
        "CREATE TABLE d (i int); ALTER PUBLICATION p ADD TABLE d",
        ["~ publication p", "+ table d"],
    ),
    Case("publish", BEFORE, "ALTER PUBLICATION p SET (publish = 'insert, update')", ["~ publication p: publish"]),
    Case("publish nothing", BEFORE, "ALTER PUBLICATION p SET (publish = '')", ["~ publication p: publish"]),
    Case(
        "via root",
        BEFORE,
        "ALTER PUBLICATION p SET (publish_via_partition_root)",
        ["~ publication p: via root no -> yes"],
    ),
    Case(
        "all tables", BEFORE, "DROP PUBLICATION p; CREATE PUBLICATION p FOR ALL TABLES", ["~ publication p: all tables"]
    ),
    Case("columns", BEFORE, 'ALTER PUBLICATION p SET TABLE a (id, "Größe"), b', ["~ publication p: tables"], 15),
    Case("columns gone", LISTS, "ALTER PUBLICATION lists SET TABLE a WHERE (c > 1)", ["~ publication lists"], 15),
    Case("where", BEFORE, "ALTER PUBLICATION p SET TABLE a WHERE (c > 1), b", ["~ publication p: tables"], 15),
    Case(
        "where changed", LISTS, 'ALTER PUBLICATION lists SET TABLE a (id, "Größe") WHERE (c > 2)', ["~ publication"], 15
    ),
    Case(
        "where of a partitioned table",
        DIVIDED,
        "ALTER PUBLICATION r SET (publish_via_partition_root); ALTER PUBLICATION r SET TABLE d WHERE (k > 1)",
        ["~ publication r"],
        15,
    ),
    Case("schema", BEFORE, "ALTER PUBLICATION p ADD TABLES IN SCHEMA app", ["~ publication p: schemas"], 15),
    Case("schema only", BEFORE, "CREATE PUBLICATION q FOR TABLES IN SCHEMA app, public", ["+ publication q"], 15),
    Case(
        "schema dropped",
        BEFORE + "CREATE PUBLICATION q FOR TABLES IN SCHEMA app",
        "DROP SCHEMA app CASCADE",
        ["~ publ"],
        15,
    ),
    Case(
        "generated columns",
        BEFORE,
        "ALTER PUBLICATION p SET (publish_generated_columns = stored)",
        ["~ publication p: generated columns"],
        18,
    ),
    Case(
        "column retyped under WHERE",
        LISTS,
        'DROP PUBLICATION lists; ALTER TABLE a ALTER c TYPE bigint; CREATE PUBLICATION lists FOR TABLE a (id, "Größe")'
        " WHERE (c > 1)",
        ["~ column a.c: type"],
        15,
    ),
]


@pytest.mark.parametrize("case", CASES, ids=str)
def test_publication(make_database: MakeDatabase, case: Case) -> None:
    assert_round_trip(make_database, case)
