"""Take revisions back."""

import click
from rich.markup import escape

from whisper_migrate.console import TARGET, out, report, target_given, tell
from whisper_migrate.databases import settings
from whisper_migrate.project import Project
from whisper_migrate.running import runner


@click.command("downgrade", context_settings=TARGET)
@click.argument("target", callback=target_given)
@click.pass_obj
def command(project: Project, target: str) -> None:
    """Take revisions back down to TARGET: an id, -1, or base."""
    database = settings.database(project.root)
    out.print(f"Database {escape(str(database))}")
    report("downgrade", runner.downgrade(project, database.url, target, tell))
