"""Operator classes and families: each part changes, is reported, and is reverted."""

import pytest

from tests.conftest import MakeDatabase
from tests.objects.harness import Case, assert_round_trip

BEFORE = """
CREATE SCHEMA "My classes";
CREATE FUNCTION backwards(int, int) RETURNS int LANGUAGE sql IMMUTABLE AS 'SELECT btint4cmp($2, $1)';
CREATE FUNCTION across(int, bigint) RETURNS int LANGUAGE sql IMMUTABLE AS 'SELECT btint48cmp($1, $2)';
CREATE OPERATOR FAMILY numbers USING btree;
CREATE OPERATOR CLASS down FOR TYPE int4 USING btree FAMILY numbers
    AS OPERATOR 1 >, OPERATOR 2 >=, OPERATOR 3 =, OPERATOR 4 <=, OPERATOR 5 <, FUNCTION 1 backwards(int, int);
CREATE OPERATOR CLASS "My classes"."Odd one" FOR TYPE int4 USING btree
    AS OPERATOR 1 <, OPERATOR 2 <=, OPERATOR 3 =, OPERATOR 4 >=, OPERATOR 5 >, FUNCTION 1 btint4cmp(int4, int4);
ALTER OPERATOR FAMILY numbers USING btree ADD OPERATOR 1 < (int4, int8), FUNCTION 1 (int4, int8) across(int, bigint);
CREATE OPERATOR FAMILY empty USING gist;
CREATE OPERATOR FAMILY numbers2 USING btree;
CREATE OPERATOR CLASS words FOR TYPE text[] USING gin AS STORAGE text, OPERATOR 1 && (anyarray, anyarray),
    FUNCTION 1 bttextcmp(text, text), FUNCTION 2 ginarrayextract(anyarray, internal, internal),
    FUNCTION 3 ginqueryarrayextract(anyarray, internal, int2, internal, internal, internal, internal),
    FUNCTION 4 ginarrayconsistent(internal, int2, anyarray, int4, internal, internal, internal, internal);
CREATE TABLE t (n int, w text[]);
CREATE INDEX t_n ON t (n down);
CREATE INDEX t_w ON t USING gin (w words);
"""
FAMILY = "ALTER OPERATOR FAMILY numbers USING btree"
NAMED = "~ operator family numbers USING btree"
CLASS = (
    "CREATE OPERATOR CLASS {} FOR TYPE int4 USING btree{}"
    " AS OPERATOR 1 <, OPERATOR 2 <=, OPERATOR 3 =, OPERATOR 4 >=, OPERATOR 5 >, FUNCTION 1 {}(int4, int4)"
)
ODD = 'operator class "My classes"."Odd one" USING btree'
DROP_ODD = 'DROP OPERATOR CLASS "My classes"."Odd one" USING btree'
ODD_AGAIN = f"{DROP_ODD}; " + CLASS.format('"My classes"."Odd one"', "{}", "{}")

CASES = [
    Case("family added", BEFORE, "CREATE OPERATOR FAMILY f USING hash", ["+ operator family f USING hash"]),
    Case("family dropped", BEFORE, "DROP OPERATOR FAMILY empty USING gist", ["- operator family empty USING gist"]),
    Case(
        "family dropped with its classes",
        BEFORE,
        "DROP OPERATOR FAMILY numbers USING btree CASCADE",
        ["- operator family numbers USING btree", "- operator class down USING btree", "- index t_n"],
    ),
    Case("operator added", BEFORE, f"{FAMILY} ADD OPERATOR 5 > (int4, int8)", [f"{NAMED}: operators"]),
    Case("operator dropped", BEFORE, f"{FAMILY} DROP OPERATOR 1 (int4, int8)", [f"{NAMED}: operators"]),
    Case(
        "operator in the place of another",
        BEFORE,
        f"{FAMILY} DROP OPERATOR 1 (int4, int8); {FAMILY} ADD OPERATOR 1 <= (int4, int8)",
        [f"{NAMED}: operators"],
    ),
    Case("function dropped", BEFORE, f"{FAMILY} DROP FUNCTION 1 (int4, int8)", [f"{NAMED}: functions"]),
    Case("function gone", BEFORE, "DROP FUNCTION across CASCADE", ["- function across", f"{NAMED}: functions"]),
    Case(
        "to order by",
        BEFORE,
        "ALTER OPERATOR FAMILY empty USING gist ADD OPERATOR 15 <-> (point, point) FOR ORDER BY pg_catalog.float_ops",
        ["~ operator family empty USING gist: operators"],
    ),
    Case("class added", BEFORE, CLASS.format("c", "", "btint4cmp"), ["+ operator class c", "+ operator family c"]),
    Case("class dropped", BEFORE, DROP_ODD, [f"- {ODD}"]),
    Case(
        "class dropped under an index",
        BEFORE,
        "DROP OPERATOR CLASS down USING btree CASCADE",
        ["- operator class down", "- index t_n"],
    ),
    Case(
        "class of another function",
        BEFORE,
        ODD_AGAIN.format("", "backwards"),
        [f"~ {ODD}: functions"],
    ),
    Case("class of another family", BEFORE, ODD_AGAIN.format(" FAMILY numbers2", "btint4cmp"), [f"~ {ODD}: family"]),
    Case("its function gone", BEFORE, "DROP FUNCTION backwards CASCADE", ["- function backwards", "- operator class"]),
    Case("class renamed", BEFORE, "ALTER OPERATOR CLASS words USING gin RENAME TO w2", ["+ operator class w2"]),
    Case(
        "comments",
        BEFORE,
        "COMMENT ON OPERATOR CLASS down USING btree IS 'a'; COMMENT ON OPERATOR FAMILY empty USING gist IS 'b'",
        ["+ comment operator class down USING btree", "+ comment operator family empty USING gist"],
    ),
]


@pytest.mark.parametrize("case", CASES, ids=str)
def test_operator_class(make_database: MakeDatabase, case: Case) -> None:
    assert_round_trip(make_database, case)
