"""Drafts that are proved on rows: notes, losses, and changes that need a backfill or a permission."""

from dataclasses import dataclass
from pathlib import Path

import pytest
from sqlalchemy import URL

from tests.support.drafting import edited
from whisper_migrate.errors import Failure
from whisper_migrate.revisions.draft import draft

pytestmark = pytest.mark.thorough


@dataclass(frozen=True)
class Case:
    """The columns of table t before and after, and the beginnings of the draft's notes, in order.

    `refused`: the draft is refused, and this permission allows it; `backfill` allows it as well.
    """

    name: str
    before: str
    after: str
    notes: tuple[str, ...] = ()
    allow: tuple[str, ...] = ()
    more: str = ""
    refused: str = ""
    backfill: str = ""

    def __str__(self) -> str:
        return self.name


REWRITTEN = "This rewrites the whole table t and blocks all access until it finishes."
PARENT = 'sa.Table("p", metadata, sa.Column("id", sa.Integer, primary_key=True))'
TEXT, INTEGER = 'sa.Column("a", sa.Text)', 'sa.Column("a", sa.Integer)'
CASES = (
    Case("a column that may be NULL", TEXT, f'{TEXT}, sa.Column("b", sa.Integer)'),
    Case("a default", TEXT, f'{TEXT}, sa.Column("b", sa.Integer, nullable=False, server_default="1")'),
    Case("an identity", TEXT, f'{TEXT}, sa.Column("b", sa.Integer, sa.Identity(), nullable=False)', (REWRITTEN,)),
    Case(
        "NOT NULL where there may be NULL",
        TEXT,
        'sa.Column("a", sa.Text, nullable=False)',
        (
            "On a large table this blocks writes while column t.a is scanned for NULLs. To avoid that,",
            "t.a: the upgrade fails where it is NULL. Look first: SELECT count(*) FROM t WHERE a IS NULL",
        ),
        refused="set-not-null t.a",
        backfill="t.a=''",
    ),
    Case("NULL at last", 'sa.Column("a", sa.Text, nullable=False)', TEXT),
    Case(
        "unique",
        TEXT,
        'sa.Column("a", sa.Text, unique=True)',
        (
            "On a large table this blocks writes while constraint t_a_key on t is checked. To avoid that,",
            "t: the upgrade fails where two rows have the same a. Look first:"
            " SELECT a, count(*) FROM t WHERE (a) IS NOT NULL GROUP BY a HAVING count(*) > 1",
        ),
        refused="add-constraint t_a_key on t",
        backfill="t.a=a || id",
    ),
    Case(
        "unique by an index",
        f'{TEXT}, sa.Column("b", sa.Boolean, nullable=False)',
        f'{TEXT}, sa.Column("b", sa.Boolean, nullable=False), sa.Index("i", sa.text("lower(a)"), unique=True,'
        ' postgresql_where=sa.text("b"))',
        (
            "On a large table this blocks writes while index i is built. To avoid that,",
            "t: the upgrade fails where two rows have the same lower(a). Look first: SELECT lower(a), count(*) FROM t"
            " WHERE b AND (lower(a)) IS NOT NULL GROUP BY lower(a) HAVING count(*) > 1",
        ),
        refused="add-index i",
        backfill="t.a=a || id",
    ),
    Case(
        "unique in fewer columns than before",
        f'{TEXT}, sa.Column("b", sa.Text), sa.UniqueConstraint("a", "b", name="u")',
        f'{TEXT}, sa.Column("b", sa.Text), sa.UniqueConstraint("a", name="u")',
        (
            "On a large table this blocks writes while constraint u on t is checked. To avoid that,",
            "t: the upgrade fails where two rows have the same a.",
        ),
        refused="add-constraint u on t",
        backfill="t.a=a || id",
    ),
    Case(
        "unique whatever the case",
        'sa.Column("a", sa.Text, unique=True)',
        f'{TEXT}, sa.Index("i", sa.text("lower(a)"), unique=True)',
        (
            "On a large table this blocks writes while index i is built. To avoid that,",
            "t: the upgrade fails where two rows have the same lower(a).",
        ),
        refused="add-index i",
        backfill="t.a=a || id",
    ),
    Case(
        "the same key in another form",
        'sa.Column("a", sa.Text, unique=True)',
        f'{TEXT}, sa.Index("i", "a", unique=True), sa.Index("p", "a", unique=True, postgresql_where=sa.text("id > 3"))',
        ("On a large table this blocks writes while index i is built and index p is built. To avoid that,",),
    ),
    Case(
        "the same partial key by another name",
        f'{TEXT}, sa.Index("i", "a", unique=True, postgresql_where=sa.text("id > 3"))',
        f'{TEXT}, sa.Index("j", "a", unique=True, postgresql_where=sa.text("id > 3"))',
    ),
    Case(
        "a check",
        INTEGER,
        f'{INTEGER}, sa.CheckConstraint("a > 0", name="positive")',
        (
            "On a large table this blocks writes while constraint positive on t is checked. To avoid that,",
            "t: the upgrade fails where a row does not keep positive. Look first:"
            " SELECT count(*) FROM t WHERE NOT ((a > 0))",
        ),
        refused="add-constraint positive on t",
        backfill="t.a=greatest(a + 1, 1)",
    ),
    Case(
        "a foreign key",
        INTEGER,
        'sa.Column("a", sa.Integer, sa.ForeignKey("p.id"))',
        (
            "On a large table this blocks writes while constraint t_a_fkey on t is checked. To avoid that,",
            "t: the upgrade fails where a is not to be found in p. Look first:"
            " SELECT count(*) FROM t WHERE a IS NOT NULL AND a NOT IN (SELECT id FROM p)",
        ),
        more=PARENT,
        refused="add-constraint t_a_fkey on t",
        backfill="t.a=NULL",
    ),
    Case(
        "another primary key",
        'sa.Column("a", sa.Integer, nullable=False)',
        'sa.Column("a", sa.Integer, primary_key=True)',
        ("On a large table this blocks writes while constraint t_pkey on t is checked. To avoid that,",),
        ("drop-sequence t_id_seq",),
    ),
    Case("a wider type", INTEGER, 'sa.Column("a", sa.BigInteger)', (REWRITTEN,)),
    Case("a longer text", 'sa.Column("a", sa.String(9))', 'sa.Column("a", sa.String(10))'),
    Case(
        "text to a number",
        TEXT,
        INTEGER,
        ("t.a: the upgrade fails on values such as '': invalid input syntax for type integer: \"\".", REWRITTEN),
        ("change-column t.a",),
    ),
    Case(
        "text to json",
        TEXT,
        'sa.Column("a", postgresql.JSONB)',
        (REWRITTEN,),
    ),
    Case(
        "a shorter text",
        'sa.Column("a", sa.String(9))',
        'sa.Column("a", sa.String(4))',
        (
            "t.a: the upgrade fails on values such as 'ééééééééé': value too long for type character varying(4).",
            REWRITTEN,
        ),
        ("change-column t.a",),
    ),
    Case(
        "a rounder number",
        'sa.Column("a", sa.Numeric(8, 4))',
        'sa.Column("a", sa.Numeric(6, 2))',
        ("t.a: the upgrade fails on values such as", REWRITTEN),
        ("change-column t.a",),
    ),
    Case(
        "a time to a date",
        'sa.Column("a", sa.DateTime)',
        'sa.Column("a", sa.Date)',
        (
            REWRITTEN,
            "t.a: upgrading and downgrading does not restore every value: of 6 generated test rows, 1 changed"
            " ('2024-02-29 23:59:59.999999' became '2024-02-29 00:00:00').",
        ),
        ("change-column t.a",),
    ),
    Case(
        "a column that goes",
        f'{TEXT}, sa.Column("b", sa.Boolean)',
        TEXT,
        ("t.b: the downgrade recreates the column, but its data is lost.",),
        ("drop-column t.b",),
    ),
    Case(
        "a NOT NULL column that goes",
        f'{TEXT}, sa.Column("b", sa.Boolean, nullable=False)',
        TEXT,
        ('The downgrade fails on generated test rows: column "b" of relation "t" contains null values.',),
        ("drop-column t.b",),
    ),
    Case(
        "nothing fits",
        'sa.Column("a", sa.Integer, nullable=False), sa.CheckConstraint("a > 5 AND a < 3")',
        'sa.Column("a", sa.Integer, nullable=False), sa.CheckConstraint("a > 5 AND a < 3"), sa.Column("b", sa.Text)',
        ("t: no row could be made for it, so it was tried without: ",),
    ),
)


@pytest.mark.parametrize("case", CASES, ids=str)
def test_a_draft_is_proved_on_rows(tmp_path: Path, server: URL, case: Case) -> None:
    def models(columns: str) -> str:
        return f'{case.more}\nsa.Table("t", metadata, sa.Column("id", sa.Integer, primary_key=True), {columns})\n'

    draft(edited(tmp_path, models(case.before)), server, "before")
    project = edited(tmp_path, models(case.after))
    if case.refused:
        with pytest.raises(Failure) as failed:
            draft(project, server, "after", allowed=case.allow)
        assert case.notes[-1] in failed.value.what and f'allow="{case.refused}"' in failed.value.what
        name, _, expression = case.backfill.partition("=")
        assert f'backfill="{name}=EXPRESSION"' in failed.value.what
        filled = draft(project, server, "after", filling=[case.backfill])
        assert filled.path is not None and f"UPDATE t SET a = {expression} WHERE " in filled.path.read_text()
        assert not any("the upgrade fails" in note for note in filled.notes), filled.notes
        filled.path.unlink()
    made = draft(project, server, "after", allowed=[*case.allow, *filter(None, [case.refused])])
    assert made.path is not None
    assert len(made.notes) == len(case.notes), made.notes
    for note, start in zip(made.notes, case.notes, strict=True):
        assert note.startswith(start), note


def test_a_new_column_needs_values_for_the_rows(tmp_path: Path, server: URL) -> None:
    table = 'sa.Table("t", metadata, sa.Column("id", sa.Integer, primary_key=True){})'
    draft(edited(tmp_path, table.format("")), server, "before")
    with pytest.raises(Failure) as failed:
        draft(edited(tmp_path, table.format(', sa.Column("b", sa.Text, nullable=False)')), server, "after")
    assert failed.value.what.startswith(
        "No revision was written: t.b is a new NOT NULL column, and existing rows would have no value for it."
    )
    assert failed.value.remedy and "server_default" in failed.value.remedy
    assert len(list((tmp_path / "alembic/versions").glob("*.py"))) == 1


@pytest.mark.parametrize("key", ["Integer, primary_key=True", "Integer"], ids=["a key of another type", "no key"])
def test_only_what_a_backfill_fills_is_said_to_change(tmp_path: Path, server: URL, key: str) -> None:
    """An UPDATE changes the order of rows, and so no value that it does not set."""
    table = 'sa.Table("t", metadata, sa.Column("id", sa.{}), sa.Column("k", sa.Integer), sa.Column("a", sa.Text{}))'
    draft(edited(tmp_path, table.format(key, "")), server, "before")
    wider = edited(tmp_path, table.format(key.replace("Integer", "BigInteger"), ", nullable=False"))
    made = draft(wider, server, "after", filling=["t.a='x'"])
    changed = [note for note in made.notes if "test rows" in note]
    assert len(changed) == 2 and all(note.startswith("t.a: ") for note in changed), made.notes


def test_each_new_rule_on_a_column_of_another_type_is_told(tmp_path: Path, server: URL) -> None:
    """No row can be asked before its type changes, and rows that break one rule may hide another."""
    table = 'sa.Table("t", metadata, sa.Column("id", sa.Integer, primary_key=True), sa.Column("a", {0}), {1})'
    draft(edited(tmp_path, table.format("sa.Text", 'sa.Column("b", sa.Text)')), server, "before")
    rules = "sa.CheckConstraint(\"{0} > '2020-01-01'\", name='{0}_new')"
    more = ", ".join(('sa.Column("b", sa.Date)', rules.format("a"), rules.format("b")))
    allowed = ["change-column t.a", "change-column t.b", "add-constraint a_new on t"]
    with pytest.raises(Failure, match="add-constraint b_new on t"):
        draft(edited(tmp_path, table.format("sa.Date", more)), server, "after", allowed=allowed)


@pytest.mark.parametrize(
    "room", ["room", "int4range(room, room, '[]')"], ids=["a column", "an expression that may fail"]
)
def test_a_new_exclusion_is_asked_although_generated_rows_keep_it(tmp_path: Path, server: URL, room: str) -> None:
    columns = """ENTITIES.append(sa.DDL("CREATE EXTENSION btree_gist"))
room, during = sa.Column("room", sa.Integer), sa.Column("during", postgresql.INT4RANGE)
sa.Table("t", metadata, sa.Column("id", sa.Integer, primary_key=True), room, during{})
"""
    draft(edited(tmp_path, columns.format("")), server, "before")
    element = f'(sa.text("{room}"), "{"=" if room == "room" else "&&"}")'
    apart = f', postgresql.ExcludeConstraint({element}, ("during", "&&"), name="apart")'
    project = edited(tmp_path, columns.format(apart))
    with pytest.raises(Failure, match="two rows do not keep apart") as refused:
        draft(project, server, "after")
    assert 'allow="add-constraint apart on t"' in refused.value.what
    assert draft(project, server, "after", allowed=["add-constraint apart on t"]).path
