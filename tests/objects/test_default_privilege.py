"""Default privileges: for each kind of object, for one role or all objects it creates, in one schema or everywhere."""

import pytest

from tests.conftest import MakeDatabase
from tests.objects.harness import Case, apply, assert_no_change, assert_round_trip, catalog
from tests.objects.roles import ROLES
from tests.support.connections import connected
from whisper_migrate.catalog.describe import line
from whisper_migrate.catalog.model import diff

BEFORE = ROLES + "CREATE SCHEMA app;"
GRANTED = BEFORE + "ALTER DEFAULT PRIVILEGES GRANT SELECT, INSERT ON TABLES TO reader;"

# The word in ALTER DEFAULT PRIVILEGES -> the word in the report.
GRANTS = {
    "GRANT SELECT ON TABLES TO reader": "on tables to reader",
    "GRANT ALL ON TABLES TO PUBLIC": "on tables to PUBLIC",
    "GRANT SELECT ON TABLES TO reader WITH GRANT OPTION": "on tables to reader",
    "GRANT USAGE ON SEQUENCES TO reader": "on sequences to reader",
    "GRANT EXECUTE ON FUNCTIONS TO reader": "on functions to reader",
    "GRANT USAGE ON TYPES TO reader": "on types to reader",
    "GRANT USAGE ON SCHEMAS TO reader": "on schemas to reader",
    "REVOKE EXECUTE ON FUNCTIONS FROM PUBLIC": "on functions from PUBLIC",
    "REVOKE USAGE ON TYPES FROM PUBLIC": "on types from PUBLIC",
    "IN SCHEMA app GRANT SELECT ON TABLES TO reader": "in schema app on tables to reader",
    "IN SCHEMA app GRANT EXECUTE ON FUNCTIONS TO PUBLIC": "in schema app on functions to PUBLIC",
    "FOR ROLE writer GRANT SELECT ON TABLES TO reader": "for role writer on tables to reader",
    'FOR ROLE "Straße 7" IN SCHEMA app GRANT ALL ON SEQUENCES TO reader': 'for role "Straße 7" in schema app',
}

CASES = [
    *(
        Case(sql, BEFORE, f"ALTER DEFAULT PRIVILEGES {sql}", [f"+ default privilege {name}"])
        for sql, name in GRANTS.items()
    ),
    Case(
        "LARGE OBJECTS", BEFORE, "ALTER DEFAULT PRIVILEGES GRANT SELECT ON LARGE OBJECTS TO reader", ["+ default"], 18
    ),
    Case(
        "revoked",
        GRANTED,
        "ALTER DEFAULT PRIVILEGES REVOKE ALL ON TABLES FROM reader",
        ["- default privilege on tables to reader"],
    ),
    Case(
        "one privilege more",
        GRANTED,
        "ALTER DEFAULT PRIVILEGES GRANT DELETE ON TABLES TO reader",
        ["~ default privilege on tables to reader: privileges"],
    ),
    Case(
        "given, and a table made before",
        BEFORE,
        "CREATE TABLE t (id int); ALTER DEFAULT PRIVILEGES GRANT SELECT ON TABLES TO reader",
        ["+ default privilege on tables to reader", "+ table t"],
    ),
    Case(
        "given, and a table made after",
        BEFORE,
        "ALTER DEFAULT PRIVILEGES GRANT SELECT ON TABLES TO reader; CREATE TABLE t (id int)",
        ["+ grant on table t to reader", "+ table t"],
    ),
    Case(
        "of a schema that goes",
        BEFORE + "ALTER DEFAULT PRIVILEGES IN SCHEMA app GRANT SELECT ON TABLES TO reader",
        "DROP SCHEMA app",
        ["- default privilege in schema app"],
    ),
]


@pytest.mark.parametrize("case", CASES, ids=str)
def test_default_privilege(make_database: MakeDatabase, case: Case) -> None:
    assert_round_trip(make_database, case)


def test_back_to_what_is_built_in(make_database: MakeDatabase) -> None:
    there = "ALTER DEFAULT PRIVILEGES REVOKE EXECUTE ON FUNCTIONS FROM PUBLIC;"
    back = "ALTER DEFAULT PRIVILEGES GRANT EXECUTE ON FUNCTIONS TO PUBLIC"
    assert_no_change(make_database, "SELECT 1", there + back)


def test_the_role_that_migrates_has_no_name(make_database: MakeDatabase) -> None:
    """One role creates the shadow, another migrates the database: the default privileges that each set are equal."""
    other = ROLES + "CREATE TABLE alembic_version (v int); ALTER TABLE alembic_version OWNER TO keeper;"
    with connected(make_database()) as shadow, connected(make_database()) as database:
        apply(shadow, GRANTED)
        apply(
            database, BEFORE, other, "ALTER DEFAULT PRIVILEGES FOR ROLE keeper GRANT SELECT, INSERT ON TABLES TO reader"
        )
        assert [line(change) for change in diff(catalog(shadow), catalog(database))] == []
