"""Two releases of a project: whether the program of each works on the schema of the other."""

import json
import subprocess
import textwrap
from dataclasses import dataclass
from pathlib import Path

import pytest
from sqlalchemy import URL

from tests.support.drafting import edited
from tests.support.little import Said, command, plain
from tests.support.projects import Checkout
from whisper_migrate.project.project import Project

MODELS = """
from sqlalchemy.orm import DeclarativeBase, Mapped, mapped_column, relationship


class Base(DeclarativeBase):
    metadata = metadata


class Author(Base):
    __tablename__ = "authors"
    id: Mapped[int] = mapped_column(primary_key=True)
    name: Mapped[str]
    mood: Mapped[str] = mapped_column(server_default="'calm'")
    books: Mapped[list["Book"]] = relationship(back_populates="author", cascade="all, delete-orphan")


class Book(Base):
    __tablename__ = "books"
    id: Mapped[int] = mapped_column(primary_key=True)
    author_id: Mapped[int] = mapped_column(sa.ForeignKey("authors.id"))
    title: Mapped[str | None]
    author: Mapped[Author] = relationship(back_populates="books")


class Shift(Base):
    __tablename__ = "shifts"
    id: Mapped[int] = mapped_column(primary_key=True)
    kind: Mapped[str]
    mode: Mapped[str] = mapped_column(sa.Enum("early", "noon", name="mode"))
    __mapper_args__ = {"polymorphic_on": "kind", "polymorphic_identity": "shift"}


class Night(Shift):
    __tablename__ = "nights"
    id: Mapped[int] = mapped_column(sa.ForeignKey("shifts.id"), primary_key=True)
    hours: Mapped[int | None]
    __mapper_args__ = {"polymorphic_identity": "night"}


tags = sa.Table("tags", metadata, sa.Column("name", sa.Text, primary_key=True), sa.Column("times", sa.Integer))
"""
FIRST = """op.execute('''
    CREATE TABLE authors (id serial PRIMARY KEY, name varchar NOT NULL, mood varchar NOT NULL DEFAULT 'calm');
    CREATE TABLE books (id serial PRIMARY KEY, author_id int NOT NULL REFERENCES authors, title varchar);
    CREATE TABLE tags (name text PRIMARY KEY, times int);
    CREATE TYPE mode AS ENUM ('early', 'noon');
    CREATE TABLE shifts (id serial PRIMARY KEY, kind varchar NOT NULL, mode mode NOT NULL);
    CREATE TABLE nights (id int PRIMARY KEY REFERENCES shifts, hours int)
''')"""


@dataclass(frozen=True)
class Case:
    """An edit of the models, the revision for it, the order, and the beginnings of the failures that are told."""

    edit: tuple[str, str]
    sql: str
    order: str
    old_on_new: tuple[str, ...] = ()
    new_on_old: tuple[str, ...] = ()


CASES = {
    "nothing": Case(("", ""), "SELECT 1", "either"),
    "an index": Case(("", ""), "CREATE INDEX byname ON authors (name)", "either"),
    "a column with a default": Case(
        (
            "    name: Mapped[str]\n",
            "    name: Mapped[str]\n    born: Mapped[int] = mapped_column(server_default='1')\n",
        ),
        "ALTER TABLE authors ADD born int NOT NULL DEFAULT 1",
        "schema first",
        new_on_old=("Author, SELECT: column authors.born does not exist", "Book, load of author"),
    ),
    "a column that must be given": Case(
        ("    title: Mapped[str | None]\n", "    title: Mapped[str | None]\n    pages: Mapped[int]\n"),
        "ALTER TABLE books ADD pages int; UPDATE books SET pages = 1; ALTER TABLE books ALTER pages SET NOT NULL",
        "none",
        old_on_new=('Book, INSERT: null value in column "pages"',),
        new_on_old=("Book, SELECT: column books.pages does not exist", "Author, load of books"),
    ),
    "a column that goes": Case(
        ("    title: Mapped[str | None]\n", ""),
        "ALTER TABLE books DROP title",
        "program first",
        old_on_new=("Book, SELECT: column books.title does not exist", "Author, load of books"),
    ),
    "a table without a class goes": Case(
        (MODELS[MODELS.index("tags =") :], ""),
        "DROP TABLE tags",
        "program first",
        old_on_new=('table tags, SELECT: relation "tags" does not exist', "table tags, INSERT"),
    ),
    "a new rule that the old values break": Case(
        ("", ""),
        "ALTER TABLE tags ADD CHECK (times IS NULL) NOT VALID",
        "program first",
        old_on_new=("table tags, UPDATE", "table tags, INSERT"),
    ),
    "a column becomes NOT NULL": Case(
        ("    title: Mapped[str | None]\n", "    title: Mapped[str]\n"),
        "UPDATE books SET title = 'x'; ALTER TABLE books ALTER title SET NOT NULL",
        "program first",
        old_on_new=("Book, INSERT with NULLs: null value",),
    ),
    "a default goes": Case(
        (""" = mapped_column(server_default="'calm'")""", ""),
        "ALTER TABLE authors ALTER mood DROP DEFAULT",
        "program first",
        old_on_new=('Author, INSERT: null value in column "mood"',),
    ),
    "a number that PostgreSQL gives always": Case(
        ("", ""),
        "ALTER TABLE authors ALTER id DROP DEFAULT; DROP SEQUENCE authors_id_seq;"
        " ALTER TABLE authors ALTER id ADD GENERATED ALWAYS AS IDENTITY",
        "either",
    ),
    "a new label": Case(
        ('name="mode"', '"late", name="mode"'),
        "ALTER TYPE mode ADD VALUE 'late'",
        "schema first",
        new_on_old=("Shift, INSERT of mode late",),
    ),
    "a value that is cut": Case(
        ("", ""),
        "UPDATE books SET title = 'x'; ALTER TABLE books ALTER title TYPE varchar(1)",
        "program first",
        old_on_new=("Book, UPDATE: value too long", "Book, INSERT: value too long"),
    ),
    "a class of a class": Case(
        ("    hours: Mapped[int | None]\n", "    hours: Mapped[int | None]\n    level: Mapped[int]\n"),
        "ALTER TABLE nights ADD level int NOT NULL DEFAULT 1; ALTER TABLE nights ALTER level DROP DEFAULT",
        "none",
        old_on_new=('Night, INSERT: null value in column "level"',),
        new_on_old=("Night, SELECT",),
    ),
}


def _projects(folder: Path, case: Case) -> tuple[Project, Project]:
    """Return the old release and the new one, each in a folder of its own."""
    old, new = folder / "old", folder / "new"
    made = []
    for root, models in ((old, MODELS), (new, MODELS.replace(*case.edit) if case.edit[0] else MODELS)):
        root.mkdir()
        made.append(edited(root, models))
        Checkout(root).write_revision("one", None, up=FIRST, down="pass")
    Checkout(new).write_revision("two", "one", up=f"op.execute({case.sql!r})", down="pass")
    return made[0], made[1]


@pytest.mark.thorough
@pytest.mark.servers("pg18")
@pytest.mark.parametrize("case", CASES.values(), ids=CASES)
def test_the_order_of_deployment(case: Case, tmp_path: Path, server: URL, capsys: pytest.CaptureFixture[str]) -> None:
    old, new = _projects(tmp_path, case)
    found = _compat(capsys, new, server, str(old.root), "--format", "json")
    document = json.loads(found.out)
    told = {
        side: [f"{one['subject']}, {one['operation']}: {one['failure']}" for one in document[side]["failing"]]
        for side in ("old_on_new", "new_on_old")
    }
    for beginnings, lines in ((case.old_on_new, told["old_on_new"]), (case.new_on_old, told["new_on_old"])):
        assert all(any(line.startswith(one) for line in lines) for one in beginnings), told
        assert bool(beginnings) == bool(lines), told
    assert document["order"] == case.order and found.code == (0 if case.order == "either" else 1), found


@pytest.mark.thorough
@pytest.mark.servers("pg18")
def test_a_commit_of_git(tmp_path: Path, server: URL, capsys: pytest.CaptureFixture[str]) -> None:
    root = tmp_path / "app"
    root.mkdir()
    edited(root, MODELS)
    Checkout(root).write_revision("one", None, up=FIRST, down="pass")
    git = ("git", "-c", "user.name=a", "-c", "user.email=a@example.org")
    for words in (("init", "-q", "-b", "main"), ("add", "-A"), ("commit", "-q", "-m", "one"), ("tag", "v1")):
        subprocess.run([*git, *words], cwd=tmp_path, check=True)
    new = edited(root, MODELS.replace("    title: Mapped[str | None]\n", ""))
    Checkout(root).write_revision("two", "one", up="op.drop_column('books', 'title')", down="pass")
    said = _compat(capsys, new, server, "v1")
    assert said.code == 1, said
    assert said.out.startswith("The old release is v1 (one), the new release is this checkout (two).\n"), said
    assert "The new release works on the old schema: " in said.out and "Deploy the new program first" in said.out
    for name in ("nowhere", "--output=x", ""):
        said = _compat(capsys, new, server, f"--with={name}" if name.startswith("-") else name)
        assert said.code == 2 and "neither a folder" in said.err, said


@pytest.mark.thorough
@pytest.mark.servers("pg18")
@pytest.mark.parametrize("is_in_both", [True, False])
def test_models_in_a_folder_that_python_finds_by_its_path(
    is_in_both: bool, tmp_path: Path, server: URL, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    """As with a package that is installed from the checkout: it would be this checkout's for both releases."""
    old, new = _projects(tmp_path, CASES["a column that goes"])
    for project in (old, new):
        (module,) = project.root.glob("edited*.py")
        (project.root / "lib").mkdir()
        (project.root / "lib" / "the_models.py").write_text(module.read_text())
        module.unlink()
        (project.root / "pyproject.toml").write_text('[tool.whisper_migrate]\nmodels = "the_models:metadata"\n')
    if not is_in_both:
        (old.root / "lib" / "the_models.py").unlink()
    monkeypatch.setenv("PYTHONPATH", str(new.root / "lib"))
    said = _compat(capsys, Project(new.root), server, str(old.root))
    assert said.code == (1 if is_in_both else 2), said
    assert ("Deploy the new program first" in said.out) if is_in_both else ("of the other release" in said.err), said


@pytest.mark.thorough
@pytest.mark.servers("pg18")
def test_models_without_their_revision(tmp_path: Path, server: URL, capsys: pytest.CaptureFixture[str]) -> None:
    old, new = _projects(tmp_path, Case(CASES["a column that must be given"].edit, "SELECT 1", "none"))
    said = _compat(capsys, new, server, str(old.root))
    assert said.code == 2 and "do not fit its own history: Book: column books.pages" in said.err, said


@pytest.mark.servers("pg18")
def test_a_folder_without_git(tmp_path: Path, server: URL, capsys: pytest.CaptureFixture[str]) -> None:
    _, new = _projects(tmp_path, CASES["nothing"])
    said = _compat(capsys, new, server, "main", "--format", "text")
    assert said.code == 2 and "is in no git repository" in said.err, said


@pytest.mark.servers("pg18")
def test_a_release_that_does_not_import(tmp_path: Path, server: URL, capsys: pytest.CaptureFixture[str]) -> None:
    old, new = _projects(tmp_path, CASES["nothing"])
    (module,) = old.root.glob("edited*.py")
    module.write_text(textwrap.dedent("print('loaded')\nraise ImportError('no such thing')\n"))
    said = _compat(capsys, new, server, str(old.root))
    assert said.code == 2 and "no such thing" in said.err and "Traceback" not in said.err and "loaded" not in said.out


def _compat(capsys: pytest.CaptureFixture[str], project: Project, server: URL, name: str, *more: str) -> Said:
    words = [name] if name.startswith("--with=") else ["--with", name]
    return command(capsys, project, None, "compat", *words, *more, SHADOW_URL=plain(server))
