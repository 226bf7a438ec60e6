"""Event triggers: each attribute changes, is reported, and is reverted."""

import pytest

from tests.conftest import MakeDatabase
from tests.objects.harness import Case, assert_no_change, assert_round_trip

BEFORE = """
CREATE TABLE t (id int);
CREATE SCHEMA "Ünder";
CREATE FUNCTION f() RETURNS event_trigger LANGUAGE plpgsql AS $$BEGIN PERFORM 1; END$$;
CREATE FUNCTION "Ünder"."F"() RETURNS event_trigger LANGUAGE plpgsql AS $$BEGIN PERFORM 1; END$$;
CREATE EVENT TRIGGER et ON ddl_command_end WHEN TAG IN ('CREATE TABLE', 'DROP TABLE') EXECUTE FUNCTION f();
COMMENT ON EVENT TRIGGER et IS 'watches';
"""
GUARD = """
CREATE FUNCTION guard() RETURNS event_trigger LANGUAGE plpgsql AS $$BEGIN RAISE 'not here'; END$$;
CREATE EVENT TRIGGER guard ON ddl_command_start EXECUTE FUNCTION guard();
"""


def again(*, name: str = "et", event: str = "ddl_command_end", tags: str = "", function: str = "f") -> str:
    when = f"WHEN TAG IN ({tags})" if tags else ""
    return f"DROP EVENT TRIGGER et; CREATE EVENT TRIGGER {name} ON {event} {when} EXECUTE FUNCTION {function}()"


BOTH = "'CREATE TABLE', 'DROP TABLE'"

CASES = [
    Case("added", BEFORE, "CREATE EVENT TRIGGER x ON sql_drop EXECUTE FUNCTION f()", ["+ event trigger x"]),
    Case(
        "table rewrite", BEFORE, "CREATE EVENT TRIGGER x ON table_rewrite EXECUTE FUNCTION f()", ["+ event trigger x"]
    ),
    Case("login", BEFORE, "CREATE EVENT TRIGGER x ON login EXECUTE FUNCTION f()", ["+ event trigger x"], since=17),
    Case("dropped", BEFORE, "DROP EVENT TRIGGER et", ["- event trigger et", "- comment event trigger et"]),
    Case("dropped with its function", BEFORE, "DROP FUNCTION f CASCADE", ["- event trigger et", "- function f()"]),
    Case("renamed", BEFORE, 'ALTER EVENT TRIGGER et RENAME TO "E T"', ["- event trigger et", '+ event trigger "E T"']),
    Case("disabled", BEFORE, "ALTER EVENT TRIGGER et DISABLE", ["~ event trigger et: state ENABLE -> DISABLE"]),
    Case("on replicas", BEFORE, "ALTER EVENT TRIGGER et ENABLE REPLICA", ["~ event trigger et: state"]),
    Case("always", BEFORE, "ALTER EVENT TRIGGER et ENABLE ALWAYS", ["~ event trigger et: state"]),
    Case("event", BEFORE, again(event="ddl_command_start", tags=BOTH), ["~ event trigger et: event"]),
    Case("fewer tags", BEFORE, again(tags="'DROP TABLE'"), ["~ event trigger et: tags"]),
    Case("no tags", BEFORE, again(), ["~ event trigger et: tags"]),
    Case("function", BEFORE, again(tags=BOTH, function='"Ünder"."F"'), ["~ event trigger et: function"]),
    Case(
        "of a disabled one",
        BEFORE + "ALTER EVENT TRIGGER et DISABLE;",
        again(tags="'DROP TABLE'") + "; ALTER EVENT TRIGGER et ENABLE ALWAYS",
        ["~ event trigger et: tags"],
    ),
    Case("one that lets nothing happen", BEFORE, "CREATE TABLE u (id int);" + GUARD, ["+ event trigger guard"]),
]


@pytest.mark.parametrize("case", CASES, ids=str)
def test_event_trigger(make_database: MakeDatabase, case: Case) -> None:
    assert_round_trip(make_database, case)


def test_order_of_tags(make_database: MakeDatabase) -> None:
    comment = "COMMENT ON EVENT TRIGGER et IS 'watches'"
    assert_no_change(make_database, BEFORE, again(tags="'DROP TABLE', 'CREATE TABLE'") + f"; {comment}")
