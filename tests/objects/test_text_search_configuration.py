"""Text search configurations: each attribute changes, is reported, and is reverted."""

import pytest

from tests.conftest import MakeDatabase
from tests.objects.harness import Case, assert_round_trip

BEFORE = """
CREATE SCHEMA "Words";
CREATE TEXT SEARCH DICTIONARY stems (TEMPLATE = snowball, language = 'english', stopwords = 'english');
CREATE TEXT SEARCH DICTIONARY "Words".plain (TEMPLATE = simple, "stopwords" = 'english', accept = false);
CREATE TEXT SEARCH CONFIGURATION search (COPY = english);
CREATE TEXT SEARCH CONFIGURATION empty (PARSER = default);
ALTER TEXT SEARCH CONFIGURATION search ALTER MAPPING FOR asciiword, word WITH "Words".plain, stems;
CREATE TABLE t (body text, found tsvector GENERATED ALWAYS AS (to_tsvector('search', body)) STORED);
CREATE INDEX t_body ON t USING gin (to_tsvector('search', body));
"""
SEARCH = "ALTER TEXT SEARCH CONFIGURATION search"
NAMED = "~ text search configuration search: mappings"

CASES = [
    Case(
        "added",
        BEFORE,
        'CREATE TEXT SEARCH CONFIGURATION "Words".x (COPY = simple)',
        ['+ text search configuration "Words".x'],
    ),
    Case("dropped", BEFORE, "DROP TEXT SEARCH CONFIGURATION empty", ["- text search configuration empty"]),
    Case("mapping dropped", BEFORE, f"{SEARCH} DROP MAPPING FOR email, url", [NAMED]),
    Case("mapping added", BEFORE, f"{SEARCH} ADD MAPPING FOR tag WITH simple", [NAMED]),
    Case("mapping to others", BEFORE, f"{SEARCH} ALTER MAPPING FOR word WITH stems", [NAMED]),
    Case("mapping in another order", BEFORE, f'{SEARCH} ALTER MAPPING FOR word WITH stems, "Words".plain', [NAMED]),
    Case("replaced everywhere", BEFORE, f"{SEARCH} ALTER MAPPING REPLACE stems WITH simple", [NAMED]),
]


@pytest.mark.parametrize("case", CASES, ids=str)
def test_text_search_configuration(make_database: MakeDatabase, case: Case) -> None:
    assert_round_trip(make_database, case)
