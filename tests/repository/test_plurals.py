"""Numbers in messages: noun and verb agree with them."""

import re
from pathlib import Path

import pytest

from whisper_migrate.wording.plurals import counted, verb

PACKAGE = Path(__file__).parents[2] / "whisper_migrate"


@pytest.mark.parametrize(
    ("number", "noun", "words"),
    [
        (1, "row", "1 row"),
        (0, "row", "0 rows"),
        (2, "entry", "2 entries"),
        (2, "key", "2 keys"),
        (3, "index", "3 indexes"),
        (2, "access", "2 accesses"),
        (1, "foreign_table", "1 foreign table"),
        (2, "policy", "2 policies"),
        (2, "statistics", "2 statistics"),
    ],
)
def test_a_noun_goes_with_its_number(number: int, noun: str, words: str) -> None:
    assert counted(number, noun) == words


def test_a_verb_goes_with_its_number() -> None:
    assert [f"{number} {verb(number, 'is', 'are')}" for number in (0, 1, 2)] == ["0 are", "1 is", "2 are"]


def test_no_message_makes_a_plural_of_its_own() -> None:
    """Neither an added s nor a plural noun after an arbitrary number."""
    text = "".join(file.read_text() for file in sorted(PACKAGE.rglob("*.py")))
    assert not re.findall(r"""\{(?:''|""|'e?s'|"e?s") if """, text)
    behind = rf"\{{(?:len\([^{{}}]*\)|count|done|number|rows|ignored)\}} (?:{NOUNS})s\b"
    assert set(re.findall(behind, text)) == SEVERAL


NOUNS = (
    "statement|revision|object|change|difference|row|file|line|head|database|table|index(?:e)|column|value|character"
)
# Nouns that always follow several.
SEVERAL = {
    "{len(changes)} changes",
    "{len(empty)} tables",
    "{len(value)} characters",
}
