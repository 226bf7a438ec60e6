"""Values of generated columns are kept when the columns become plain, both ways; else the loss is reported."""

from pathlib import Path

import pytest
from sqlalchemy import URL

from tests.support.drafting import edited
from tests.support.projects import ask
from whisper_migrate.errors import Failure
from whisper_migrate.revisions.draft import draft
from whisper_migrate.running.runner import downgrade, upgrade
from whisper_migrate.state.drift import check

OTHER = 'sa.Column("price", sa.Integer), sa.Column("pieces", sa.Integer)'


def table(*columns: str) -> str:
    return f'sa.Table("t", metadata, sa.Column("id", sa.Integer, primary_key=True), {", ".join(columns)})\n'


def generated(name: str, type_: str, stored: bool, expression: str = "price * pieces") -> str:
    return f'sa.Column("{name}", {type_}, sa.Computed("{expression}", persisted={stored}))'


# Columns before and after; in some the type changes, or a column that the expression uses is dropped.
COLUMNS = {
    "a": (generated("a", "sa.Integer", False), 'sa.Column("a", sa.Integer)'),
    "b": (generated("b", "sa.Integer", False), 'sa.Column("b", sa.Numeric(12, 2), server_default="7")'),
    "c": (generated("c", "sa.Integer", True), 'sa.Column("c", sa.Integer)'),
    "d": (generated("d", "sa.Integer", False), generated("d", "sa.Integer", True)),
    "e": (generated("e", "sa.Integer", False, "gone + 1"), 'sa.Column("e", sa.Integer)'),
}


@pytest.mark.thorough
@pytest.mark.servers("pg18")
def test_values_stay(tmp_path: Path, server: URL, database: URL) -> None:
    before, after = (table(OTHER, *(column[side] for column in COLUMNS.values())) for side in (0, 1))
    before = before.replace(OTHER, f'{OTHER}, sa.Column("gone", sa.Integer)')
    draft(edited(tmp_path, before), server, "first")
    upgrade(edited(tmp_path, before), database, "head", lambda applied: None)
    ask(database, "INSERT INTO t (id, price, pieces, gone) VALUES (1, 4, 2, 5), (2, NULL, 2, NULL)")
    there = "SELECT a, b::integer, c, d, e FROM t ORDER BY id"
    assert ask(database, there) == [(8, 8, 8, 8, 6), (None,) * 5]
    project = edited(tmp_path, after)
    draft(project, server, "second", allowed=["drop-column t.gone"])
    upgrade(project, database, "head", lambda applied: None)
    assert ask(database, there) == [(8, 8, 8, 8, 6), (None,) * 5]
    assert check(project, server, database).clean
    downgrade(project, database, "-1", lambda applied: None)
    assert ask(database, "SELECT a, b, c, d FROM t ORDER BY id") == [(8, 8, 8, 8), (None,) * 4]
    assert not check(edited(tmp_path, before), server, database, "database").drift


INTEGER, ENUM = 'sa.Column("n", sa.Integer)', 'sa.Column("n", sa.Enum({}, name="mood"))'
# The column that the expression reads before and after, the expression, and the generated column's plain type.
READ = {
    "a wider type": (INTEGER, 'sa.Column("n", sa.BigInteger)', "n * 2", "sa.Integer"),
    "a wider type of both": (INTEGER, 'sa.Column("n", sa.BigInteger)', "n * 2", "sa.BigInteger"),
    "another type": (INTEGER, 'sa.Column("n", sa.Numeric(12, 1))', "n * 2", "sa.Text"),
    "dropped": (INTEGER, 'sa.Column("m", sa.Integer)', "n * 2", "sa.BigInteger"),
    "labels in another order": (
        ENUM.format("'4', '5'"),
        ENUM.format("'5', '4'"),
        "CASE n WHEN '4'::mood THEN 8 END",
        "sa.Integer",
    ),
}


@pytest.mark.thorough
@pytest.mark.parametrize("read", READ)
def test_values_stay_whatever_happens_to_the_columns_that_were_read(
    read: str, tmp_path: Path, server: URL, database: URL
) -> None:
    before, after, expression, type_ = READ[read]
    computed = edited(tmp_path, table(before, generated("g", "sa.Integer", True, expression)))
    draft(computed, server, "first")
    upgrade(computed, database, "head", lambda _: None)
    ask(database, "INSERT INTO t (id, n) VALUES (1, '4'), (2, NULL)")
    project = edited(tmp_path, table(after, f'sa.Column("g", {type_})'))
    draft(project, server, "second", allowed=["drop-column t.n"] if read == "dropped" else [])
    upgrade(project, database, "head", lambda _: None)
    assert ask(database, "SELECT g::text FROM t ORDER BY id") == [("8",), (None,)]
    assert check(project, server, database).clean


@pytest.mark.thorough
@pytest.mark.servers("pg18")
@pytest.mark.parametrize("stored", [False, True])
def test_a_plain_column_that_is_computed_from_now_on_loses_its_values(
    stored: bool, tmp_path: Path, server: URL, database: URL
) -> None:
    plain = table(OTHER, 'sa.Column("a", sa.Integer)')
    draft(edited(tmp_path, plain), server, "first")
    project = edited(tmp_path, table(OTHER, generated("a", "sa.Integer", stored)))
    with pytest.raises(Failure, match=r"drop-column t\.a: "):
        draft(project, server, "second")
    draft(project, server, "second", allowed=["drop-column t.a"])
    upgrade(project, database, "head", lambda applied: None)
    ask(database, "INSERT INTO t (id, price, pieces) VALUES (1, 4, 2)")
    downgrade(project, database, "-1", lambda applied: None)
    assert ask(database, "SELECT a FROM t") == [(8,)]


@pytest.mark.servers("pg18")
def test_an_expression_below_two_levels_of_child_tables_is_refused(tmp_path: Path, server: URL) -> None:
    models = """
ENTITIES += [sa.DDL("CREATE TABLE e (x integer, q integer {})"), sa.DDL("CREATE TABLE d () INHERITS (e)"),
             sa.DDL("CREATE TABLE c () INHERITS (d)")]
"""
    draft(edited(tmp_path, models.format("GENERATED ALWAYS AS (x * 2) STORED")), server, "first")
    with pytest.raises(Failure, match=r"e\.q cannot lose its expression"):
        draft(edited(tmp_path, models.format("")), server, "second")
