"""Extensions: their existence, schema and comment, but not their versions, nor the objects that belong to them."""

import pytest

from tests.conftest import MakeDatabase
from tests.objects.harness import Case, assert_no_change, assert_round_trip

BEFORE = "CREATE SCHEMA s; CREATE EXTENSION citext"

CASES = [
    Case("added", "SELECT 1", "CREATE EXTENSION citext", ["+ extension citext"]),
    Case("dropped", BEFORE, "DROP EXTENSION citext", ["- extension citext"]),
    Case("quoted", "SELECT 1", 'CREATE EXTENSION "uuid-ossp"', ['+ extension "uuid-ossp"']),
    Case("in a schema", "SELECT 1", "CREATE SCHEMA s; CREATE EXTENSION citext SCHEMA s", ["+ extension citext"]),
    Case("moved", BEFORE, "ALTER EXTENSION citext SET SCHEMA s", ["~ extension citext: schema public -> s"]),
    Case(
        "moved under a column",
        f"{BEFORE}; CREATE TABLE t (c citext DEFAULT 'x' UNIQUE)",
        "ALTER EXTENSION citext SET SCHEMA s",
        ["~ extension citext: schema public -> s", "~ column t.c: type"],
    ),
    Case("comment", BEFORE, "COMMENT ON EXTENSION citext IS 'it''s $$ours$$'", ["~ extension citext: comment"]),
    Case("no comment", BEFORE, "COMMENT ON EXTENSION citext IS NULL", ["~ extension citext: comment none -> ''"]),
    Case("plpgsql dropped", "SELECT 1", "DROP EXTENSION plpgsql", ["- extension plpgsql"]),
    Case(
        "the comment of plpgsql",
        "SELECT 1",
        "COMMENT ON EXTENSION plpgsql IS 'ours'",
        ["~ extension plpgsql: comment none -> ours"],
    ),
    Case(
        "a column becomes of its type",
        "CREATE TABLE t (c text)",
        "CREATE EXTENSION citext; ALTER TABLE t ALTER c TYPE citext",
        ["+ extension citext", "~ column t.c: type text -> citext"],
    ),
    Case(
        "dropped with all that uses it",
        f"{BEFORE}; CREATE EXTENSION pg_trgm; CREATE TABLE t (id int, c citext, n text);"
        "CREATE INDEX t_n ON t USING gin (n gin_trgm_ops); CREATE VIEW v AS SELECT c FROM t;"
        "CREATE DOMAIN mail AS citext; CREATE FUNCTION f(citext) RETURNS int LANGUAGE sql AS 'SELECT 1'",
        "DROP EXTENSION citext CASCADE; DROP EXTENSION pg_trgm CASCADE",
        ["- extension citext", "- extension pg_trgm", "- column t.c", "- index t_n", "- view v", "- domain mail"],
    ),
    Case(
        "a default calls its function",
        "CREATE TABLE t (id uuid)",
        'CREATE EXTENSION "uuid-ossp"; ALTER TABLE t ALTER id SET DEFAULT uuid_generate_v4()',
        ['+ extension "uuid-ossp"', "~ column t.id: default"],
    ),
    Case("one needs another", "SELECT 1", "CREATE EXTENSION earthdistance CASCADE", ["+ extension cube"]),
    Case(
        "a constraint uses it",
        "CREATE TABLE t (a int, b int4range)",
        "CREATE EXTENSION btree_gist;ALTER TABLE t ADD CONSTRAINT x EXCLUDE USING gist (a WITH =, b WITH &&)",
        ["+ constraint x on t"],
    ),
]


@pytest.mark.parametrize("case", CASES, ids=str)
def test_extension(make_database: MakeDatabase, case: Case) -> None:
    assert_round_trip(make_database, case)


def test_plpgsql_created_again(make_database: MakeDatabase) -> None:
    assert_no_change(make_database, "SELECT 1", "DROP EXTENSION plpgsql; CREATE EXTENSION plpgsql")
