"""Filters of an env.py that look into an index or a constraint: at its columns, its table, and what it refers to."""

from pathlib import Path

import pytest
from sqlalchemy import URL

from tests.support.foreign_projects import Run, made, revision
from tests.support.little import execute

pytestmark = pytest.mark.servers("pg18")


@pytest.fixture
def run(capsys: pytest.CaptureFixture[str], server: URL, database: URL) -> Run:
    return Run(capsys, server, database)


MODELS = """
import sqlalchemy as sa

metadata = sa.MetaData()
sa.Table("authors", metadata, sa.Column("id", sa.Integer, primary_key=True))
sa.Table("notes", metadata, sa.Column("id", sa.Integer, primary_key=True), sa.Column("title", sa.Text, unique=True),
         sa.Column("author", sa.ForeignKey("authors.id")), sa.Column("Reader, or not", sa.Integer))
"""
UP = (
    "op.execute('CREATE TABLE authors (id serial PRIMARY KEY)');"
    " op.execute('CREATE TABLE notes (id serial PRIMARY KEY, title text, author int, \"Reader, or not\" int)')"
)
DOWN = "op.execute('DROP TABLE notes, authors')"
FILTER = """
LEFT_OUT = [
    ("notes", ["author"], "authors"), ("notes", ["Reader, or not"], "authors"), ("notes", ["title"], None),
    ("notes", ["Reader, or not", "title"], None), ("notes", ["title", "author"], None),
]


def include_object(item, name, type_, reflected, compare_to):
    if type_ in ("table", "column"):
        return True
    refers = item.referred_table.name if type_ == "foreign_key_constraint" else None
    return (item.table.name, [column.name for column in item.columns], refers) not in LEFT_OUT
"""
ONLY_THERE = (
    'ALTER TABLE notes ADD CONSTRAINT "Read" FOREIGN KEY ("Reader, or not") REFERENCES authors ON DELETE CASCADE',
    'CREATE INDEX one ON notes ("Reader, or not" DESC, title COLLATE "C")',
    "CREATE INDEX two ON notes (title, upper(title || ')'))",
    "ALTER TABLE notes ADD UNIQUE NULLS NOT DISTINCT (title, author)",
)


def test_columns_of_what_a_filter_is_given(tmp_path: Path, run: Run) -> None:
    project = made(tmp_path, models=MODELS, before=FILTER, options=", include_object=include_object")
    revision(tmp_path / "alembic/versions", "one", None, UP, DOWN)
    assert run(project, "upgrade").code == 0
    said = run(project, "check-drift")
    assert said.code == 0, said.out
    execute(run.database, *ONLY_THERE)
    said = run(project, "check-drift")
    assert said.code == 0, said.out
    execute(run.database, "CREATE INDEX three ON notes (author)")
    said = run(project, "check-drift")
    assert said.code == 1 and "+ index three" in said.out, said
