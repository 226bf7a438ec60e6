"""Text search parsers and templates: each attribute changes, is reported, and is reverted."""

import pytest

from tests.conftest import MakeDatabase
from tests.objects.harness import Case, assert_round_trip

PARSER = (
    "CREATE TEXT SEARCH PARSER {} (START = prsd_start, GETTOKEN = prsd_nexttoken, END = prsd_end,"
    " LEXTYPES = prsd_lextype{})"
)
TEMPLATE = "CREATE TEXT SEARCH TEMPLATE {} ({}LEXIZE = dsimple_lexize)"
INIT = "INIT = dsimple_init, "
BEFORE = f"""
{PARSER.format("words", "")};
{TEMPLATE.format("plain", INIT)};
CREATE TEXT SEARCH CONFIGURATION search (PARSER = words);
CREATE TEXT SEARCH DICTIONARY simply (TEMPLATE = plain);
ALTER TEXT SEARCH CONFIGURATION search ADD MAPPING FOR word WITH simply;
COMMENT ON TEXT SEARCH PARSER words IS 'a';
COMMENT ON TEXT SEARCH TEMPLATE plain IS 'b';
"""
ALONE = f"{PARSER.format('p', '')}; {TEMPLATE.format('t', INIT)}"
HEADLINE = PARSER.format("p", ", HEADLINE = prsd_headline")

CASES = [
    Case("parser added", BEFORE, PARSER.format('"P"', ""), ['+ text search parser "P"']),
    Case("template added", BEFORE, TEMPLATE.format('"T"', ""), ['+ text search template "T"']),
    Case(
        "parser dropped",
        BEFORE,
        "DROP TEXT SEARCH PARSER words CASCADE",
        ["- text search parser words", "- text search configuration search", "- comment text search parser"],
    ),
    Case(
        "template dropped",
        BEFORE,
        "DROP TEXT SEARCH TEMPLATE plain CASCADE",
        ["- text search template plain", "- text search dictionary simply"],
    ),
    Case("headline", ALONE, f"DROP TEXT SEARCH PARSER p; {HEADLINE}", ["~ text search parser p: headline none -> "]),
    Case("init", ALONE, f"DROP TEXT SEARCH TEMPLATE t; {TEMPLATE.format('t', '')}", ["~ text search template t: init"]),
]


@pytest.mark.parametrize("case", CASES, ids=str)
def test_text_search_parser(make_database: MakeDatabase, case: Case) -> None:
    assert_round_trip(make_database, case)
