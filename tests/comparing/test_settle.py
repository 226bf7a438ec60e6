"""Two printings of one expression are no difference; other expressions are, however many there are at once."""

import pytest
from sqlalchemy import URL

from tests.conftest import MakeDatabase
from tests.objects.harness import apply, catalog
from tests.support.connections import connected
from whisper_migrate.catalog.describe import line
from whisper_migrate.catalog.model import Catalog, Change, diff
from whisper_migrate.comparing.settle import agreed, settled
from whisper_migrate.planning.plan import plan, statements

pytestmark = pytest.mark.thorough

TABLE = """
CREATE TABLE t (id integer, kind varchar(20), place varchar(20), at timestamp);
CREATE FUNCTION touch() RETURNS trigger LANGUAGE plpgsql AS $$BEGIN RETURN NEW; END$$;
"""
IN = "kind IN ('a', 'b') AND (place IN ('x', 'y') AND (id > 0 AND id < 9))"
BETWEEN = "place NOT IN ('x', 'y') AND kind BETWEEN 'a' AND 'b'"
# A definition, and one with another expression: the first must equal its own restored copy, the second must not.
CASES = {
    "check": (
        f"ALTER TABLE t ADD CONSTRAINT c CHECK ({IN})",
        f"ALTER TABLE t DROP CONSTRAINT c, ADD CONSTRAINT c CHECK ({BETWEEN})",
    ),
    "check of a domain": (
        "CREATE DOMAIN word AS varchar(9) CONSTRAINT c CHECK (VALUE IN ('a', 'b'))",
        "ALTER DOMAIN word DROP CONSTRAINT c; ALTER DOMAIN word ADD CONSTRAINT c CHECK (VALUE IN ('a', 'c'))",
    ),
    "index predicate": (
        f"CREATE INDEX i ON t (id) WHERE {IN}",
        f"DROP INDEX i; CREATE INDEX i ON t (id) WHERE {BETWEEN}",
    ),
    "index expression": (
        f"CREATE INDEX i ON t ((CASE WHEN {IN} THEN 1 ELSE 2 END))",
        f"DROP INDEX i; CREATE INDEX i ON t ((CASE WHEN {BETWEEN} THEN 1 ELSE 2 END))",
    ),
    "view": (
        f"CREATE VIEW v AS SELECT id FROM t WHERE {IN}",
        f"CREATE OR REPLACE VIEW v AS SELECT id FROM t WHERE {BETWEEN}",
    ),
    "view of a view": (
        f"CREATE VIEW u AS SELECT * FROM t WHERE {IN}; CREATE VIEW v AS SELECT kind IN ('a', 'b') AS ok FROM u",
        "CREATE OR REPLACE VIEW v AS SELECT kind IN ('a', 'c') AS ok FROM u",
    ),
    "materialized view": (
        f"CREATE MATERIALIZED VIEW v AS SELECT id FROM t WHERE {IN}; CREATE INDEX v_id ON v (id)",
        f"DROP MATERIALIZED VIEW v; CREATE MATERIALIZED VIEW v AS SELECT id FROM t WHERE {BETWEEN};"
        " CREATE INDEX v_id ON v (id)",
    ),
    "default": (
        "ALTER TABLE t ADD n boolean DEFAULT (current_user::varchar IN ('a', 'b'))",
        "ALTER TABLE t ALTER n SET DEFAULT (current_user::varchar IN ('a', 'c'))",
    ),
    "generated column": (
        f"ALTER TABLE t ADD g boolean GENERATED ALWAYS AS ({IN}) STORED",
        f"ALTER TABLE t DROP g; ALTER TABLE t ADD g boolean GENERATED ALWAYS AS ({BETWEEN}) STORED",
    ),
    "policy": (
        f"CREATE POLICY p ON t USING ({IN}) WITH CHECK ({IN})",
        f"ALTER POLICY p ON t WITH CHECK ({BETWEEN})",
    ),
    "statistics": (
        "CREATE STATISTICS s ON (kind IN ('a', 'b')), id FROM t",
        "DROP STATISTICS s; CREATE STATISTICS s ON (kind IN ('a', 'c')), id FROM t",
    ),
    "body of a function": (
        "CREATE FUNCTION f() RETURNS bigint BEGIN ATOMIC SELECT count(*) FROM t WHERE kind IN ('a', 'b'); END",
        "CREATE OR REPLACE FUNCTION f() RETURNS bigint"
        " BEGIN ATOMIC SELECT count(*) FROM t WHERE kind IN ('a', 'c'); END",
    ),
    "partition key": (
        "CREATE TABLE parts (kind varchar(9), n integer) PARTITION BY LIST ((kind IN ('a', 'b')))",
        "DROP TABLE parts; CREATE TABLE parts (kind varchar(9), n integer) PARTITION BY LIST ((kind IN ('a', 'c')))",
    ),
    "trigger": (
        "CREATE TRIGGER g BEFORE UPDATE ON t FOR EACH ROW WHEN (NEW.kind IN ('a', 'b')) EXECUTE FUNCTION touch()",
        "DROP TRIGGER g ON t; CREATE TRIGGER g BEFORE UPDATE ON t FOR EACH ROW WHEN (NEW.kind IN ('a', 'c'))"
        " EXECUTE FUNCTION touch()",
    ),
    "rule": (
        f"CREATE RULE r AS ON DELETE TO t WHERE OLD.{IN.partition(' AND ')[0]} DO INSTEAD NOTHING",
        "CREATE OR REPLACE RULE r AS ON DELETE TO t WHERE OLD.kind IN ('a', 'c') DO INSTEAD NOTHING",
    ),
}


def differences(shadow: URL, before: Catalog, after: Catalog) -> tuple[list[str], list[str]]:
    """Return all printed differences, and the real ones among them."""
    changes = diff(before, after)
    with connected(shadow) as connection:
        left = settled(connection, changes)
        connection.rollback()
        assert diff(catalog(connection), before) == []  # the shadow is unchanged
    return [line(change) for change in changes], [line(change) for change in left]


def restored(make_database: MakeDatabase, found: Catalog) -> Catalog:
    """Return the catalog after its printed definitions have been run, as in a restore."""
    with connected(make_database()) as connection:
        apply(connection, "SET check_function_bodies = off")
        empty = catalog(connection)
        apply(connection, *statements(plan(empty, found)))
        return catalog(connection)


@pytest.mark.parametrize("name", CASES)
def test_two_printings(name: str, make_database: MakeDatabase) -> None:
    made, another = CASES[name]
    url = make_database()
    with connected(url) as connection:
        apply(connection, TABLE, made)
        before = catalog(connection)
    copy = make_database(template=url)

    again = restored(make_database, before)
    printed, left = differences(url, before, again)
    assert printed, "both are printed alike, so this case shows nothing"
    assert left == []
    assert statements(plan(before, agreed(before, again, []))) == []

    with connected(copy) as connection:
        apply(connection, another)
        changed = catalog(connection)
    for after in (changed, restored(make_database, changed)):
        _, left = differences(url, before, after)
        assert len(left) == 1 and left[0].startswith("~ "), left


def test_many_at_once(make_database: MakeDatabase) -> None:
    """Two differences in printing, two real ones, and one that cannot run in the shadow."""
    url = make_database()
    with connected(url) as connection:
        views = "CREATE VIEW v AS SELECT id FROM t; CREATE VIEW w AS SELECT kind FROM t"
        apply(connection, TABLE, views, CASES["check"][0], CASES["index predicate"][0], CASES["default"][0])
        before = catalog(connection)
    again = restored(make_database, before)
    other = make_database()
    with connected(other) as connection:
        apply(connection, "SET check_function_bodies = off")
        apply(connection, *statements(plan(catalog(connection), again)))
        apply(
            connection,
            CASES["default"][1],
            "ALTER TABLE t ADD mine text",
            "CREATE OR REPLACE VIEW v AS SELECT id FROM t WHERE mine IS NULL",
            "CREATE OR REPLACE VIEW w AS SELECT kind FROM t WHERE id > 1",
        )
        after = catalog(connection)
    printed, left = differences(url, before, after)
    assert len(printed) == 6
    assert [words.partition(":")[0].partition(" text")[0] for words in left] == [
        "+ column t.mine",
        "~ column t.n",
        "~ view v",
        "~ view w",
    ]


def test_a_difference_that_no_statement_makes_is_one(make_database: MakeDatabase) -> None:
    """If no statement was run, nothing was proved: a partition's own default must count as a difference."""
    url = make_database()
    with connected(url) as connection:
        apply(
            connection,
            "CREATE TABLE p (id integer, n integer DEFAULT 1) PARTITION BY LIST (id)",
            "CREATE TABLE p1 PARTITION OF p FOR VALUES IN (1)",
        )
        before = catalog(connection)
    copy = make_database(template=url)
    with connected(copy) as connection:
        apply(connection, "ALTER TABLE p1 ALTER n SET DEFAULT 2")
        after = catalog(connection)
    _, left = differences(url, before, after)
    assert left == ["~ column p1.n: default 1 -> 2"]


def test_a_part_of_another_key_is_a_difference(make_database: MakeDatabase) -> None:
    """The partition has the foreign key of its former parent: running that again proves nothing about the new one's."""
    url = make_database()
    with connected(url) as connection:
        for name in ("t", "u"):
            apply(
                connection,
                f"CREATE TABLE {name} (x integer UNIQUE) PARTITION BY LIST (x)",
                f"ALTER TABLE {name} ADD CONSTRAINT k FOREIGN KEY (x) REFERENCES {name} (x)",
            )
        apply(connection, "CREATE TABLE p PARTITION OF t DEFAULT")
        before = catalog(connection)
    copy = make_database(template=url)
    with connected(copy) as connection:
        apply(connection, "ALTER TABLE t DETACH PARTITION p; DROP TABLE p; CREATE TABLE p PARTITION OF u DEFAULT")
        after = catalog(connection)
    _, left = differences(url, before, after)
    assert {"- constraint k on t, partition p", "+ constraint k on u, partition p"} <= {
        words.partition(" FOREIGN KEY")[0] for words in left
    }, left


def test_a_clean_list_stays_empty(database: URL) -> None:
    with connected(database) as connection:
        nothing: list[Change] = []
        assert settled(connection, nothing) == []
