"""A little project of two revisions in a folder, with most kinds of objects that models can have."""

import importlib
import shlex
import shutil
import signal
from itertools import count
from pathlib import Path
from typing import NamedTuple

import pytest
from sqlalchemy import URL, text

from tests.support.connections import connected
from whisper_migrate.catalog.sql import run
from whisper_migrate.cli import main
from whisper_migrate.project.project import Project

ROOT = Path(__file__).parents[2]
NUMBERS = count(1)

ENV = """
from alembic import context

context.configure(connection=context.config.attributes["connection"], **context.config.attributes.get("options", {}))
with context.begin_transaction():
    context.run_migrations()
"""

MODELS = '''\
"""The models."""

from alembic_utils.pg_function import PGFunction
from alembic_utils.pg_view import PGView
from sqlalchemy import CheckConstraint, Column, ForeignKey, Index, Integer, MetaData, String, Table, Text, text
from sqlalchemy.orm import DeclarativeBase, Mapped, mapped_column

metadata = MetaData()


class Base(DeclarativeBase):
    metadata = metadata


class Author(Base):
    """Who writes; its name is in authors."""

    __tablename__ = "authors"
    __table_args__ = (
        CheckConstraint("born > 1000", name="authors_born_check"),
        Index("authors_name_idx", "name"),
    )

    id: Mapped[int] = mapped_column(primary_key=True)
    name: Mapped[str] = mapped_column(String(50))  # 1
    born: Mapped[int | None]
    email_ = mapped_column("email", String(100), server_default=text("'none'::character varying"))


class Order(Base):
    __tablename__ = "Order [x]"
    __table_args__ = {"schema": "Odd Place"}

    id: Mapped[int] = mapped_column(primary_key=True)
    author = mapped_column("Author, of: it", Integer, ForeignKey("authors.id"))


class ElsewhereAuthor(Base):
    """Another table of the same name."""

    __tablename__ = "authors"
    __table_args__ = {"schema": "elsewhere"}

    id: Mapped[int] = mapped_column(primary_key=True)
    name: Mapped[str] = mapped_column(String(50))  # 2


tags = Table(
    "tags",
    metadata,
    Column("label", Text, primary_key=True),
    Column("state", String(10), nullable=False, server_default="new"),
    CheckConstraint("state IN ('new', 'old')", name="tags_state_check"),
)

ENTITIES = [
    PGFunction(
        "public",
        "greet(who text)",
        "RETURNS text LANGUAGE sql IMMUTABLE AS $$\\n  SELECT 'Hello, '\\n    || who\\n    || '!'\\n$$",
    ),
    PGView("public", "author_names", "SELECT id, name FROM public.authors"),
]
'''

ONE = """
CREATE SCHEMA "Odd Place";
CREATE SCHEMA elsewhere;
CREATE TABLE public.authors (
    id serial PRIMARY KEY, name varchar(50) NOT NULL, born integer,
    CONSTRAINT authors_born_check CHECK (born > 1000)
);
CREATE INDEX authors_name_idx ON public.authors (name);
CREATE TABLE "Odd Place"."Order [x]" (id serial PRIMARY KEY, "Author, of: it" integer REFERENCES public.authors (id));
CREATE TABLE elsewhere.authors (id serial PRIMARY KEY, name varchar(50) NOT NULL);
CREATE TABLE public.tags (
    label text PRIMARY KEY, state varchar(10) DEFAULT 'new' NOT NULL,
    CONSTRAINT tags_state_check CHECK (state IN ('new', 'old'))
);
CREATE VIEW public.author_names AS SELECT id, name FROM public.authors;
"""
TWO = """
ALTER TABLE public.authors ADD COLUMN email varchar(100) DEFAULT 'none';
CREATE FUNCTION public.greet(who text) RETURNS text LANGUAGE sql IMMUTABLE AS
    $$
  SELECT 'Hello, '
    || who
    || '!'
$$;
"""
REVISIONS = (("one", None, "authors [and] their tags", ONE), ("two", "one", "greet authors by mail", TWO))

REVISION = '''"""{message}"""

from alembic import op

revision = "{revision}"
down_revision = {parent!r}
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.execute("""{sql}""")


def downgrade() -> None:
    raise NotImplementedError
'''


def project(folder: Path, more: str = "", settings: str = "") -> Project:
    """Create the project, with the models `more` added and `settings` in its pyproject.toml.

    Each project's module has a new name, because one process may import several.
    """
    module = f"little{next(NUMBERS)}"
    versions = folder / "alembic" / "versions"
    versions.mkdir(parents=True)
    (folder / f"{module}.py").write_text(MODELS + more)
    (folder / "alembic" / "env.py").write_text(ENV)
    for revision, parent, message, sql in REVISIONS:
        written = REVISION.format(message=message, revision=revision, parent=parent, sql=sql)
        (versions / f"{revision}.py").write_text(written)
    shutil.copy(ROOT / "alembic.ini", folder)
    section = f'[tool.whisper_migrate]\nmodels = "{module}:metadata"\nentities = "{module}:ENTITIES"\n'
    (folder / "pyproject.toml").write_text(section + settings)
    importlib.invalidate_caches()
    return Project(folder)


def models(project: Project) -> str:
    """Return the name of the project's only model file."""
    return f"{project.options['models'].partition(':')[0]}.py"


def line_of(project: Project, words: str) -> str:
    """Return `file:line` of the first line in the models that contains these words."""
    lines = (project.root / models(project)).read_text().splitlines()
    return f"{models(project)}:{next(number for number, line in enumerate(lines, 1) if words in line)}"


def at(database: URL, revision: str | None = "two", *more: str) -> URL:
    """Create the schema of `revision`, stamp it, and run the statements `more`."""
    statements: list[str] = []
    if revision:
        statements = [ONE, "CREATE TABLE public.alembic_version (version_num varchar(32) PRIMARY KEY)"]
        statements += [TWO] if revision == "two" else []
        statements.append(f"INSERT INTO public.alembic_version VALUES ('{revision}')")
    execute(database, *statements, *more)
    return database


def execute(database: URL, *statements: str) -> None:
    with connected(database) as connection:
        for statement in statements:
            run(connection, statement)
        connection.commit()


def value(database: URL, query: str) -> object:
    """Return the first value of the first row."""
    with connected(database) as connection:
        return connection.scalar(text(query))


class Said(NamedTuple):
    """The exit code and the output of a command."""

    code: int
    out: str
    err: str


def command(
    capsys: pytest.CaptureFixture[str], project: Project, database: URL | None, *arguments: str, **environment: str
) -> Said:
    """Run a command of migrate.py on the project and the database, in this process."""
    handlers = {number: signal.getsignal(number) for number in (signal.SIGTERM, signal.SIGINT)}
    code: int | str | None = 0
    with pytest.MonkeyPatch.context() as patch:
        for name in ("DATABASE_URL", "SHADOW_URL", "POSTGRES_HOST", "FORCE_COLOR", "NO_COLOR", "WHISPER_PGDATA"):
            patch.delenv(name, raising=False)
        if database is not None:
            patch.setenv("DATABASE_URL", plain(database))
        for name, text in environment.items():
            patch.setenv(name, text)
        try:
            main([*arguments], root=project.root)
        except SystemExit as end:
            code = end.code
        finally:
            for number, handler in handlers.items():
                signal.signal(number, handler)
    assert isinstance(code, int)
    return Said(code, *capsys.readouterr())


def plain(url: URL) -> str:
    """Return the URL as psql and DATABASE_URL accept it."""
    return url.set(drivername="postgresql").render_as_string(hide_password=False)


def typed(refusal: str) -> list[str]:
    """Return the options that a refused repair recommends: `--allow=drop-column t.c`, `--allow-data-loss=name:1`."""
    words = shlex.split(refusal.splitlines()[-1].partition("migrate.py ")[2])[2:]
    return [f"{option}={value}" for option, value in zip(words[::2], words[1::2], strict=True)]
