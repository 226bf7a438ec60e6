"""Collations: each attribute, but not the version of the library that sorts."""

import pytest

from tests.conftest import MakeDatabase
from tests.objects.harness import Case, assert_no_change, assert_round_trip
from tests.support.connections import connected

BEFORE = "CREATE COLLATION k (LOCALE = 'C')"
OTHER = "CREATE COLLATION k (LOCALE = 'C.utf8')"
USE = "CREATE TABLE t (id text COLLATE k DEFAULT 'x' PRIMARY KEY, n text, CHECK (n COLLATE k > 'a'));"
USE += "CREATE INDEX t_n ON t (n COLLATE k); CREATE VIEW v AS SELECT n COLLATE k AS n FROM t;"
USE += "CREATE DOMAIN d AS text COLLATE k; CREATE TABLE u (d d); INSERT INTO t VALUES ('x', 'y')"

CASES = [
    Case("added", "SELECT 1", BEFORE, ["+ collation k"]),
    Case("dropped", BEFORE, "DROP COLLATION k", ["- collation k"]),
    Case("locale", BEFORE, f"DROP COLLATION k; {OTHER}", ["~ collation k: lc collate C -> C.utf8"]),
    Case(
        "type",
        BEFORE,
        "DROP COLLATION k; CREATE COLLATION k (LC_COLLATE = 'C', LC_CTYPE = 'C.utf8')",
        ["~ collation k: lc ctype"],
    ),
    Case("copied", "SELECT 1", 'CREATE COLLATION k FROM "C"', ["+ collation k"]),
    Case("quoted", 'CREATE SCHEMA "S"', 'CREATE COLLATION "S"."K.é" (LOCALE = \'C\')', ['+ collation "S"."K.é"']),
    Case("renamed", f"{BEFORE}; {USE}", "ALTER COLLATION k RENAME TO l", ["- collation k", "+ collation l"]),
    Case(
        "builtin",
        BEFORE,
        "DROP COLLATION k; CREATE COLLATION k (PROVIDER = builtin, LOCALE = 'C.UTF-8')",
        ["~ collation k: provider libc -> builtin"],
        since=17,
    ),
    Case(
        "in use",
        f"{BEFORE}; {USE}",
        f"DROP SCHEMA public CASCADE; CREATE SCHEMA public; {OTHER}; {USE}",
        ["~ collation k"],
    ),
]
ICU = "CREATE COLLATION k (PROVIDER = icu, LOCALE = 'und'); "
WITH_ICU = [
    Case("added", "SELECT 1", ICU, ["+ collation k"]),
    Case("locale", ICU, f"DROP COLLATION k; {ICU.replace('und', 'de')}", ["~ collation k: locale und -> de"]),
    Case(
        "deterministic",
        ICU,
        f"DROP COLLATION k; {ICU.replace(')', ', DETERMINISTIC = false)')}",
        ["~ collation k: deterministic"],
    ),
    Case(
        "rules",
        ICU,
        f"DROP COLLATION k; {ICU.replace(')', ', RULES = $$&a < b$$)')}",
        ["~ collation k: rules"],
        since=16,
    ),
    Case("provider", ICU, f"DROP COLLATION k; {BEFORE}", ["~ collation k: provider icu -> libc"]),
]


@pytest.mark.parametrize("case", CASES, ids=str)
def test_collation(make_database: MakeDatabase, case: Case) -> None:
    assert_round_trip(make_database, case)


@pytest.mark.parametrize("case", WITH_ICU, ids=str)
def test_icu_collation(make_database: MakeDatabase, case: Case) -> None:
    with connected(make_database()) as connection:
        if not connection.exec_driver_sql("SELECT count(*) FROM pg_collation WHERE collname = 'und-x-icu'").scalar():
            pytest.skip("this server was built without ICU")
    assert_round_trip(make_database, case)


def test_an_owner_is_not_schema(make_database: MakeDatabase) -> None:
    assert_no_change(make_database, BEFORE, "ALTER COLLATION k OWNER TO pg_monitor")
