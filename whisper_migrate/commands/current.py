"""The database's revision."""

import click

from whisper_migrate.console import database_of, out
from whisper_migrate.databases.connect import connected
from whisper_migrate.history import stamped
from whisper_migrate.project import Project


@click.command("current")
@click.pass_obj
def command(project: Project) -> None:
    """The revision that the database is stamped with."""
    database = database_of(project)
    with connected(database.url, read_only=True) as connection:
        revisions = stamped(connection)
    out.print("\n".join(revisions or ["none"]))
