"""An expression changes together with the columns that it uses: upgrade and downgrade both lead to the right schema."""

from pathlib import Path

import pytest
from sqlalchemy import URL

from tests.conftest import MakeDatabase
from tests.objects.database import an_empty_database, apply, catalog
from tests.support.drafting import edited
from whisper_migrate.catalog.describe import line
from whisper_migrate.catalog.model import Catalog, diff
from whisper_migrate.comparing.settle import agreed, settled
from whisper_migrate.planning.plan import plan, statements
from whisper_migrate.revisions.draft import draft
from whisper_migrate.running.runner import downgrade, upgrade
from whisper_migrate.state.drift import check

TEXTS = ("varchar(36)", "uuid")
NUMBERS = ("integer", "numeric")
DAYS = ("text", "date")
MOODS = "CREATE TYPE mood AS ENUM ({})"
FUNCTION = "CREATE FUNCTION {} LANGUAGE {} IMMUTABLE AS '{}'"


def columns(types: tuple[str, str], sql: str, *, one: bool = False) -> tuple[str, str]:
    """Return SQL for a table t with two columns and an object, before and after one or both types change."""
    first, then = types
    return (
        f"CREATE TABLE t (id integer PRIMARY KEY, a {first}, b {first}); {sql}",
        f"CREATE TABLE t (id integer PRIMARY KEY, a {then}, b {first if one else then}); {sql}",
    )


TRIGGER = f"{FUNCTION.format('f() RETURNS trigger', 'plpgsql', 'BEGIN RETURN NEW; END')}; CREATE TRIGGER g"
# SQL that creates the one side, and the other.
CASES = {
    "check": columns(TEXTS, "ALTER TABLE t ADD CONSTRAINT c CHECK (a <> b)"),
    "partial index": columns(TEXTS, "CREATE INDEX i ON t (id) WHERE a <> b"),
    "index on an expression": columns(TEXTS, "CREATE INDEX i ON t ((a = b))"),
    "view": columns(TEXTS, "CREATE VIEW v AS SELECT id FROM t WHERE a <> b"),
    "view of a view": columns(
        TEXTS, "CREATE VIEW u AS SELECT id, a, b FROM t; CREATE VIEW v AS SELECT id FROM u WHERE a <> b"
    ),
    "materialized view": columns(TEXTS, "CREATE MATERIALIZED VIEW v AS SELECT id FROM t WHERE a <> b"),
    "policy": columns(TEXTS, "CREATE POLICY p ON t USING (a <> b) WITH CHECK (a = b)"),
    "trigger": columns(TEXTS, f"{TRIGGER} BEFORE UPDATE ON t FOR EACH ROW WHEN (NEW.a <> OLD.b) EXECUTE FUNCTION f()"),
    "rule": columns(TEXTS, "CREATE RULE r AS ON DELETE TO t WHERE OLD.a <> OLD.b DO INSTEAD NOTHING"),
    "generated column": columns(TEXTS, "ALTER TABLE t ADD g boolean GENERATED ALWAYS AS (a <> b) STORED"),
    "statistics": columns(TEXTS, "CREATE STATISTICS s ON id, (a <> b) FROM t"),
    "body of a function": columns(
        TEXTS, "CREATE FUNCTION f() RETURNS bigint BEGIN ATOMIC SELECT count(*) FROM t WHERE a <> b; END"
    ),
    "check of one column": columns(NUMBERS, "ALTER TABLE t ADD CONSTRAINT c CHECK (a > 0)", one=True),
    "check where one of two changes": columns(NUMBERS, "ALTER TABLE t ADD CONSTRAINT c CHECK (a > b)", one=True),
    "check of numbers": columns(NUMBERS, "ALTER TABLE t ADD CONSTRAINT c CHECK (a <= b)"),
    "check of days": columns(DAYS, "ALTER TABLE t ADD CONSTRAINT c CHECK (a <= b)"),
    "check of a day": columns(DAYS, "ALTER TABLE t ADD CONSTRAINT c CHECK (a > '2020-01-01')", one=True),
    "partial index of days": columns(DAYS, "CREATE INDEX i ON t (id) WHERE a < b"),
    "statistics of days": columns(DAYS, "CREATE STATISTICS s ON (a < b), (a > b) FROM t"),
    "exclusion of days": columns(
        DAYS, "ALTER TABLE t ADD CONSTRAINT x EXCLUDE USING btree (id WITH =, least(a, b) WITH =) WHERE (a < b)"
    ),
    "keys and indexes of days": columns(
        DAYS, "ALTER TABLE t ADD UNIQUE (a, b); CREATE INDEX i ON t (a, b); CREATE STATISTICS s ON a, b FROM t"
    ),
    "generated column of days": columns(DAYS, "ALTER TABLE t ADD g boolean GENERATED ALWAYS AS (a < b) STORED"),
    "default of a view's column": columns(
        NUMBERS, "CREATE VIEW v AS SELECT a > b AS more FROM t; ALTER VIEW v ALTER more SET DEFAULT 1 > 2"
    ),
    "partition": (
        "CREATE TABLE t (id integer, a text, b text, CHECK (a <= b)) PARTITION BY LIST (id);"
        "CREATE TABLE t1 PARTITION OF t DEFAULT; CREATE INDEX i ON t (id) WHERE a < b",
        "CREATE TABLE t (id integer, a date, b date, CHECK (a <= b)) PARTITION BY LIST (id);"
        "CREATE TABLE t1 PARTITION OF t DEFAULT; CREATE INDEX i ON t (id) WHERE a < b",
    ),
    "child table": (
        "CREATE TABLE t (a text, b text, CHECK (a <= b)); CREATE TABLE t1 (CHECK (a <> b)) INHERITS (t)",
        "CREATE TABLE t (a date, b date, CHECK (a <= b)); CREATE TABLE t1 (CHECK (a <> b)) INHERITS (t)",
    ),
    "enum in another order": tuple(
        f"{MOODS.format(labels)}; CREATE TABLE t (one mood, two mood, CHECK (one <> two));"
        "CREATE INDEX i ON t (one) WHERE one < two; CREATE STATISTICS s ON (one < two), (one > two) FROM t"
        for labels in ("'a', 'b'", "'b', 'a'")
    ),
    "domain": tuple(
        f"CREATE DOMAIN d AS {type_}; CREATE TABLE t (a d, b d, CONSTRAINT c CHECK (a <= b AND a > '2020-01-01'))"
        for type_ in DAYS
    ),
    "function": tuple(
        f"{FUNCTION.format(f'f() RETURNS {type_}', 'sql', 'SELECT 1')}; CREATE TABLE t (a integer CHECK (a > f()))"
        for type_ in ("integer", "bigint")
    ),
    "function of a nearer type": tuple(
        "".join(f"{FUNCTION.format(f'f({type_}) RETURNS boolean', 'sql', 'SELECT true')};" for type_ in types)
        + "CREATE TABLE t (a integer CHECK (f(a)))"
        for types in (("bigint",), ("bigint", "integer"))
    ),
    "collation": tuple(
        f"CREATE COLLATION c (provider = libc, locale = '{locale}');"
        "CREATE TABLE t (a varchar(9) COLLATE c, b varchar(9) COLLATE c, CHECK (a < b))"
        for locale in ("C", "POSIX")
    ),
    "partition key": tuple(f"CREATE TABLE t (id integer, a {type_}) PARTITION BY LIST ((a > 0))" for type_ in NUMBERS),
}


@pytest.mark.parametrize("name", CASES)
def test_both_ways(name: str, make_database: MakeDatabase) -> None:
    sides: list[Catalog] = []
    for sql in reversed(CASES[name]):
        with an_empty_database(make_database) as connection:
            apply(connection, sql)
            sides.insert(0, catalog(connection))
    before, after = sides
    with an_empty_database(make_database) as connection:
        apply(connection, CASES[name][0])
        changes = settled(connection, diff(before, after))
        goals = agreed(before, after, changes), before
        for goal, wanted in zip(goals, (after, before), strict=True):
            apply(connection, *statements(plan(catalog(connection), goal)))
            # Without settled(): even the printing must equal that of a new object.
            assert [line(change) for change in diff(wanted, catalog(connection))] == []


def models(types: tuple[str, str, str], labels: str) -> str:
    """Return a table for each kind that uses two columns, whose types differ on the other side."""
    text, number, day = types
    tables = {
        "checked": (text, 'sa.CheckConstraint("a <> b", name="checked_c")'),
        "numbered": (number, 'sa.CheckConstraint("a <= b AND a > 0", name="numbered_c")'),
        "dated": (day, 'sa.CheckConstraint("a <= b", name="dated_c")'),
        "indexed": (text, 'sa.Index("indexed_i", "id", postgresql_where=sa.text("a <> b"))'),
        "indexed_days": (day, 'sa.Index("indexed_d", "id", postgresql_where=sa.text("a < b"))'),
        "computed": (text, 'sa.Column("g", sa.Boolean, sa.Computed("a <> b", persisted=True))'),
        "viewed": (text, ""),
        "moody": (f'sa.Enum({labels}, name="mood")', 'sa.CheckConstraint("a <> b", name="moody_c")'),
    }
    entities = [
        "CREATE VIEW v AS SELECT id FROM viewed WHERE a <> b",
        "CREATE MATERIALIZED VIEW m AS SELECT id FROM viewed WHERE a <> b",
        "CREATE POLICY p ON viewed USING (a <> b)",
        "CREATE STATISTICS s ON (a <> b), id FROM viewed",
        "CREATE RULE r AS ON DELETE TO viewed WHERE OLD.a <> OLD.b DO INSTEAD NOTHING",
        "CREATE FUNCTION f() RETURNS bigint BEGIN ATOMIC SELECT count(*) FROM viewed WHERE a <> b; END",
        "CREATE FUNCTION g() RETURNS trigger LANGUAGE plpgsql AS 'BEGIN RETURN NEW; END'",
        "CREATE TRIGGER w AFTER INSERT ON viewed FOR EACH ROW WHEN (NEW.a <> NEW.b) EXECUTE FUNCTION g()",
    ]
    made = [
        f'sa.Table("{name}", metadata, sa.Column("id", sa.Integer, primary_key=True), '
        f'sa.Column("a", {type_}), sa.Column("b", {type_}), {more})'
        for name, (type_, more) in tables.items()
    ]
    return "\n".join([*made, *(f"ENTITIES.append(sa.DDL({sql!r}))" for sql in entities)]) + "\n"


@pytest.mark.thorough
def test_drafted(tmp_path: Path, server: URL, database: URL) -> None:
    sides = [
        models(("sa.String(36)", "sa.Integer", "sa.Text"), '"a", "b"'),
        models(("sa.Uuid", "sa.Numeric", "sa.Date"), '"b", "a"'),
    ]
    first = edited(tmp_path, sides[0])
    draft(first, server, "first")
    upgrade(first, database, "head", lambda applied: None)
    second = edited(tmp_path, sides[1])
    retyped = ("checked", "indexed", "computed", "viewed", "dated", "indexed_days", "numbered")
    allowed = [f"change-column {table}.{name}" for table in retyped for name in "ab"]
    draft(second, server, "second", allowed=allowed)
    upgrade(second, database, "head", lambda applied: None)
    assert check(second, server, database).clean
    downgrade(second, database, "-1", lambda applied: None)
    assert not check(first, server, database, "database").drift
