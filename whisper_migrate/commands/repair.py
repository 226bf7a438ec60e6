"""The command `repair`: revert drift."""

import sys

import click
from rich.markup import escape

from whisper_migrate.catalog.sql import comment
from whisper_migrate.databases.shadow_server import shadow_server
from whisper_migrate.planning.locality import why_it_stays
from whisper_migrate.project.project import Project
from whisper_migrate.running.options import allow_data_loss, seconds
from whisper_migrate.running.patience import Patience
from whisper_migrate.state import repair as repairing
from whisper_migrate.terminal.console import database_of
from whisper_migrate.wording.printing import err, out


@click.command("repair")
@click.option("--apply", is_flag=True, help="Run the SQL, in one transaction, after printing it.")
@click.option("--allow", multiple=True, metavar="WHAT", help='Permit a loss by name: "drop-column users.hack".')
@allow_data_loss("a refusal prints")
@seconds("wait-for-lock")
@click.pass_obj
def command(project: Project, /, apply: bool, allow: tuple[str, ...], word: str | None, **waits: float | None) -> None:
    """Print the SQL that makes a drifted database equal to the history at its revision."""
    if not apply and (allow or word):
        raise click.UsageError("--allow and --allow-data-loss are for --apply: without it, nothing is run.")
    database = database_of(project)
    with shadow_server(project.root) as server, repairing.way_back(project, server, database.url) as way:
        if not way.steps and not way.given:
            # An SQL comment, because the output may be piped to psql.
            out.print(escape(comment(f"Nothing to repair: {database} is what the history says at {way.at}.")))
            return
        click.echo(way.sql(), color=True)  # otherwise click removes escape characters from names and texts
        if not apply:
            return
        patience = Patience.given(project.root, waits)
        staying = way.apply(set(allow), word, lambda text: err.print(escape(text)), patience)
    if staying:
        err.print(escape(f"Repaired {database}, but for this. {why_it_stays(staying)}"))
        sys.exit(1)
    err.print(f"Repaired {escape(str(database))}: nothing differs from the history at {way.at}.")
