"""Row security policies: each attribute changes, is reported, and is reverted."""

import pytest

from tests.conftest import MakeDatabase
from tests.objects.harness import Case, assert_no_change, assert_round_trip

BEFORE = """
CREATE TABLE t (id int PRIMARY KEY, owner name, note varchar(20));
CREATE TABLE members (name name, level int);
ALTER TABLE t ENABLE ROW LEVEL SECURITY;
CREATE POLICY p ON t USING (owner = current_user);
COMMENT ON POLICY p ON t IS 'their own';
CREATE POLICY narrow ON t AS RESTRICTIVE FOR UPDATE TO pg_monitor, pg_read_all_data
    USING (note <> '') WITH CHECK (EXISTS (SELECT FROM members WHERE name = owner));
CREATE POLICY adds ON t FOR INSERT TO CURRENT_USER WITH CHECK (note LIKE '%:x');
"""
ROLE = """
DO $$BEGIN CREATE ROLE "Ünder role"; EXCEPTION WHEN duplicate_object OR unique_violation THEN NULL; END$$;
"""
ODD = """
CREATE SCHEMA "From";
CREATE TABLE "From"."select" ("Order" int, "größe" text);
CREATE POLICY "to" ON "From"."select" USING ("Order" > 0);
"""

CASES = [
    Case("added", BEFORE, "CREATE POLICY q ON t FOR SELECT USING (true)", ["+ policy q on t"]),
    Case("dropped", BEFORE, "DROP POLICY p ON t", ["- policy p on t", "- comment"]),
    Case(
        "all dropped", BEFORE, "DROP POLICY p ON t; DROP POLICY narrow ON t; DROP POLICY adds ON t", ["- policy narrow"]
    ),
    Case("renamed", BEFORE, "ALTER POLICY p ON t RENAME TO q", ["- policy p on t", "+ policy q on t"]),
    Case("USING", BEFORE, "ALTER POLICY p ON t USING (true)", ["~ policy p on t: using"]),
    Case("WITH CHECK", BEFORE, "ALTER POLICY p ON t WITH CHECK (note <> 'x')", ["~ policy p on t: with check"]),
    Case(
        "USING lost",
        BEFORE,
        "DROP POLICY narrow ON t; CREATE POLICY narrow ON t AS RESTRICTIVE FOR UPDATE TO pg_monitor, pg_read_all_data"
        " WITH CHECK (EXISTS (SELECT FROM members WHERE name = owner))",
        ["~ policy narrow on t: using"],
    ),
    Case("roles", BEFORE, "ALTER POLICY p ON t TO pg_monitor", ["~ policy p on t: roles PUBLIC -> pg_monitor"]),
    Case("fewer roles", BEFORE, "ALTER POLICY narrow ON t TO pg_monitor", ["~ policy narrow on t: roles"]),
    Case("PUBLIC", BEFORE, "ALTER POLICY narrow ON t TO PUBLIC", ["~ policy narrow on t: roles"]),
    Case("odd role", BEFORE + ROLE, 'ALTER POLICY p ON t TO "Ünder role"', ['~ policy p on t: roles PUBLIC -> "Ünder']),
    Case(
        "permissive",
        BEFORE,
        "DROP POLICY p ON t; CREATE POLICY p ON t AS RESTRICTIVE USING (owner = current_user)",
        ["~ policy p on t: type PERMISSIVE -> RESTRICTIVE", "- comment"],
    ),
    Case(
        "command",
        BEFORE,
        "DROP POLICY p ON t; CREATE POLICY p ON t FOR DELETE USING (owner = current_user)",
        ["~ policy p on t: command ALL -> DELETE"],
    ),
    Case("row security off", BEFORE, "ALTER TABLE t DISABLE ROW LEVEL SECURITY", ["~ table t: row security yes -> no"]),
    Case("forced", BEFORE, "ALTER TABLE t FORCE ROW LEVEL SECURITY", ["~ table t: force row security no -> yes"]),
    Case(
        "a column that it uses is retyped",
        BEFORE,
        "DROP POLICY narrow ON t; DROP POLICY adds ON t; ALTER TABLE t ALTER note TYPE text",
        ["~ column t.note: type", "- policy narrow on t"],
    ),
    Case(
        "a column of another table that it uses is renamed",
        BEFORE,
        "ALTER TABLE members RENAME name TO who",
        ["~ policy narrow on t: with check"],
    ),
    Case("a table that it uses is dropped", BEFORE, "DROP TABLE members CASCADE", ["- policy narrow on t"]),
    Case(
        "a function that it uses returns something else",
        BEFORE + "CREATE FUNCTION f() RETURNS int LANGUAGE sql AS 'SELECT 1'; CREATE POLICY q ON t USING (id > f());",
        "DROP FUNCTION f CASCADE; CREATE FUNCTION f() RETURNS bigint LANGUAGE sql AS 'SELECT 1';"
        "CREATE POLICY q ON t USING (id > f());",
        ["~ function f(): returns"],
    ),
    Case("dropped with its table", BEFORE, "DROP TABLE t", ["- policy p on t", "- table t"]),
    Case("odd names", ODD, 'DROP POLICY "to" ON "From"."select"', ['- policy "to" on "From"."select"']),
    Case(
        "odd names, changed",
        ODD,
        'ALTER POLICY "to" ON "From"."select" USING ("größe" = \'a\'\'b %s :x\')',
        ['~ policy "to" on "From"."select"'],
    ),
    Case(
        "on a partitioned table",
        "CREATE TABLE t (id int) PARTITION BY LIST (id); CREATE TABLE t1 PARTITION OF t FOR VALUES IN (1);",
        "CREATE POLICY p ON t USING (id > 0); CREATE POLICY p ON t1 USING (id > 1)",
        ["+ policy p on t", "+ policy p on t1"],
    ),
]


@pytest.mark.parametrize("case", CASES, ids=str)
def test_policy(make_database: MakeDatabase, case: Case) -> None:
    assert_round_trip(make_database, case)


@pytest.mark.parametrize(
    "change",
    [
        "ALTER POLICY narrow ON t TO pg_read_all_data, pg_monitor",
        "DROP POLICY adds ON t; CREATE POLICY adds ON t FOR INSERT TO CURRENT_USER WITH CHECK (t.note LIKE '%:x')",
    ],
)
def test_no_change(make_database: MakeDatabase, change: str) -> None:
    assert_no_change(make_database, BEFORE, change)
