"""The revisions there are."""

import click
from rich.markup import escape

from whisper_migrate.console import out
from whisper_migrate.history import History
from whisper_migrate.project import Project


@click.command("history")
@click.pass_obj
def command(project: Project) -> None:
    """The revisions there are, newest first."""
    for script in History(project).newest_first():
        head = " (head)" if script.is_head else ""
        out.print(f"{script.revision}{head} {escape(script.doc)}")
