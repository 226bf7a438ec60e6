"""Languages, and transforms between them and types: each attribute changes, is reported, and is reverted."""

import pytest

from tests.conftest import MakeDatabase
from tests.objects.harness import Case, assert_round_trip

MADE = "CREATE LANGUAGE plx HANDLER plpgsql_call_handler"
BEFORE = f"""
{MADE};
COMMENT ON LANGUAGE plx IS 'a';
CREATE FUNCTION f() RETURNS int LANGUAGE plx AS 'BEGIN RETURN 1; END';
CREATE FUNCTION from_text(internal) RETURNS internal LANGUAGE internal IMMUTABLE AS 'prsd_lextype';
CREATE TRANSFORM FOR text LANGUAGE plx (FROM SQL WITH FUNCTION from_text(internal));
COMMENT ON TRANSFORM FOR text LANGUAGE plx IS 'b';
"""
AGAIN = "DROP LANGUAGE plx CASCADE; {}; CREATE FUNCTION f() RETURNS int LANGUAGE plx AS 'BEGIN RETURN 1; END'"
NAMED = "~ language plx"

CASES = [
    Case("added", BEFORE, 'CREATE TRUSTED LANGUAGE "My PL" HANDLER plpgsql_call_handler', ['+ language "My PL"']),
    Case("dropped", BEFORE, "DROP LANGUAGE plx CASCADE", ["- language plx", "- function f()", "- transform for text"]),
    Case("trusted", BEFORE, AGAIN.format(MADE.replace("LANG", "TRUSTED LANG")), [f"{NAMED}: trusted no -> yes"]),
    Case("validator", BEFORE, AGAIN.format(f"{MADE} VALIDATOR plpgsql_validator"), [f"{NAMED}: validator none -> "]),
    Case("inline", BEFORE, AGAIN.format(f"{MADE} INLINE plpgsql_inline_handler"), [f"{NAMED}: inline none -> "]),
    Case(
        "transform added",
        BEFORE,
        "CREATE TRANSFORM FOR int LANGUAGE plx (FROM SQL WITH FUNCTION from_text(internal))",
        ["+ transform for integer language plx"],
    ),
    Case(
        "transform dropped",
        BEFORE,
        "DROP TRANSFORM FOR text LANGUAGE plx",
        ["- transform for text language plx", "- comment transform"],
    ),
]


@pytest.mark.parametrize("case", CASES, ids=str)
def test_language(make_database: MakeDatabase, case: Case) -> None:
    assert_round_trip(make_database, case)
