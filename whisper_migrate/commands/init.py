"""The command `init`: begin to work on a project."""

from collections.abc import Callable, Iterator

import click
from rich.markup import escape
from sqlalchemy import text
from sqlalchemy.exc import DBAPIError

from whisper_migrate.databases import version_table
from whisper_migrate.databases.connect import connected
from whisper_migrate.databases.stamps import stamped
from whisper_migrate.errors import Failure, reason
from whisper_migrate.history.history import History
from whisper_migrate.project.alembic_folders import NoHistory, ini
from whisper_migrate.project.project import Project
from whisper_migrate.project.starter import begin
from whisper_migrate.running.ledger import read_or_why
from whisper_migrate.state.anomalies import doubts
from whisper_migrate.terminal.console import database_if_any
from whisper_migrate.wording.plurals import counted
from whisper_migrate.wording.printing import out
from whisper_migrate.wording.revision_ids import ids

# Tables of the database that are not PostgreSQL's, nor for bookkeeping.
TABLES = """
SELECT count(*) FROM pg_catalog.pg_tables WHERE schemaname <> ALL (ARRAY['pg_catalog', 'information_schema'])
AND tablename <> ALL (:bookkeeping) AND format('%I.%I', schemaname, tablename) <> :version"""


@click.command("init")
@click.pass_obj
def command(project: Project) -> None:
    """Write [tool.whisper_migrate] into pyproject.toml, and print what is found. An empty folder gets a new project.

    No file is overwritten, and a second run changes nothing. A folder without Python files and without alembic.ini
    also gets alembic.ini, an env.py, and models.py with an example.
    """
    written = begin(project.root)
    for name in written:
        out.print(escape(f"Wrote     {name}"))
    if not written:
        out.print(escape(f"Unchanged {project.root / 'pyproject.toml'} has [tool.whisper_migrate]."))
    project = Project(project.root)
    for name, found in (("Alembic", _alembic), ("History", _history), ("Models", _models), ("Database", _database)):
        for line in _lines(found, project):
            out.print(escape(f"{name:9} {line}"))
            name = ""


def _lines(found: Callable[[Project], Iterator[str]], project: Project) -> Iterator[str]:
    """Yield what is found, or the reason why it is not, which is no failure of this command."""
    try:
        yield from found(project)
    except NoHistory:
        yield "none"
    except Failure as failure:
        yield failure.what
        if failure.remedy:
            yield f"  -> {failure.remedy}"
    except DBAPIError as error:
        yield f"not read: {reason(error)}"


def _alembic(project: Project) -> Iterator[str]:
    try:
        file = ini(project.root, project.options.get("alembic_ini"))
    except NoHistory as failure:
        yield "not configured: there is no alembic.ini"
        yield f"  -> {failure.remedy}"
        return
    yield str(project.shown(file or project.root / "pyproject.toml"))


def _history(project: Project) -> Iterator[str]:
    history = History(project)
    word = "head" if len(history.heads) == 1 else "heads"
    heads = f", {word} {ids(history.heads)}" if history.heads else ""
    yield f"{counted(len(history.newest_first()), 'revision')}{heads}"
    if not history.heads:
        yield '  -> make revision msg="first"'


def _models(project: Project) -> Iterator[str]:
    tables = counted(len(project.metadata.tables), "table")
    named = project.options.get("models")
    yield f"{tables}, of {named}" if named else f"{tables}, of env.py's target_metadata"


def _database(project: Project) -> Iterator[str]:
    database = database_if_any(project)
    if database is None:
        yield "none: DATABASE_URL names it; without it, upgrade starts an embedded server"
        return
    yield str(database)
    with connected(database.url, read_only=True) as connection:
        stamps, (entries, hidden) = stamped(connection) or [], read_or_why(connection)
        tables = connection.scalar(text(TABLES), version_table.names())
    if not stamps and tables:
        yield f"It has {counted(tables, 'table')} and no stamp."
        yield "  -> migrate.py whereami   (finds the revision that it equals)"
        return
    yield f"It is at {ids(stamps)}."
    for doubt in doubts(entries, stamps) if not hidden else ():
        yield doubt.what
        yield f"  -> {doubt.remedy}"
