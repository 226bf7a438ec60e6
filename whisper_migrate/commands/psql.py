"""A shell on the database."""

import os
import shutil
import subprocess
import sys

import click

from whisper_migrate import embedded
from whisper_migrate.databases import settings
from whisper_migrate.project import Project


@click.command("psql", context_settings={"ignore_unknown_options": True})
@click.argument("arguments", nargs=-1, type=click.UNPROCESSED)
@click.pass_obj
def command(project: Project, arguments: tuple[str, ...]) -> None:
    """Open psql on the database."""
    database = settings.database(project.root)
    program = shutil.which("psql") or str(embedded.binaries() / "psql")
    url = database.url.set(drivername="postgresql")
    password = {"PGPASSWORD": str(url.password)} if url.password else {}
    plain = url._replace(password=None).render_as_string(hide_password=False)
    sys.exit(subprocess.call([program, plain, *arguments], env={**os.environ, **password}))
