"""Where the database stands."""

import click
from rich.markup import escape

from whisper_migrate.console import database_of, out
from whisper_migrate.databases.connect import connected
from whisper_migrate.history import History, stamped
from whisper_migrate.project import Project


@click.command("status")
@click.pass_obj
def command(project: Project) -> None:
    """Where the database stands, and which revisions are pending."""
    history, database = History(project), database_of(project)
    with connected(database.url, read_only=True) as connection:
        revisions = stamped(connection)
    history.require_known(revisions or [])
    pending = history.pending(revisions or [])
    out.print(f"Database  {escape(str(database))}")
    out.print(f"Stands at {', '.join(revisions) if revisions else 'no revision yet'}")
    out.print(f"Head      {', '.join(history.heads) or 'no revision yet'}")
    out.print(f"Pending   {len(pending)}")
    for script in pending:
        out.print(f"  {script.revision} {escape(script.doc)}")
