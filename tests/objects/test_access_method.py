"""Access methods: each attribute changes, is reported, and is reverted."""

import pytest

from tests.conftest import MakeDatabase
from tests.objects.harness import Case, assert_round_trip

HEAP = "CREATE ACCESS METHOD heap2 TYPE TABLE HANDLER heap_tableam_handler"
TREE = 'CREATE ACCESS METHOD "Tree" TYPE INDEX HANDLER bthandler'
BEFORE = f"{HEAP}; COMMENT ON ACCESS METHOD heap2 IS 'a'; CREATE TABLE t (a int) USING heap2;"

CASES = [
    Case("added", BEFORE, TREE, ['+ access method "Tree"']),
    Case("dropped", BEFORE, "DROP ACCESS METHOD heap2 CASCADE", ["- access method heap2", "- table t", "- comment"]),
    Case("handler", TREE, f'DROP ACCESS METHOD "Tree"; {TREE.replace("bt", "hash")}', ['~ access method "Tree": han']),
]


@pytest.mark.parametrize("case", CASES, ids=str)
def test_access_method(make_database: MakeDatabase, case: Case) -> None:
    assert_round_trip(make_database, case)
