"""The command `check-drift`: compare models, history and database."""

import sys

import click

from whisper_migrate import reports
from whisper_migrate.cache.recorded import Recorded
from whisper_migrate.databases.shadow_server import shadow_server
from whisper_migrate.project.project import Project
from whisper_migrate.state.drift import check
from whisper_migrate.terminal.console import database_if_any, database_of
from whisper_migrate.terminal.json_output import kept_for_document
from whisper_migrate.wording.printing import out


@click.command("check-drift")
@click.option("--only", type=click.Choice(["models", "database"]), help="Compare only this one with the history.")
@click.option("--format", "form", type=click.Choice(reports.NAMES), default="text", help="How to report it.")
@click.option("--kept", "uses_kept", is_flag=True, help="Do not replay a plain history that has not changed.")
@click.pass_obj
def command(project: Project, only: str | None, form: str, uses_kept: bool) -> None:
    """Compare models with history, and history with the database if there is one."""
    kept = Recorded(project) if uses_kept else None
    with kept_for_document(form != "text"):
        with shadow_server(project.root) as server:
            mine = database_of(project) if only == "database" else database_if_any(project) if only is None else None
            verdict = check(project, server, mine.url if mine else None, only, kept)
        text = reports.report(form).render(verdict, str(mine) if mine else None)
    if form == "text":
        out.tell(text)
    else:
        click.echo(text)
    sys.exit(2 if not verdict.whole else 0 if verdict.clean else 1)
