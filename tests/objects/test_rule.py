"""Rules: each attribute changes, is reported, and is reverted."""

import pytest

from tests.conftest import MakeDatabase
from tests.objects.harness import Case, assert_no_change, assert_round_trip

BEFORE = """
CREATE TABLE t (id int PRIMARY KEY, note varchar(20));
CREATE TABLE log (id int, note text, at timestamptz DEFAULT now());
CREATE VIEW v AS SELECT id, note FROM t;
CREATE RULE r AS ON UPDATE TO t DO ALSO INSERT INTO log (id, note) VALUES (OLD.id, OLD.note);
COMMENT ON RULE r ON t IS 'keeps a log';
CREATE RULE vr AS ON INSERT TO v DO INSTEAD INSERT INTO t VALUES (NEW.id, NEW.note) RETURNING id, note;
"""
ODD = """
CREATE SCHEMA "From";
CREATE TABLE "From"."select" ("Order" int, "größe" text);
CREATE RULE "on" AS ON DELETE TO "From"."select" DO INSTEAD NOTHING;
"""

CASES = [
    Case("added", BEFORE, "CREATE RULE n AS ON DELETE TO t DO INSTEAD NOTHING", ["+ rule n on t"]),
    Case("dropped", BEFORE, "DROP RULE r ON t", ["- rule r on t", "- comment"]),
    Case("dropped on a view", BEFORE, "DROP RULE vr ON v", ["- rule vr on v"]),
    Case("disabled", BEFORE, "ALTER TABLE t DISABLE RULE r", ["~ rule r on t: state ENABLE -> DISABLE"]),
    Case("on replicas", BEFORE, "ALTER TABLE t ENABLE REPLICA RULE r", ["~ rule r on t: state"]),
    Case("always", BEFORE, "ALTER TABLE t ENABLE ALWAYS RULE r", ["~ rule r on t: state"]),
    Case("enabled", BEFORE + "ALTER TABLE t DISABLE RULE r", "ALTER TABLE t ENABLE RULE r", ["~ rule r on t: state"]),
    Case("instead", BEFORE, "CREATE OR REPLACE RULE r AS ON UPDATE TO t DO INSTEAD NOTHING", ["~ rule r on t: def"]),
    Case("event", BEFORE, "CREATE OR REPLACE RULE r AS ON DELETE TO t DO ALSO NOTIFY t", ["~ rule r on t: def"]),
    Case(
        "WHERE",
        BEFORE,
        "CREATE OR REPLACE RULE r AS ON UPDATE TO t WHERE OLD.note = 'a;b''c %s :x'"
        "DO ALSO INSERT INTO log (id, note) VALUES (OLD.id, OLD.note)",
        ["~ rule r on t: definition"],
    ),
    Case(
        "several actions",
        BEFORE,
        "CREATE OR REPLACE RULE r AS ON UPDATE TO t DO ALSO (NOTIFY log; DELETE FROM log WHERE note = ';')",
        ["~ rule r on t: definition"],
    ),
    Case(
        "definition of a disabled one",
        BEFORE + "ALTER TABLE t DISABLE RULE r",
        "CREATE OR REPLACE RULE r AS ON UPDATE TO t DO INSTEAD NOTHING",
        ["~ rule r on t: definition"],
    ),
    Case("renamed", BEFORE, "ALTER RULE r ON t RENAME TO rr", ["- rule r on t", "+ rule rr on t"]),
    Case("dropped with its table", BEFORE, "DROP TABLE t CASCADE", ["- rule r on t", "- table t"]),
    Case("on the view", BEFORE, "CREATE RULE d AS ON DELETE TO v DO INSTEAD DELETE FROM t", ["+ rule d on v"]),
    Case("odd names", ODD, 'DROP RULE "on" ON "From"."select"', ['- rule "on" on "From"."select"']),
    Case(
        "odd names, changed",
        ODD,
        'CREATE OR REPLACE RULE "on" AS ON DELETE TO "From"."select" DO NOTIFY "größe"',
        ['~ rule "on" on "From"."select"'],
    ),
    Case(
        "a column that it uses is retyped",
        BEFORE,
        "DROP RULE r ON t; DROP VIEW v; ALTER TABLE t ALTER note TYPE text;"
        "CREATE RULE r AS ON UPDATE TO t DO ALSO INSERT INTO log (id, note) VALUES (OLD.id, OLD.note)",
        ["~ column t.note: type"],
    ),
    Case(
        "the column that it writes to is dropped",
        BEFORE,
        "ALTER TABLE log DROP note CASCADE",
        ["- rule r on t", "- column log.note"],
    ),
    Case("table rebuilt under it", BEFORE, "ALTER TABLE t RENAME TO tt", ["- table t", "~ view v", "~ rule vr on v"]),
]


@pytest.mark.parametrize("case", CASES, ids=str)
def test_rule(make_database: MakeDatabase, case: Case) -> None:
    assert_round_trip(make_database, case)


def test_no_change(make_database: MakeDatabase) -> None:
    again = BEFORE[BEFORE.index("CREATE RULE r") :].replace("CREATE", "CREATE OR REPLACE")
    assert_no_change(make_database, BEFORE, again)
