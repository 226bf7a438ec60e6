"""Foreign tables: each attribute changes, is reported, and is reverted."""

import pytest

from tests.conftest import MakeDatabase
from tests.objects.harness import Case, assert_round_trip

BEFORE = """
CREATE FOREIGN DATA WRAPPER w;
CREATE SERVER far FOREIGN DATA WRAPPER w;
CREATE SERVER "Near" FOREIGN DATA WRAPPER w;
CREATE FOREIGN TABLE ft (
    id int NOT NULL, "Name" text OPTIONS (column_name 'n') COLLATE "C", n int DEFAULT 1,
    CONSTRAINT positive CHECK (n > 0)
) SERVER far OPTIONS (table_name 'x''y', "Odd one" '=');
COMMENT ON FOREIGN TABLE ft IS 'said';
CREATE VIEW v AS SELECT id, n FROM ft;
CREATE TABLE parent (id int, n int);
CREATE TABLE parts (id int, n int) PARTITION BY RANGE (id);
CREATE FUNCTION f() RETURNS trigger LANGUAGE plpgsql AS $$BEGIN RETURN NEW; END$$;
"""
DEFINITION = """
CREATE FOREIGN TABLE ft (
    id int NOT NULL, "Name" text OPTIONS (column_name 'n') COLLATE "C", n int DEFAULT 1,
    CONSTRAINT positive CHECK (n > 0)
) SERVER {server} OPTIONS (table_name 'x''y', "Odd one" '=');
COMMENT ON FOREIGN TABLE ft IS 'said';
CREATE VIEW v AS SELECT id, n FROM ft;
"""

CASES = [
    Case("added", BEFORE, 'CREATE FOREIGN TABLE "select" ("Größe" int) SERVER "Near"', ['+ foreign table "select"']),
    Case("without columns", BEFORE, "CREATE FOREIGN TABLE bare () SERVER far", ["+ foreign table bare"]),
    Case("dropped", BEFORE, "DROP FOREIGN TABLE ft CASCADE", ["- foreign table ft", "- view v"]),
    Case(
        "options",
        BEFORE,
        "ALTER FOREIGN TABLE ft OPTIONS (SET table_name 'z', DROP \"Odd one\", ADD b '1')",
        ["~ foreign table ft: options"],
    ),
    Case(
        "another server",
        BEFORE,
        "DROP FOREIGN TABLE ft CASCADE;" + DEFINITION.format(server='"Near"'),
        ["~ foreign table ft: server"],
    ),
    Case("column added", BEFORE, "ALTER FOREIGN TABLE ft ADD c int OPTIONS (a 'b')", ["+ column ft.c"]),
    Case("column dropped", BEFORE, 'ALTER FOREIGN TABLE ft DROP "Name"', ['- column ft."Name"']),
    Case("column retyped", BEFORE, 'ALTER FOREIGN TABLE ft ALTER "Name" TYPE varchar(9)', ['~ column ft."Name": type']),
    Case(
        "column retyped under a view",
        BEFORE,
        "DROP VIEW v; ALTER FOREIGN TABLE ft ALTER n TYPE bigint; CREATE VIEW v AS SELECT id, n FROM ft",
        ["~ column ft.n: type"],
    ),
    Case("default", BEFORE, "ALTER FOREIGN TABLE ft ALTER n DROP DEFAULT", ["~ column ft.n: default"]),
    Case("nullable", BEFORE, "ALTER FOREIGN TABLE ft ALTER id DROP NOT NULL", ["~ column ft.id: not null"]),
    Case("statistics", BEFORE, "ALTER FOREIGN TABLE ft ALTER id SET STATISTICS 7", ["~ column ft.id: statistics"]),
    Case(
        "column option", BEFORE, "ALTER FOREIGN TABLE ft ALTER \"Name\" OPTIONS (SET column_name 'm')", ["~ column ft"]
    ),
    Case(
        "column option gone", BEFORE, 'ALTER FOREIGN TABLE ft ALTER "Name" OPTIONS (DROP column_name)', ["~ column ft"]
    ),
    Case("check dropped", BEFORE, "ALTER FOREIGN TABLE ft DROP CONSTRAINT positive", ["- constraint positive on ft"]),
    Case("check added", BEFORE, "ALTER FOREIGN TABLE ft ADD CONSTRAINT c CHECK (id > 0)", ["+ constraint c on ft"]),
    Case(
        "trigger",
        BEFORE,
        "CREATE TRIGGER tr BEFORE UPDATE ON ft FOR EACH ROW EXECUTE FUNCTION f()",
        ["+ trigger tr on ft"],
    ),
    Case("child", BEFORE, "CREATE FOREIGN TABLE kid () INHERITS (parent) SERVER far", ["+ foreign table kid"]),
    Case(
        "partition",
        BEFORE,
        "CREATE FOREIGN TABLE part PARTITION OF parts FOR VALUES FROM (1) TO (2) SERVER far OPTIONS (a '1')",
        ["+ foreign table part"],
    ),
    Case(
        "partition with its parent",
        BEFORE + "CREATE FOREIGN TABLE part PARTITION OF parts FOR VALUES FROM (1) TO (2) SERVER far",
        "DROP TABLE parts",
        ["- foreign table part", "- table parts"],
    ),
    Case(
        "detached",
        BEFORE + "CREATE FOREIGN TABLE part PARTITION OF parts FOR VALUES FROM (1) TO (2) SERVER far",
        "ALTER TABLE parts DETACH PARTITION part",
        ["~ foreign table part: parents"],
    ),
]


@pytest.mark.parametrize("case", CASES, ids=str)
def test_foreign_table(make_database: MakeDatabase, case: Case) -> None:
    assert_round_trip(make_database, case)
