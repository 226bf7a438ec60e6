"""Say where the database stands."""

import click

from whisper_migrate.console import names, out, target_given
from whisper_migrate.databases import settings
from whisper_migrate.project import Project
from whisper_migrate.running import runner


@click.command("stamp")
@click.argument("revision", callback=target_given)
@click.pass_obj
def command(project: Project, revision: str) -> None:
    """Say that the database stands at REVISION, and run nothing."""
    outcome = runner.stamp(project, settings.database(project.root).url, revision)
    out.print(f"Stamped {names(outcome.after)} (was {names(outcome.before)}). Nothing was run.")
