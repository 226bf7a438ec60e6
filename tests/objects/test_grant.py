"""Grants: on every kind of object that can have them, with grant options; the owner's own rights are not compared."""

import pytest

from tests.conftest import MakeDatabase
from tests.objects.harness import Case, apply, assert_no_change, assert_round_trip, catalog
from tests.objects.roles import ROLES
from tests.support.connections import connected
from whisper_migrate.catalog.describe import line
from whisper_migrate.catalog.model import diff

BEFORE = (
    ROLES
    + """
CREATE SCHEMA app;
CREATE TABLE t (id int GENERATED ALWAYS AS IDENTITY PRIMARY KEY, "E-Mail" text, n int);
CREATE VIEW v AS SELECT id, n FROM t;
CREATE MATERIALIZED VIEW mv AS SELECT id, n FROM t;
CREATE SEQUENCE s;
CREATE FUNCTION f(int) RETURNS int LANGUAGE sql RETURN 1;
CREATE PROCEDURE p(int) LANGUAGE sql AS 'SELECT 1';
CREATE TYPE mood AS ENUM ('sad');
CREATE DOMAIN positive AS int CHECK (VALUE > 0);
CREATE TYPE pair AS (a int);
CREATE FOREIGN DATA WRAPPER wrapper;
CREATE SERVER far FOREIGN DATA WRAPPER wrapper;
CREATE FOREIGN TABLE ft (a int) SERVER far;
CREATE EXTENSION hstore;
"""
)

# The word in GRANT -> the word in the report.
ON = {
    "SELECT ON t": "table t",
    "INSERT, UPDATE, DELETE, TRUNCATE, REFERENCES, TRIGGER ON t": "table t",
    "ALL ON t": "table t",
    'SELECT ("E-Mail"), UPDATE (n) ON t': 'column t."E-Mail"',
    "SELECT (n) ON v": "column v.n",
    "SELECT ON v": "view v",
    "SELECT ON mv": "materialized view mv",
    "SELECT ON ft": "foreign table ft",
    "USAGE, SELECT ON SEQUENCE s": "sequence s",
    "UPDATE ON SEQUENCE t_id_seq": "sequence t_id_seq",
    "EXECUTE ON FUNCTION f": "function f(integer)",
    "EXECUTE ON PROCEDURE p": "procedure p(integer)",
    "CREATE, USAGE ON SCHEMA app": "schema app",
    "CREATE ON SCHEMA public": "schema public",
    "USAGE ON TYPE mood": "type mood",
    "USAGE ON DOMAIN positive": "type positive",
    "USAGE ON TYPE pair": "type pair",
    "USAGE ON TYPE t": "type t",
    "USAGE ON LANGUAGE plpgsql": "language plpgsql",
    "USAGE ON LANGUAGE sql": "language sql",
    "USAGE ON FOREIGN DATA WRAPPER wrapper": "foreign data wrapper wrapper",
    "USAGE ON FOREIGN SERVER far": "foreign server far",
    # created by initdb or an extension
    "SELECT ON pg_catalog.pg_authid": "table pg_authid",
    "SELECT (rolname) ON pg_catalog.pg_authid": "column pg_authid.rolname",
    "EXECUTE ON FUNCTION pg_catalog.pg_ls_waldir": "function pg_ls_waldir()",
    "USAGE ON TYPE pg_catalog.int4": "type int4",
    "CREATE ON SCHEMA pg_catalog": "schema pg_catalog",
    "EXECUTE ON FUNCTION akeys": "function akeys(hstore)",
}
TO_PUBLIC = ("SELECT ON t", "USAGE, SELECT ON SEQUENCE s", "CREATE, USAGE ON SCHEMA app", "USAGE ON FOREIGN SERVER far")

GRANTED = BEFORE + 'GRANT SELECT ON t, v TO reader; GRANT UPDATE ON t TO "Straße 7"; GRANT INSERT (n) ON t TO reader;'
OPTION = BEFORE + "GRANT SELECT, UPDATE ON t TO reader WITH GRANT OPTION;"

CASES = [
    *(Case(on, BEFORE, f"GRANT {on} TO reader", [f"+ grant on {name} to reader"]) for on, name in ON.items()),
    *(Case(f"{on} to PUBLIC", BEFORE, f"GRANT {on} TO PUBLIC", [f"+ grant on {ON[on]} to PUBLIC"]) for on in TO_PUBLIC),
    Case("quoted", BEFORE, 'GRANT SELECT ON t TO "Straße 7"', ['+ grant on table t to "Straße 7"']),
    Case("MAINTAIN", BEFORE, "GRANT MAINTAIN ON t TO reader", ["+ grant on table t to reader (MAINTAIN)"], since=17),
    Case("option", BEFORE, "GRANT ALL ON t TO reader WITH GRANT OPTION", ["+ grant on table t to reader"]),
    Case(
        "option added",
        GRANTED,
        "GRANT SELECT ON t TO reader WITH GRANT OPTION",
        ["~ grant on table t to reader: privileges"],
    ),
    Case(
        "option of one privilege, and another privilege",
        OPTION,
        "REVOKE GRANT OPTION FOR SELECT ON t FROM reader; REVOKE UPDATE ON t FROM reader; GRANT DELETE ON t TO reader",
        ["~ grant on table t to reader: privileges"],
    ),
    Case(
        "option on a column",
        GRANTED,
        "GRANT INSERT (n), UPDATE (n) ON t TO reader WITH GRANT OPTION",
        ["~ grant on column t.n to reader: privileges"],
    ),
    Case("revoked", GRANTED, "REVOKE ALL ON v FROM reader", ["- grant on view v to reader"]),
    Case(
        "revoked from a quoted role", GRANTED, 'REVOKE ALL ON t FROM "Straße 7"', ['- grant on table t to "Straße 7"']
    ),
    Case("revoked on a column", GRANTED, "REVOKE INSERT (n) ON t FROM reader", ["- grant on column t.n to reader"]),
    Case("one privilege more", GRANTED, "GRANT INSERT ON t TO reader", ["~ grant on table t to reader: privileges"]),
    Case(
        "one privilege less, but still on a column",
        GRANTED + "GRANT INSERT, UPDATE ON t TO reader",
        "REVOKE INSERT ON t FROM reader; GRANT INSERT (n) ON t TO reader",
        ["~ grant on table t to reader: privileges"],
    ),
    Case(
        "passed on, and taken back",
        OPTION + "SET ROLE reader; GRANT SELECT ON t TO writer; RESET ROLE;",
        "REVOKE GRANT OPTION FOR SELECT ON t FROM reader CASCADE",
        ["- grant on table t by reader to writer", "~ grant on table t to reader"],
    ),
    Case(
        "passed on, and still there when the giver has less",
        OPTION + "SET ROLE reader; GRANT SELECT ON t TO writer; RESET ROLE;",
        "REVOKE UPDATE ON t FROM reader",
        ["~ grant on table t to reader"],
    ),
    Case("with its table", GRANTED, "DROP TABLE t CASCADE", ["- table t", "- grant on column t.n to reader"]),
    Case("with its schema", BEFORE + "GRANT USAGE ON SCHEMA app TO reader", "DROP SCHEMA app", ["- schema app"]),
    Case(
        "stays when its view is rebuilt",
        GRANTED,
        "DROP VIEW v; CREATE VIEW v AS SELECT n FROM t; GRANT SELECT ON v TO reader",
        ["~ view v"],
    ),
    Case(
        "stays when its column is retyped",
        GRANTED,
        "DROP VIEW v; DROP MATERIALIZED VIEW mv; ALTER TABLE t ALTER n TYPE bigint;"
        "CREATE VIEW v AS SELECT id, n FROM t; GRANT SELECT ON v TO reader;"
        "CREATE MATERIALIZED VIEW mv AS SELECT id, n FROM t",
        ["~ column t.n: type"],
    ),
    Case(
        "stays when its function is rebuilt",
        BEFORE + "GRANT EXECUTE ON FUNCTION f TO reader",
        "DROP FUNCTION f; CREATE FUNCTION f(int) RETURNS bigint LANGUAGE sql RETURN 1;"
        "GRANT EXECUTE ON FUNCTION f TO reader",
        ["~ function f(integer)"],
    ),
    Case(
        "passed on",
        OPTION,
        "SET ROLE reader; GRANT SELECT ON t TO writer; RESET ROLE",
        ["+ grant on table t by reader to writer"],
    ),
    Case(
        "given and passed on",
        BEFORE,
        "GRANT SELECT ON t TO reader WITH GRANT OPTION; SET ROLE reader; GRANT SELECT ON t TO writer; RESET ROLE",
        ["+ grant on table t to reader", "+ grant on table t by reader to writer"],
    ),
    Case(
        "to a role that could do something else by itself",
        BEFORE,
        "GRANT INSERT ON pg_catalog.pg_hba_file_rules TO pg_read_all_settings",
        ["+ grant on view pg_hba_file_rules to pg_read_all_settings (INSERT)"],
    ),
    Case(
        "with its extension",
        BEFORE + "GRANT EXECUTE ON FUNCTION akeys TO reader",
        "DROP EXTENSION hstore",
        ["- extension hstore", "- grant on function akeys(hstore) to reader"],
    ),
    Case("public closed", BEFORE, "REVOKE ALL ON SCHEMA public FROM PUBLIC", ["- grant on schema public to PUBLIC"]),
]

NO_CHANGE = {
    "the default, written out": (BEFORE, "GRANT ALL ON t TO CURRENT_USER; GRANT EXECUTE ON FUNCTION f TO PUBLIC"),
    "granted and revoked": (BEFORE, "GRANT SELECT ON t TO reader; REVOKE SELECT ON t FROM reader"),
    "an owner's own rights": (BEFORE, "REVOKE UPDATE ON t FROM CURRENT_USER"),
    "another owner": (
        GRANTED,
        "ALTER TABLE t OWNER TO keeper; ALTER VIEW v OWNER TO keeper; ALTER FUNCTION f OWNER TO keeper",
    ),
    "a grant to the owner": (
        BEFORE + "ALTER TABLE t OWNER TO keeper",
        "GRANT SELECT ON t TO keeper; GRANT SELECT (n) ON t TO keeper",
    ),
}


@pytest.mark.parametrize("case", CASES, ids=str)
def test_grant(make_database: MakeDatabase, case: Case) -> None:
    assert_round_trip(make_database, case)


@pytest.mark.parametrize("name", NO_CHANGE)
def test_no_change(make_database: MakeDatabase, name: str) -> None:
    assert_no_change(make_database, *NO_CHANGE[name])


def _differences(make_database: MakeDatabase, shadow: str, database: str) -> list[str]:
    with connected(make_database()) as first, connected(make_database()) as second:
        apply(first, BEFORE + shadow)
        apply(second, BEFORE + database)
        forth = [line(change) for change in diff(catalog(first), catalog(second))]
        assert len(forth) == len(diff(catalog(second), catalog(first)))
        return forth


OWNED = "ALTER TABLE t OWNER TO keeper; ALTER SEQUENCE s OWNER TO keeper;"


@pytest.mark.parametrize("database", [OWNED, OWNED + "GRANT SELECT ON t TO keeper"])
def test_shadow_of_another_role_grants_to_the_owner(make_database: MakeDatabase, database: str) -> None:
    """A grant of the history to the role that owns the real tables has no effect there, even after a restore."""
    shadow = "GRANT SELECT ON t TO keeper; GRANT USAGE ON SEQUENCE s, t_id_seq TO keeper"
    assert _differences(make_database, shadow, database) == []


def test_shadow_of_the_role_that_is_granted(make_database: MakeDatabase) -> None:
    """A grant of the history to the role that creates the shadow has no effect in it, so it cannot be compared."""
    shadow, database = "GRANT SELECT ON t TO CURRENT_USER", "GRANT SELECT ON t TO CURRENT_USER"
    assert _differences(make_database, shadow, OWNED + database) == []


def test_granted_by_hand_to_the_role_that_makes_shadows(make_database: MakeDatabase) -> None:
    """A grant that the history does not contain is a difference, even one to the role that creates shadows."""
    found = _differences(make_database, "", OWNED + "GRANT SELECT ON t TO CURRENT_USER")
    assert [text.partition(" to ")[0] for text in found] == ["+ grant on table t"]


def test_other_grants_are_compared_whoever_owns(make_database: MakeDatabase) -> None:
    found = _differences(make_database, "GRANT SELECT ON t TO reader", OWNED + "GRANT INSERT ON t TO reader")
    assert len(found) == 1 and found[0].startswith("~ grant on table t to reader: privileges")
