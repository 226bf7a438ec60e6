"""Apply revisions."""

import click
from rich.markup import escape

from whisper_migrate.console import TARGET, out, report, target_given, tell
from whisper_migrate.databases import settings
from whisper_migrate.project import Project
from whisper_migrate.running import runner


@click.command("upgrade", context_settings=TARGET)
@click.argument("target", default="head", callback=target_given)
@click.pass_obj
def command(project: Project, target: str) -> None:
    """Apply the revisions up to TARGET: an id, its beginning, +1, or head."""
    database = settings.database(project.root)
    out.print(f"Database {escape(str(database))}")
    report("upgrade", runner.upgrade(project, database.url, target, tell))
