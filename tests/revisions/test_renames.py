"""Declared renames: both ways, with all rows, and nothing else; undeclared ones are refused with the line to add."""

import ast
import re
from dataclasses import dataclass
from pathlib import Path

import pytest
from sqlalchemy import URL

from tests.support.drafting import edited
from tests.support.projects import ask
from whisper_migrate.errors import Failure
from whisper_migrate.reports.text import render
from whisper_migrate.revisions.draft import draft
from whisper_migrate.running.runner import downgrade, upgrade
from whisper_migrate.state.drift import check

pytestmark = pytest.mark.thorough

BEFORE = """
mood = sa.Enum("sad", "happy", name="mood")
authors = sa.Table(
    "authors", metadata,
    sa.Column("id", sa.Integer, primary_key=True),
    sa.Column("handle", sa.String(20), nullable=False, unique=True, index=True),
    sa.Column("mood", mood, server_default="sad"),
    sa.CheckConstraint("handle <> ''", name="has_handle"),
    sa.Index("by_length", sa.text("length(handle)")),
)
books = sa.Table(
    "books", metadata,
    sa.Column("id", sa.Integer, sa.Identity(), primary_key=True),
    sa.Column("author_id", sa.ForeignKey("authors.id"), index=True),
)
view = "CREATE VIEW names AS SELECT a.handle, a.mood, b.id FROM authors a JOIN books b ON b.author_id = a.id"
ENTITIES.append(sa.DDL(view))
"""
ROWS = (
    "INSERT INTO authors (handle, mood) VALUES ('ada', 'happy'), ('mary', 'sad')",
    "INSERT INTO books (author_id) VALUES (1), (2), (NULL)",
)


@dataclass(frozen=True)
class Case:
    """Replacements in the models, lines of the draft, and a query that finds the rows."""

    name: str
    edits: tuple[tuple[str, str], ...]
    told: tuple[str, ...]
    query: str
    rows: list[tuple[object, ...]]

    def __str__(self) -> str:
        return self.name


CASES = [
    Case(
        "a column, with what is named after it and what stands on it",
        (
            ('sa.Column("handle", sa.String(20)', 'sa.Column("nick", sa.String(20), info={"renamed_from": "handle"}'),
            ("handle <> ''", "nick <> ''"),
            ("length(handle)", "length(nick)"),
            ("SELECT a.handle", "SELECT a.nick AS handle"),
        ),
        ("~ column authors.nick: renamed from handle", "~ index ix_authors_nick: renamed from ix_authors_handle"),
        "SELECT nick FROM authors ORDER BY 1",
        [("ada",), ("mary",)],
    ),
    Case(
        "a table, with its key, its sequence and its indexes",
        (
            ('"authors", metadata,', '"writers", metadata,'),
            ('text("length(handle)")),\n)', 'text("length(handle)")),\n    info={"renamed_from": "authors"},\n)'),
            ('sa.ForeignKey("authors.id")', 'sa.ForeignKey("writers.id")'),
            ("FROM authors a", "FROM writers a"),
        ),
        (
            "~ table writers: renamed from authors",
            "~ sequence writers_id_seq: renamed from authors_id_seq",
            "~ constraint writers_pkey on writers: renamed from authors_pkey",
            "~ index ix_writers_handle: renamed from ix_authors_handle",
        ),
        "SELECT w.handle, count(*) FROM writers w JOIN books ON author_id = w.id GROUP BY 1 ORDER BY 1",
        [("ada", 1), ("mary", 1)],
    ),
    Case(
        "a table with an identity column, and a column of it at once",
        (
            ('"books", metadata,', '"novels", metadata,'),
            (
                'sa.Column("author_id", sa.ForeignKey("authors.id"), index=True),\n',
                'sa.Column("by", sa.ForeignKey("authors.id"), index=True, info={"renamed_from": "author_id"}),'
                '\n    info={"renamed_from": "books"},\n',
            ),
            ("JOIN books b ON b.author_id", "JOIN novels b ON b.by"),
        ),
        ("~ table novels: renamed from books", "~ column novels.by: renamed from author_id"),
        "SELECT by FROM novels ORDER BY 1",
        [(1,), (2,), (None,)],
    ),
    Case(
        "a constraint and an index",
        (
            ('name="has_handle")', 'name="named", info={"renamed_from": "has_handle"})'),
            (
                '"by_length", sa.text("length(handle)")',
                '"lengths", sa.text("length(handle)"), info={"renamed_from": "by_length"}',
            ),
        ),
        ("~ constraint named on authors: renamed from has_handle", "~ index lengths: renamed from by_length"),
        "SELECT count(*) FROM pg_constraint WHERE conname = 'named'",
        [(1,)],
    ),
    Case(
        "an enum and a value of it",
        (
            (
                'mood = sa.Enum("sad", "happy", name="mood")\n',
                'mood = sa.Enum("sad", "glad", name="feeling")\n'
                'mood.info = {"renamed_from": "mood", "values_renamed_from": {"glad": "happy"}}\n',
            ),
        ),
        ("~ enum feeling: renamed from mood", "~ enum value feeling.glad: renamed from happy"),
        "SELECT mood::text FROM authors ORDER BY 1",
        [("glad",), ("sad",)],
    ),
    Case(
        "quoted names",
        (
            (
                'sa.Column("handle", sa.String(20)',
                'sa.Column("Nick \\"x\\"", sa.String(20), info={"renamed_from": "handle"}',
            ),
            ("handle <> ''", '\\"Nick \\"\\"x\\"\\"\\" <> \'\''),
            ("length(handle)", 'length(\\"Nick \\"\\"x\\"\\"\\")'),
            ("SELECT a.handle", 'SELECT a.\\"Nick \\"\\"x\\"\\"\\" AS handle'),
        ),
        ('~ column authors."Nick ""x""": renamed from handle',),
        'SELECT "Nick ""x""" FROM authors ORDER BY 1',
        [("ada",), ("mary",)],
    ),
]


@pytest.mark.parametrize("case", CASES, ids=str)
def test_rename(case: Case, tmp_path: Path, server: URL, database: URL) -> None:
    draft(edited(tmp_path, BEFORE), server, "first")
    upgrade(edited(tmp_path, BEFORE), database, "head", lambda applied: None)
    for statement in ROWS:
        ask(database, f"{statement} RETURNING 1")
    before = ask(database, "SELECT * FROM names ORDER BY 1")
    models = BEFORE
    for old, new in case.edits:
        assert old in models, old
        models = models.replace(old, new)
    project = edited(tmp_path, models)
    made = draft(project, server, "rename")
    assert (
        made.path
        and set(case.told) <= set(made.lines)
        and all(re.search("renamed from|identity sequence", told) for told in made.lines)
    ), made
    text = made.path.read_text()
    assert not any(word in text for word in ("drop_", "DROP", "CREATE", "create_")), text
    docstring = ast.get_docstring(ast.parse(text)) or ""
    assert all(told.replace('"""', "'''") in docstring for told in made.lines)
    upgrade(project, database, "head", lambda applied: None)
    assert ask(database, case.query) == case.rows
    assert check(project, server, database).clean
    again = draft(project, server, "again")
    assert again.path is None and all("is already renamed" in note for note in again.notes) and again.notes
    downgrade(project, database, "-1", lambda applied: None)
    assert ask(database, "SELECT * FROM names ORDER BY 1") == before
    assert not check(edited(tmp_path, BEFORE), server, database, "database").drift


UNDECLARED = [
    (
        (
            ('sa.Column("handle"', 'sa.Column("nick"'),
            ("handle <> ''", "nick <> ''"),
            ("length(handle)", "length(nick)"),
            ("SELECT a.handle", "SELECT a.nick AS handle"),
        ),
        "drop-column authors.handle",
        'If it is authors.nick now, say so there in the model: info={"renamed_from": "handle"}',
    ),
    (
        (('"books", metadata,', '"novels", metadata,'), ("JOIN books b", "JOIN novels b")),
        "drop-table books",
        'If it is novels now, say so there in the model: info={"renamed_from": "books"}',
    ),
    (
        (('"happy"', '"glad"'),),
        "change-enum mood",
        'If that is a new name: the type\'s .info = {"values_renamed_from": {"glad": "happy"}}',
    ),
]


@pytest.mark.parametrize(("edits", "word", "said"), UNDECLARED)
def test_undeclared_renames_are_refused(
    edits: tuple[tuple[str, str], ...], word: str, said: str, tmp_path: Path, server: URL
) -> None:
    draft(edited(tmp_path, BEFORE), server, "first")
    models = BEFORE
    for old, new in edits:
        models = models.replace(old, new)
    project = edited(tmp_path, models)
    with pytest.raises(Failure) as refused:
        draft(project, server, "x")
    assert said in refused.value.what and f'allow="{word}"' in str(refused.value.remedy)
    # As a new column, it would need a value in existing rows.
    models = models.replace('sa.Column("nick", sa.String(20), nullable=False', 'sa.Column("nick", sa.String(20)')
    made = draft(edited(tmp_path, models), server, "x", allowed=[word])
    assert made.path and f"Allowed: {word}" in made.path.read_text()


STALE = [
    ('info={"renamed_from": "never"}', "column authors.handle is already renamed"),
    ('info={"renamed_from": "id"}', "column authors.handle is already renamed"),
]


@pytest.mark.servers("pg18")
def test_a_table_without_a_model_may_be_one_that_nobody_imports(tmp_path: Path, server: URL, database: URL) -> None:
    draft(edited(tmp_path, BEFORE), server, "first")
    upgrade(edited(tmp_path, BEFORE), database, "head", lambda applied: None)
    models = BEFORE.replace("books = sa.Table", "if False: books = sa.Table").replace(
        "ENTITIES.append(sa.DDL(view))", ""
    )
    project = edited(tmp_path, models)
    with pytest.raises(Failure, match=r"drop-table books: .*\n    No model declares it: is its module imported\?"):
        draft(project, server, "x")
    said = "  No model declares books: is its module imported?\n"
    assert said in render(check(project, server, database), "it")
    ask(database, "CREATE TABLE scratch (id integer)", "SELECT 1")
    verdict = check(edited(tmp_path, BEFORE), server, database)
    assert said.replace("books", "scratch") in render(verdict, "it")


@pytest.mark.servers("pg18")
def test_declarations_that_say_nothing_are_pointed_out(tmp_path: Path, server: URL) -> None:
    draft(edited(tmp_path, BEFORE), server, "first")
    column = 'sa.Column("handle", sa.String(20)'
    for info, said in STALE:
        made = draft(edited(tmp_path, BEFORE.replace(column, f"{column}, {info}")), server, "x")
        assert made.path is None and [note.startswith(said) for note in made.notes] == [True], made
    extra = 'sa.Column("extra", sa.Text, info={"renamed_from": "never"}),\n    sa.Column("mood"'
    made = draft(edited(tmp_path, BEFORE.replace('sa.Column("mood"', extra)), server, "x")
    assert made.path and made.lines == ["+ column authors.extra text"], made
    assert len(made.notes) == 1 and "the history has no never" in made.notes[0]


def test_a_sequence_keeps_its_position(tmp_path: Path, server: URL, database: URL) -> None:
    models = """
sa.Table("t", metadata, sa.Column("id", sa.Integer, primary_key=True, autoincrement=False), {})
numbers = sa.Sequence("{}", metadata=metadata)
{}
"""
    draft(edited(tmp_path, models.format("", "counter", "")), server, "first")
    upgrade(edited(tmp_path, models.format("", "counter", "")), database, "head", lambda applied: None)
    ask(database, "SELECT setval('counter', 1000)")
    with pytest.raises(Failure, match=r"info.update\(..renamed_from.: .counter"):
        draft(edited(tmp_path, models.format("", "numbers", "")), server, "second")
    project = edited(tmp_path, models.format("", "numbers", 'numbers.info["renamed_from"] = "counter"'))
    draft(project, server, "second")
    upgrade(project, database, "head", lambda applied: None)
    assert ask(database, "SELECT last_value FROM numbers") == [(1000,)]
    assert check(project, server, database).clean
