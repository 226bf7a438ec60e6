"""Text search dictionaries: each attribute changes, is reported, and is reverted."""

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
        "CREATE TEXT SEARCH DICTIONARY d (TEMPLATE = simple)",
        ["+ text search dictionary d"],
    ),
    Case(
        "with a configuration",
        BEFORE,
        f"CREATE TEXT SEARCH DICTIONARY d (TEMPLATE = simple);{SEARCH} ADD MAPPING FOR tag WITH d",
        ["+ text search dictionary d", NAMED],
    ),
    Case(
        "dropped",
        BEFORE + "CREATE TEXT SEARCH DICTIONARY d (TEMPLATE = simple)",
        "DROP TEXT SEARCH DICTIONARY d",
        ["- text search dictionary d"],
    ),
    Case(
        "option changed",
        BEFORE,
        "ALTER TEXT SEARCH DICTIONARY stems (stopwords = 'german')",
        ["~ text search dictionary stems: options"],
    ),
    Case(
        "option dropped",
        BEFORE,
        'ALTER TEXT SEARCH DICTIONARY "Words".plain (stopwords, accept)',
        ['~ text search dictionary "Words".plain: options'],
    ),
    Case("option added", BEFORE, "ALTER TEXT SEARCH DICTIONARY stems (stopwords)", ["~ text search dictionary stems"]),
    Case(
        "template",
        BEFORE + "CREATE TEXT SEARCH DICTIONARY d (TEMPLATE = simple)",
        "DROP TEXT SEARCH DICTIONARY d; CREATE TEXT SEARCH DICTIONARY d (TEMPLATE = snowball, language = 'german')",
        ["~ text search dictionary d: template"],
    ),
]


@pytest.mark.parametrize("case", CASES, ids=str)
def test_text_search_dictionary(make_database: MakeDatabase, case: Case) -> None:
    assert_round_trip(make_database, case)
