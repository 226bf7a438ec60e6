"""The command `current`: print the database's revision."""

import sys

import click
from rich.markup import escape

from whisper_migrate.databases.connect import connected
from whisper_migrate.databases.stamps import stamped
from whisper_migrate.databases.version_table import use
from whisper_migrate.project.project import Project
from whisper_migrate.running.patience import Patience
from whisper_migrate.running.waiting import await_database
from whisper_migrate.terminal.console import database_of
from whisper_migrate.terminal.json_output import kept_for_document, print_json, with_format
from whisper_migrate.wording.printing import err, out
from whisper_migrate.wording.revision_ids import ids


@click.command("current")
@click.option("--check-heads", is_flag=True, help="Exit with 1 unless it is the history's head.")
@with_format
@click.pass_obj
def command(project: Project, check_heads: bool, form: str) -> None:
    """Print the revision that the database is stamped with."""
    heads: list[str] | None = None
    pending: list[str] | None = None
    with kept_for_document(form == "json"):
        database = database_of(project)
        if seconds := Patience.given(project.root).wait:
            await_database(database.url, seconds, lambda text: err.print(escape(text)))
        use(project.version_options)
        with connected(database.url, read_only=True) as connection:
            revisions = stamped(connection) or []
        if form == "text":
            out.print("\n".join(revisions or ["none"]))
        if check_heads:
            from whisper_migrate.history.history import History  # slow, since Alembic comes with it

            history = History(project)
            history.require_known(revisions)
            heads, pending = history.heads, [script.revision for script in history.pending(revisions)]
    if form == "json":
        print_json({"database": str(database), "revisions": revisions, "heads": heads, "pending": pending})
    if pending:
        count = len(pending)
        err.print(f"Behind {ids(heads or [])}, this checkout's head: {count} pending. Apply with: make upgrade")
        sys.exit(1)
