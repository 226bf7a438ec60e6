"""Operators: each attribute changes, is reported, and is reverted."""

import pytest

from tests.conftest import MakeDatabase
from tests.objects.harness import Case, assert_round_trip

BEFORE = """
CREATE SCHEMA "My ops";
CREATE TYPE mood AS ENUM ('sad', 'happy');
CREATE FUNCTION same(mood, mood) RETURNS boolean LANGUAGE sql IMMUTABLE AS 'SELECT $1 OPERATOR(pg_catalog.=) $2';
CREATE FUNCTION differs(mood, mood) RETURNS boolean LANGUAGE sql IMMUTABLE AS 'SELECT NOT same($1, $2)';
CREATE FUNCTION minus(mood) RETURNS mood LANGUAGE sql IMMUTABLE RETURN $1;
CREATE OPERATOR === (FUNCTION = same, LEFTARG = mood, RIGHTARG = mood, COMMUTATOR = ===, NEGATOR = !==,
                     RESTRICT = eqsel, JOIN = eqjoinsel, HASHES, MERGES);
CREATE OPERATOR !== (FUNCTION = differs, LEFTARG = mood, RIGHTARG = mood, NEGATOR = ===);
CREATE OPERATOR ~~~ (FUNCTION = same, LEFTARG = mood, RIGHTARG = mood);
CREATE TABLE t (m mood);
CREATE VIEW v AS SELECT m === 'sad' AS sad FROM t;
"""
EQUAL = "CREATE OPERATOR ~~~ (FUNCTION = same, LEFTARG = mood, RIGHTARG = mood{})"
NAMED = "~ operator ~~~(mood,mood)"

CASES = [
    Case(
        "added",
        BEFORE,
        'CREATE OPERATOR "My ops".|> (FUNCTION = same, LEFTARG = mood, RIGHTARG = mood)',
        ['+ operator "My ops".|>(mood,mood)'],
    ),
    Case("unary", BEFORE, "CREATE OPERATOR ~- (FUNCTION = minus, RIGHTARG = mood)", ["+ operator ~-("]),
    Case("dropped", BEFORE, "DROP OPERATOR ~~~ (mood, mood)", ["- operator ~~~(mood,mood)"]),
    Case(
        "dropped, with who names it",
        BEFORE,
        "DROP OPERATOR !== (mood, mood)",
        ["- operator !==(mood,mood)", "~ operator ===(mood,mood): negator"],
    ),
    Case(
        "dropped under a view",
        BEFORE,
        "DROP OPERATOR === (mood, mood) CASCADE",
        ["- operator ===(mood,mood)", "- view v"],
    ),
    Case(
        "estimates",
        BEFORE,
        "ALTER OPERATOR === (mood, mood) SET (RESTRICT = NONE, JOIN = neqjoinsel)",
        ["~ operator ===(mood,mood): restrict"],
    ),
    Case("estimates given", BEFORE, "ALTER OPERATOR ~~~ (mood, mood) SET (RESTRICT = eqsel)", [f"{NAMED}: restrict"]),
    *(
        Case(words, BEFORE, f"DROP OPERATOR ~~~ (mood, mood); {EQUAL.format(', ' + words)}", [NAMED])
        for words in ("HASHES", "COMMUTATOR = ~~~", "COMMUTATOR = ~~~, MERGES", "NEGATOR = !!!")
    ),
    Case(
        "function",
        BEFORE,
        "DROP OPERATOR ~~~ (mood, mood); " + EQUAL.replace("same", "differs").format(""),
        [f"{NAMED}: function"],
    ),
    Case("links set later", BEFORE, "ALTER OPERATOR ~~~ (mood, mood) SET (COMMUTATOR = ~~~, HASHES)", [NAMED], 17),
]


@pytest.mark.parametrize("case", CASES, ids=str)
def test_operator(make_database: MakeDatabase, case: Case) -> None:
    assert_round_trip(make_database, case)
