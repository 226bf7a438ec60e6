"""The command `stop`: stop the embedded server."""

import click

from whisper_migrate import embedded
from whisper_migrate.databases import settings
from whisper_migrate.project.project import Project
from whisper_migrate.wording.printing import out


@click.command("stop")
@click.pass_obj
def command(project: Project) -> None:
    """Stop the embedded server. Its data stays."""
    stopped = embedded.stop(settings.embedded_folder(project.root))
    out.print("Stopped the embedded server." if stopped else "No embedded server was running.")
