"""Foreign data wrappers: each attribute changes, is reported, and is reverted."""

import pytest

from tests.conftest import MakeDatabase
from tests.objects.harness import Case, assert_round_trip

BEFORE = """
CREATE EXTENSION postgres_fdw;
CREATE FOREIGN DATA WRAPPER bare;
CREATE FOREIGN DATA WRAPPER "W 1" HANDLER postgres_fdw_handler OPTIONS (a '1', "B b" 'x=y''z');
CREATE FUNCTION check_it(text[], oid) RETURNS bool LANGUAGE sql RETURN true;
"""
WRAPPER = 'ALTER FOREIGN DATA WRAPPER "W 1"'

CASES = [
    Case("added", BEFORE, "CREATE FOREIGN DATA WRAPPER w2 VALIDATOR check_it", ["+ foreign data wrapper w2"]),
    Case("dropped", BEFORE, 'DROP FOREIGN DATA WRAPPER "W 1"', ['- foreign data wrapper "W 1"']),
    Case("handler gone", BEFORE, f"{WRAPPER} NO HANDLER", ['~ foreign data wrapper "W 1": handler']),
    Case(
        "handler",
        BEFORE,
        "ALTER FOREIGN DATA WRAPPER bare HANDLER postgres_fdw_handler",
        ["~ foreign data wrapper bare: handler"],
    ),
    Case("validator", BEFORE, f"{WRAPPER} VALIDATOR check_it", ['~ foreign data wrapper "W 1": validator']),
    Case(
        "options",
        BEFORE,
        f"{WRAPPER} OPTIONS (SET a '2', DROP \"B b\", ADD c '')",
        ['~ foreign data wrapper "W 1": options'],
    ),
    Case("options gone", BEFORE, f'{WRAPPER} OPTIONS (DROP a, DROP "B b")', ['~ foreign data wrapper "W 1": options']),
]


@pytest.mark.parametrize("case", CASES, ids=str)
def test_foreign_data_wrapper(make_database: MakeDatabase, case: Case) -> None:
    assert_round_trip(make_database, case)
