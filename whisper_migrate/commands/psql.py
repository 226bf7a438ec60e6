"""The command `psql`: open a shell on the database."""

import signal
import subprocess
import sys

import click

from whisper_migrate.databases import settings
from whisper_migrate.databases.psql import psql
from whisper_migrate.project.project import Project


@click.command("psql", context_settings={"ignore_unknown_options": True})
@click.argument("arguments", nargs=-1, type=click.UNPROCESSED)
@click.pass_obj
def command(project: Project, arguments: tuple[str, ...]) -> None:
    """Open psql on the database."""
    database = settings.database(project.root)
    signal.signal(signal.SIGINT, lambda *_: None)  # Ctrl-C is left to psql, where it cancels a query
    with psql(database.url) as (program, environ):
        sys.exit(subprocess.call([*program, *arguments], env=environ))
