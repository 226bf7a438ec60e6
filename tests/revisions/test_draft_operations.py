"""The operations of a draft: Alembic's own where they exist, in the form that a person would write."""

import re
from dataclasses import dataclass
from pathlib import Path

import pytest
from sqlalchemy import URL

from tests.support.drafting import edited
from whisper_migrate.revisions.draft import draft

pytestmark = [pytest.mark.servers("pg18"), pytest.mark.thorough]

LONG = "a_table_with_a_name_that_is_about_as_long_as_a_name_can_be_here"


def table(*columns: str, name: str = "t") -> str:
    return f'sa.Table("{name}", metadata, {", ".join(columns)})\n'


@dataclass(frozen=True)
class Case:
    """Models before and after, calls that the file contains (spaces ignored), and words that it does not contain."""

    before: str
    after: str
    calls: tuple[str, ...]
    absent: tuple[str, ...] = ("op.execute(",)
    allow: tuple[str, ...] = ()


A, B, D = 'sa.Column("a", sa.Integer)', 'sa.Column("b", sa.Integer)', 'sa.Column("d", postgresql.DATERANGE)'
PARENT = table(A, B, 'sa.UniqueConstraint("a", "b", name="u p")', name="my p").replace('"a"', '"a a"')
ENUM = 'm = sa.Enum("x", "y", name="m")\n'
CASES = {
    "unique, deferred": Case(
        table(A),
        table(A, 'sa.UniqueConstraint("a", name="u", deferrable=True, initially="DEFERRED")'),
        ('op.create_unique_constraint(op.f("u"), "t", ["a"], deferrable=True, initially="DEFERRED")',),
        allow=("add-constraint u on t",),
    ),
    "unique, NULL once": Case(
        table(A),
        table(A, 'sa.UniqueConstraint("a", name="u", postgresql_nulls_not_distinct=True)'),
        ('op.create_unique_constraint(op.f("u"), "t", ["a"], postgresql_nulls_not_distinct=True)',),
        allow=("add-constraint u on t",),
    ),
    "unique, with another column in its index": Case(
        table(A, B),
        table(A, B, 'sa.UniqueConstraint("a", name="u", postgresql_include=["b"])'),
        ('op.execute("ALTER TABLE public.t ADD CONSTRAINT u UNIQUE (a) INCLUDE (b)")',),
        absent=(),
        allow=("add-constraint u on t",),
    ),
    "exclusion": Case(
        table(A, D),
        table(A, D, 'postgresql.ExcludeConstraint(("d", "&&"), name="e", where=sa.text("a > 0"), deferrable=True)'),
        (
            'op.create_exclude_constraint(op.f("e"), "t", ("d", "&&"), using="gist", where=sa.text("a > 0"),'
            " deferrable=True)",
        ),
        allow=("add-constraint e on t",),
    ),
    "a foreign key of two columns": Case(
        PARENT + table(A, B),
        PARENT
        + table(
            A,
            B,
            'sa.ForeignKeyConstraint(["a", "b"], ["my p.a a", "my p.b"], "f", match="FULL", ondelete="SET NULL (a)")',
        ),
        (
            'op.create_foreign_key(op.f("f"), "t", "my p", ["a", "b"], ["a a", "b"], match="FULL",'
            ' ondelete="SET NULL (a)")',
        ),
        allow=("add-constraint f on t",),
    ),
    "an index with settings and spaces": Case(
        table(A, name="my t"),
        table(A, 'sa.Index("my i", "a", postgresql_with={"fillfactor": 50})', name="my t"),
        ('op.create_index(op.f("my i"), "my t", ["a"], postgresql_with={"fillfactor": 50})',),
    ),
    "a table with everything inside": Case(
        PARENT,
        PARENT
        + table(
            A,
            B,
            D,
            'sa.Column("n", postgresql.DOMAIN("positive", sa.Integer, create_type=False))',
            'sa.Column("i", postgresql.INTERVAL(fields="DAY TO SECOND"))',
            'sa.Column("r", postgresql.REGCLASS)',
            'sa.UniqueConstraint("a", name="u", postgresql_include=["b"])',
            'postgresql.ExcludeConstraint(("d", "&&"), name="e")',
            'sa.ForeignKeyConstraint(["a", "b"], ["my p.a a", "my p.b"], "f", deferrable=True)',
            'postgresql_with={"fillfactor": 70}',
        )
        + 'ENTITIES.append(sa.DDL("CREATE DOMAIN positive AS integer"))\n',
        (
            'sa.Column("n", postgresql.DOMAIN("positive", sa.Integer(), create_type=False))',
            'sa.Column("i", postgresql.INTERVAL(fields="day to second"))',
            'sa.Column("r", postgresql.REGCLASS())',
            'sa.UniqueConstraint("a", name=op.f("u"), postgresql_include=["b"])',
            'postgresql.ExcludeConstraint(("d", "&&"), name=op.f("e"), using="gist")',
            'sa.ForeignKeyConstraint(["a", "b"], ["my p.a a", "my p.b"], name=op.f("f"), deferrable=True)',
            'postgresql_with={"fillfactor": 70}',
        ),
        absent=("CREATE TABLE", "nullable=True"),
    ),
    "a partitioned table": Case(
        "",
        table(A, D, 'postgresql_partition_by="RANGE (a)"'),
        ('postgresql_partition_by="RANGE (a)"',),
    ),
    "a serial whose sequence has a short name": Case(
        "", table('sa.Column("id", sa.Integer, primary_key=True)', name=LONG), (f'"{LONG}"', 'sa.Column("id",')
    ),
    "a wider number": Case(
        table('sa.Column("id", sa.Integer, primary_key=True)', A),
        table('sa.Column("id", sa.BigInteger, primary_key=True)', A.replace("Integer", "Numeric")),
        (
            'op.alter_column("t", "id", type_=sa.BigInteger(), existing_type=sa.Integer())',
            'op.alter_column("t", "a", type_=sa.Numeric(), existing_type=sa.Integer())',
        ),
        absent=("postgresql_using", "server_default"),
    ),
    "yes or no to a number, json to jsonb": Case(
        table('sa.Column("a", sa.Boolean)', 'sa.Column("b", sa.JSON)'),
        table('sa.Column("a", sa.Integer)', 'sa.Column("b", postgresql.JSONB)'),
        ('postgresql_using="a::integer"', 'postgresql_using="b::jsonb"', 'postgresql_using="a::boolean"'),
        allow=("change-column t.a", "change-column t.b"),
    ),
    "collation": Case(
        table('sa.Column("a", sa.String(20))'),
        table('sa.Column("a", sa.String(20, collation="C"))'),
        ('op.alter_column("t", "a", type_=sa.String(20, collation="C"), existing_type=sa.String(20))',),
    ),
    "an enum that goes": Case(
        ENUM + table('sa.Column("a", m, server_default="x")'),
        table('sa.Column("a", sa.Text, server_default="x")'),
        (
            'op.alter_column("t", "a", server_default=None,'
            ' existing_type=postgresql.ENUM(name="m", create_type=False))',
            'op.execute("DROP TYPE public.m")',
        ),
        absent=("ALTER TABLE",),
        allow=("drop-enum m",),
    ),
    "no number of its own any more": Case(
        table('sa.Column("id", sa.Integer, primary_key=True)'),
        table('sa.Column("id", sa.Integer, sa.Identity(), primary_key=True)'),
        ('op.alter_column("t", "id", server_default=None, existing_type=sa.Integer())',),
        absent=("DROP DEFAULT",),
        allow=("drop-sequence t_id_seq",),
    ),
}


@pytest.mark.parametrize("case", CASES.values(), ids=CASES)
def test_operations_of_a_draft(case: Case, tmp_path: Path, server: URL) -> None:
    if case.before:
        draft(edited(tmp_path, case.before), server, "first")
    made = draft(edited(tmp_path, case.after), server, "second", allowed=case.allow)
    assert made.path
    text = made.path.read_text()
    for call in case.calls:
        assert _bare(call) in _bare(text), text
    assert not [word for word in case.absent if word in text], text


def _bare(text: str) -> str:
    """Remove the line breaks and spaces that ruff puts into a long call."""
    return re.sub(r",(?=[)\]])", "", re.sub(r"\s+", "", text))
