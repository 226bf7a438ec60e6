"""Drafts in their online form: their statements, their results, and the sessions that they do not block."""

import ast
from dataclasses import dataclass
from pathlib import Path

import pytest
from sqlalchemy import URL

from tests.running.attempts import Said, run
from tests.support.drafting import edited
from tests.support.projects import ask
from whisper_migrate.databases.batched_update import MARK
from whisper_migrate.revisions.draft import draft


@dataclass(frozen=True)
class Case:
    """Columns of table t before and after, and the statements up and down; `|` marks those outside of transactions.

    `moods` are the labels of an enum before and after.
    """

    name: str
    before: str
    after: str
    up: tuple[str, ...]
    down: tuple[str, ...]
    allow: str = ""
    fill: tuple[str, ...] = ()
    moods: tuple[str, str] = ("", "")
    notes: tuple[str, ...] = ()

    def __str__(self) -> str:
        return self.name

    def models(self, columns: str, labels: str) -> str:
        mood = f'mood = sa.Enum({labels}, name="mood", metadata=metadata)\n' if labels else ""
        parent = 'sa.Table("p", metadata, sa.Column("id", sa.Integer, primary_key=True))\n'
        key = 'sa.Column("id", sa.Integer, nullable=False, autoincrement=False)'
        return f'{mood}{parent}sa.Table("t", metadata, {key}, {columns})\n'


A, B = 'sa.Column("a", sa.Integer), ', 'sa.Column("b", sa.Text), '
PARTED = 'postgresql_partition_by="LIST (id)"'
DROP = "| op.drop_index(op.f('i'), table_name='t', postgresql_concurrently=True)"
SET = (
    "op.create_check_constraint(op.f('t_a_is_set'), 't', 'a IS NOT NULL', postgresql_not_valid=True)",
    "| op.execute('ALTER TABLE public.t VALIDATE CONSTRAINT t_a_is_set')",
    "op.alter_column('t', 'a', nullable=False, existing_type=sa.Integer())",
    "op.drop_constraint(op.f('t_a_is_set'), 't', type_='check')",
)
CASES = (
    Case(
        "an index",
        A,
        f'{A} sa.Index("i", "a", postgresql_using="hash")',
        ("| op.create_index(op.f('i'), 't', ['a'], postgresql_using='hash', postgresql_concurrently=True)",),
        (DROP,),
    ),
    Case(
        "an index that is replaced serves until the new one is there",
        f'{A}{B} sa.Index("i", "a")',
        f'{A}{B} sa.Index("i", "a", "b")',
        (
            "op.execute('ALTER INDEX public.i RENAME TO i_old')",
            "| op.create_index(op.f('i'), 't', ['a', 'b'], postgresql_concurrently=True)",
            "| op.drop_index(op.f('i_old'), table_name='t', postgresql_concurrently=True)",
        ),
        (
            "op.execute('ALTER INDEX public.i RENAME TO i_old')",
            "| op.create_index(op.f('i'), 't', ['a'], postgresql_concurrently=True)",
            "| op.drop_index(op.f('i_old'), table_name='t', postgresql_concurrently=True)",
        ),
    ),
    Case(
        "a check",
        A,
        f'{A} sa.CheckConstraint("a > 0", name="positive")',
        (
            "op.create_check_constraint(op.f('positive'), 't', 'a > 0', postgresql_not_valid=True)",
            "| op.execute('ALTER TABLE public.t VALIDATE CONSTRAINT positive')",
        ),
        ("op.drop_constraint(op.f('positive'), 't', type_='check')",),
        "add-constraint positive on t",
    ),
    Case(
        "a foreign key",
        A,
        f'{A} sa.ForeignKeyConstraint(["a"], ["p.id"], name="fk", ondelete="CASCADE", deferrable=True)',
        (
            "op.create_foreign_key(op.f('fk'), 't', 'p', ['a'], ['id'], ondelete='CASCADE', deferrable=True,"
            " postgresql_not_valid=True)",
            "| op.execute('ALTER TABLE public.t VALIDATE CONSTRAINT fk')",
        ),
        ("op.drop_constraint(op.f('fk'), 't', type_='foreignkey')",),
        "add-constraint fk on t",
    ),
    Case(
        "NOT NULL",
        A,
        'sa.Column("a", sa.Integer, nullable=False), ',
        SET,
        ("op.alter_column('t', 'a', nullable=True, existing_type=sa.Integer())",),
        "set-not-null t.a",
    ),
    Case(
        "a new column that is filled, once no row without can come",
        B,
        f'{B} sa.Column("a", sa.Integer, nullable=False)',
        (
            "op.add_column('t', sa.Column('a', sa.Integer()))",
            SET[0],
            "| op.execute('UPDATE t SET a = coalesce(length(b), 0) WHERE a IS NULL')",
            *SET[1:],
        ),
        ("op.drop_column('t', 'a')",),
        "set-not-null t.a",
        ("t.a=coalesce(length(b), 0)",),
    ),
    Case(
        "a unique constraint",
        f"{A}{B}",
        f'{A}{B} sa.UniqueConstraint("b", "a", name="B a", deferrable=True, postgresql_include=["id"])',
        (
            "| op.create_index(op.f('B a'), 't', ['b', 'a'], unique=True, postgresql_include=['id'],"
            " postgresql_concurrently=True)",
            'op.execute(\'ALTER TABLE public.t ADD CONSTRAINT "B a" UNIQUE USING INDEX "B a" DEFERRABLE\')',
        ),
        ("op.drop_constraint(op.f('B a'), 't', type_='unique')",),
        'add-constraint "B a" on t',
    ),
    Case(
        "a unique constraint that is replaced",
        f'{A}{B} sa.UniqueConstraint("b", name="u")',
        f'{A}{B} sa.UniqueConstraint("b", "a", name="u")',
        (
            "| op.create_index(op.f('u_new'), 't', ['b', 'a'], unique=True, postgresql_concurrently=True)",
            "op.drop_constraint(op.f('u'), 't', type_='unique')",
            "op.execute('ALTER TABLE public.t ADD CONSTRAINT u UNIQUE USING INDEX u_new')",
        ),
        (
            "| op.create_index(op.f('u_new'), 't', ['b'], unique=True, postgresql_concurrently=True)",
            "op.drop_constraint(op.f('u'), 't', type_='unique')",
            "op.execute('ALTER TABLE public.t ADD CONSTRAINT u UNIQUE USING INDEX u_new')",
        ),
        "add-constraint u on t",
    ),
    Case(
        "a primary key",
        A,
        f'{A} sa.PrimaryKeyConstraint("id", name="key")',
        (
            "| op.create_index(op.f('key'), 't', ['id'], unique=True, postgresql_concurrently=True)",
            "op.execute('ALTER TABLE public.t ADD CONSTRAINT key PRIMARY KEY USING INDEX key')",
        ),
        ("op.drop_constraint(op.f('key'), 't', type_='primary')",),
        "add-constraint key on t",
    ),
    Case(
        "a label that is used at once",
        'sa.Column("m", mood)',
        'sa.Column("m", mood, server_default="new")',
        (
            "| op.execute(\"ALTER TYPE public.mood ADD VALUE 'new' BEFORE 'old'\")",
            "op.alter_column('t', 'm', server_default=sa.text(\"'new'::public.mood\"),"
            " existing_type=postgresql.ENUM(name='mood', create_type=False))",
        ),
        (),
        moods=('"old"', '"new", "old"'),
    ),
    Case(
        "a partitioned table",
        f"{A} {PARTED}",
        f'{A} sa.Index("i", "a"), sa.ForeignKeyConstraint(["a"], ["p.id"], name="fk"), {PARTED}',
        (
            "op.create_foreign_key(op.f('fk'), 't', 'p', ['a'], ['id'])",
            "op.create_index(op.f('i'), 't', ['a'])",
        ),
        ("op.drop_index(op.f('i'), table_name='t')", "op.drop_constraint(op.f('fk'), 't', type_='foreignkey')"),
        notes=(
            "On a large table this blocks writes while constraint fk on t (t is partitioned) is checked and index i"
            " (t is partitioned) is built; that has no online form.",
            "t: no row could be made for it",
        ),
    ),
    Case(
        "a new table has none",
        A,
        f'{A}), sa.Table("u", metadata, sa.Column("a", sa.Integer, sa.ForeignKey("p.id"), index=True)',
        (
            "op.create_table('u', sa.Column('a', sa.Integer()), sa.ForeignKeyConstraint(['a'], ['p.id'],"
            " name=op.f('u_a_fkey')))",
            "op.create_index(op.f('ix_u_a'), 'u', ['a'])",
        ),
        ("op.drop_table('u')",),
    ),
)


def body(source: str, name: str) -> tuple[str, ...]:
    """Return the statements of a function, those of an autocommit block with `|`."""
    function = next(n for n in ast.parse(source).body if isinstance(n, ast.FunctionDef) and n.name == name)
    found: list[str] = []
    for statement in function.body:
        if isinstance(statement, ast.With):
            assert ast.unparse(statement.items[0]) == "op.get_context().autocommit_block()"
            found += [f"| {ast.unparse(inner)}" for inner in statement.body]
        else:
            found.append(ast.unparse(statement))
    return tuple(found)


@pytest.mark.thorough
@pytest.mark.servers("pg18")
@pytest.mark.parametrize("case", CASES, ids=str)
def test_a_draft_has_its_online_form(tmp_path: Path, server: URL, case: Case) -> None:
    """The draft's own proof shows that it leads to the models and back, and runs on rows."""
    draft(edited(tmp_path, case.models(case.before, case.moods[0])), server, "before")
    project = edited(tmp_path, case.models(case.after, case.moods[1]))
    made = draft(project, server, "after", online=True, allowed=[*filter(None, [case.allow])], filling=case.fill)
    assert made.path is not None
    source = made.path.read_text()
    assert body(source, "upgrade") == case.up
    assert body(source, "downgrade") == case.down or not case.down
    assert all(note.startswith(start) for note, start in zip(made.notes, case.notes, strict=False)), made.notes
    assert len(made.notes) >= len(case.notes) and ("no online form" in str(made.notes)) == bool(case.notes)


# The column that is filled, the primary key, and whether the backfill is marked.
KEYS = {
    "a key that stays": ("b", "id", True),
    "a key of two columns": ("b", "id, a", True),
    "no key": ("b", "", False),
    "a column of the key": ("a", "id, a", False),
}


@pytest.mark.thorough
@pytest.mark.parametrize("name", KEYS)
def test_backfill_runs_in_batches_by_a_key_that_stays(tmp_path: Path, server: URL, database: URL, name: str) -> None:
    filled, key, marked = KEYS[name]
    primary = f"sa.PrimaryKeyConstraint({', '.join(map(repr, key.split(', ')))})," if key else ""
    table = "sa.Table('t', metadata, sa.Column('id', sa.Integer), sa.Column('a', sa.Integer), {}, " + primary + ")\n"
    first = draft(edited(tmp_path, table.format("sa.Column('b', sa.Integer)")), server, "before")
    check = f"sa.Column('b', sa.Integer), sa.CheckConstraint('{filled} > 0', name='c')"
    project = edited(tmp_path, table.format(check))
    made = draft(project, server, "after", online=True, filling=[f"t.{filled}=abs(a) + 1"])
    assert made.path is not None
    assert (f"{MARK} UPDATE t SET {filled} = abs(a) + 1" in made.path.read_text()) == marked

    run(project, database, first.revision)
    ask(database, "INSERT INTO t SELECT i, -i, CASE WHEN i % 2 = 0 THEN -1 END FROM generate_series(1, 25) AS i")
    said = Said()
    run(project, database, said=said, batch_rows=10)
    assert ("rows in 3 batches" in said) == marked
    assert ask(database, f"SELECT count(*) FROM t WHERE NOT {filled} > 0") == [(0,)]
