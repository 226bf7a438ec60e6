"""Conversions: each attribute changes, is reported, and is reverted."""

import pytest

from tests.conftest import MakeDatabase
from tests.objects.harness import Case, assert_round_trip

BEFORE = "CREATE CONVERSION latin FOR 'UTF8' TO 'LATIN1' FROM utf8_to_iso8859_1; COMMENT ON CONVERSION latin IS 'a';"
ODD = """CREATE CONVERSION "To L'1" FOR 'LATIN1' TO 'UTF8' FROM iso8859_1_to_utf8"""

CASES = [
    Case("added", BEFORE, ODD, ['+ conversion "To L\'1"']),
    Case("dropped", BEFORE, "DROP CONVERSION latin", ["- conversion latin", "- comment conversion latin"]),
    Case("renamed", BEFORE, "ALTER CONVERSION latin RENAME TO l1", ["- conversion latin", "+ conversion l1"]),
    Case(
        "default",
        BEFORE,
        "DROP CONVERSION latin; CREATE DEFAULT CONVERSION latin FOR 'UTF8' TO 'LATIN1' FROM utf8_to_iso8859_1",
        ["~ conversion latin: is default no -> yes"],
    ),
    Case(
        "other encodings",
        BEFORE,
        "DROP CONVERSION latin; CREATE CONVERSION latin FOR 'LATIN1' TO 'UTF8' FROM iso8859_1_to_utf8",
        ["~ conversion latin: source UTF8 -> LATIN1"],
    ),
]


@pytest.mark.parametrize("case", CASES, ids=str)
def test_conversion(make_database: MakeDatabase, case: Case) -> None:
    assert_round_trip(make_database, case)
