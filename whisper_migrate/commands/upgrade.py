"""Apply revisions."""

import click
from rich.markup import escape

from whisper_migrate.console import TARGET, out, report, target_given, tell
from whisper_migrate.databases import settings
from whisper_migrate.databases.connect import connected
from whisper_migrate.databases.stamps import stamped
from whisper_migrate.ledger import read_or_why
from whisper_migrate.project import Project
from whisper_migrate.running import runner
from whisper_migrate.standing.anomalies import doubts


@click.command("upgrade", context_settings=TARGET)
@click.argument("target", default="head", callback=target_given)
@click.pass_obj
def command(project: Project, target: str) -> None:
    """Apply the revisions up to TARGET: an id, its beginning, +1, or head."""
    database = settings.database(project.root)
    out.print(f"Database {escape(str(database))}")
    report("upgrade", runner.upgrade(project, database.url, target, tell))
    with connected(database.url, read_only=True) as connection:
        (entries, hidden), stamps = read_or_why(connection), stamped(connection) or []
    for doubt in doubts(entries, stamps) if not hidden else ():
        out.print(escape(f"Note: {doubt.what}\n  -> {doubt.remedy}"))
