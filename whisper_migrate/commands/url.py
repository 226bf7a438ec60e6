"""The command `url`: print the database's URL."""

import click
from rich.markup import escape

from whisper_migrate.databases import settings
from whisper_migrate.project.project import Project
from whisper_migrate.wording.printing import out


@click.command("url")
@click.pass_obj
def command(project: Project) -> None:
    """Print the database's URL without its password. Starts the embedded server if that is the database."""
    out.print(escape(settings.shown(settings.database(project.root).url)))
