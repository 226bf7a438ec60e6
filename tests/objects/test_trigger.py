"""Triggers: each attribute changes, is named, and goes back."""

import pytest

from tests.conftest import MakeDatabase
from tests.objects.harness import Case, assert_round_trip

BEFORE = """
CREATE TABLE t (id int PRIMARY KEY, note text, done boolean);
CREATE FUNCTION f() RETURNS trigger LANGUAGE plpgsql AS $$BEGIN RETURN NEW; END$$;
CREATE TRIGGER tr BEFORE UPDATE ON t FOR EACH ROW EXECUTE FUNCTION f();
"""

CASES = [
    Case("added", BEFORE, "CREATE TRIGGER other AFTER INSERT ON t EXECUTE FUNCTION f()", ["+ trigger other on t"]),
    Case("dropped", BEFORE, "DROP TRIGGER tr ON t", ["- trigger tr on t"]),
    Case("disabled", BEFORE, "ALTER TABLE t DISABLE TRIGGER tr", ["~ trigger tr on t: state ENABLE -> DISABLE"]),
    Case("on replicas", BEFORE, "ALTER TABLE t ENABLE REPLICA TRIGGER tr", ["~ trigger tr on t: state"]),
    Case(
        "WHEN",
        BEFORE,
        "CREATE OR REPLACE TRIGGER tr BEFORE UPDATE ON t FOR EACH ROW WHEN (OLD.done) EXECUTE FUNCTION f()",
        ["~ trigger tr on t: definition"],
    ),
    Case(
        "columns",
        BEFORE,
        "CREATE OR REPLACE TRIGGER tr BEFORE UPDATE OF note ON t FOR EACH ROW EXECUTE FUNCTION f()",
        ["~ trigger tr on t: definition"],
    ),
    Case(
        "transition tables",
        BEFORE,
        "CREATE TRIGGER moved AFTER UPDATE ON t REFERENCING OLD TABLE AS o NEW TABLE AS n EXECUTE FUNCTION f()",
        ["+ trigger moved on t"],
    ),
    Case(
        "constraint trigger",
        BEFORE,
        "CREATE CONSTRAINT TRIGGER late AFTER INSERT ON t DEFERRABLE INITIALLY DEFERRED"
        " FOR EACH ROW EXECUTE FUNCTION f()",
        ["+ trigger late on t"],
    ),
]


@pytest.mark.parametrize("case", CASES, ids=str)
def test_trigger(make_database: MakeDatabase, case: Case) -> None:
    assert_round_trip(make_database, case)
