"""Rights that PUBLIC has by default: revoked, and granted again."""

import pytest

from tests.conftest import MakeDatabase
from tests.objects.harness import Case, assert_round_trip
from tests.objects.roles import ROLES

BEFORE = (
    ROLES
    + """
CREATE FUNCTION f(int) RETURNS int LANGUAGE sql RETURN 1;
CREATE PROCEDURE p() LANGUAGE sql AS 'SELECT 1';
CREATE TYPE mood AS ENUM ('sad');
CREATE DOMAIN positive AS int;
CREATE EXTENSION hstore;
"""
)
ON = {
    "EXECUTE ON FUNCTION f": "EXECUTE on function f(integer)",
    "EXECUTE ON PROCEDURE p": "EXECUTE on procedure p()",
    "USAGE ON TYPE mood": "USAGE on type mood",
    "ALL ON DOMAIN positive": "USAGE on type positive",
    "USAGE ON LANGUAGE plpgsql": "USAGE on language plpgsql",
    # created by initdb or an extension
    "EXECUTE ON FUNCTION pg_catalog.lower(text)": "EXECUTE on function lower(text)",
    "SELECT ON pg_catalog.pg_class": "SELECT on table pg_class",
    "USAGE ON TYPE pg_catalog.int4": "USAGE on type int4",
    "EXECUTE ON FUNCTION akeys": "EXECUTE on function akeys(hstore)",
}

CASES = [
    *(Case(on, BEFORE, f"REVOKE {on} FROM PUBLIC", [f"+ revoke of {name} from PUBLIC"]) for on, name in ON.items()),
    *(
        Case(f"{on} given back", BEFORE + f"REVOKE {on} FROM PUBLIC", f"GRANT {on} TO PUBLIC", [f"- revoke of {name}"])
        for on, name in ON.items()
    ),
    Case(
        "from another role than PUBLIC",
        BEFORE,
        "REVOKE ALL ON FUNCTION pg_catalog.pg_ls_waldir FROM pg_monitor",
        ["+ revoke of EXECUTE on function pg_ls_waldir() from pg_monitor"],
    ),
    Case(
        "and granted to one",
        BEFORE,
        "REVOKE ALL ON FUNCTION f FROM PUBLIC; GRANT EXECUTE ON FUNCTION f TO reader",
        ["+ revoke of EXECUTE on function f(integer) from PUBLIC", "+ grant on function f(integer) to reader"],
    ),
    Case(
        "stays when its function is rebuilt",
        BEFORE + "REVOKE ALL ON FUNCTION f FROM PUBLIC",
        "DROP FUNCTION f; CREATE FUNCTION f(int) RETURNS text LANGUAGE sql RETURN 'a';"
        "REVOKE ALL ON FUNCTION f FROM PUBLIC",
        ["~ function f(integer)"],
    ),
]


@pytest.mark.parametrize("case", CASES, ids=str)
def test_revoke(make_database: MakeDatabase, case: Case) -> None:
    assert_round_trip(make_database, case)
