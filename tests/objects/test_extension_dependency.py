"""Objects that depend on an extension by ALTER ... DEPENDS ON EXTENSION."""

import pytest

from tests.conftest import MakeDatabase
from tests.objects.harness import Case, assert_round_trip

BEFORE = """
CREATE EXTENSION pg_trgm;
CREATE EXTENSION "uuid-ossp";
CREATE TABLE t (a int);
CREATE INDEX i ON t (a);
CREATE MATERIALIZED VIEW m AS SELECT a FROM t;
CREATE FUNCTION f(int) RETURNS int LANGUAGE sql AS 'SELECT 1';
CREATE FUNCTION g() RETURNS trigger LANGUAGE plpgsql AS $$BEGIN RETURN NEW; END$$;
CREATE TRIGGER tr BEFORE UPDATE ON t FOR EACH ROW EXECUTE FUNCTION g();
CREATE PROCEDURE p() LANGUAGE sql AS 'SELECT 1';
"""
DEPENDENTS = ("index i", "materialized view m", "function f(integer)", "procedure p()")


def case(name: str, change: str, *named: str, before: str = "") -> Case:
    return Case(name, BEFORE + before, change, named)


CASES = [
    *[
        case(
            f"{what} depends", f"ALTER {what} DEPENDS ON EXTENSION pg_trgm", f"+ extension dependency {what} on pg_trgm"
        )
        for what in DEPENDENTS
    ],
    case(
        "trigger",
        "ALTER TRIGGER tr ON t DEPENDS ON EXTENSION pg_trgm",
        "+ extension dependency trigger tr on t on pg_trgm",
    ),
    case(
        "no more",
        "ALTER INDEX i NO DEPENDS ON EXTENSION pg_trgm",
        "- extension dependency index i on pg_trgm",
        before="ALTER INDEX i DEPENDS ON EXTENSION pg_trgm",
    ),
    case(
        "on another",
        'ALTER INDEX i NO DEPENDS ON EXTENSION pg_trgm; ALTER INDEX i DEPENDS ON EXTENSION "uuid-ossp"',
        '+ extension dependency index i on "uuid-ossp"',
        before="ALTER INDEX i DEPENDS ON EXTENSION pg_trgm",
    ),
    case(
        "gone with the extension",
        "DROP EXTENSION pg_trgm",
        "- index i",
        "- extension dependency index i on pg_trgm",
        before="ALTER INDEX i DEPENDS ON EXTENSION pg_trgm",
    ),
    case(
        "kept when what depends is another",
        "DROP INDEX i; CREATE INDEX i ON t (a DESC); ALTER INDEX i DEPENDS ON EXTENSION pg_trgm",
        "~ index i: definition",
        before="ALTER INDEX i DEPENDS ON EXTENSION pg_trgm",
    ),
]


@pytest.mark.parametrize("case", CASES, ids=str)
def test_extension_dependency(make_database: MakeDatabase, case: Case) -> None:
    assert_round_trip(make_database, case)
