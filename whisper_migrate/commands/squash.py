"""The command `squash`: fold many revisions into one."""

import click
from rich.markup import escape

from whisper_migrate.catalog.names import joined, shown
from whisper_migrate.databases.shadow_server import shadow_server
from whisper_migrate.history.history import History
from whisper_migrate.project.project import Project
from whisper_migrate.revisions.squash import squash
from whisper_migrate.terminal.completion import revisions
from whisper_migrate.terminal.console import not_an_address
from whisper_migrate.wording.plurals import counted
from whisper_migrate.wording.printing import out


@click.command("squash")
@click.argument("revision", default="head", callback=not_an_address, shell_complete=revisions)
@click.option("--allow", multiple=True, metavar="WHAT", help='Leave out by name: "CREATE ROLE in a7eb08030574".')
@click.pass_obj
def command(project: Project, revision: str, allow: tuple[str, ...]) -> None:
    """Fold the revisions up to REVISION into one, proved to make the same schema and rows.

    The new revision has the id of REVISION. The originals go to alembic/squashed, for databases between two of them.
    """
    history = History(project)
    with shadow_server(project.root) as server:
        done = squash(history, server, revision, allowed=allow)
    if done is None:
        out.print("There is one revision up to there: nothing to fold.")
        return
    last = done.folded[-1].revision
    out.print(escape(f"Wrote {project.shown(done.path)}, proved up, down and up in a throwaway database."))
    out.print(escape(f"It is {last} now: {counted(len(done.folded), 'revision')} in one, which makes the same."))
    if done.seeds.rows:
        out.print(escape(f"With the rows that they make: {joined(done.seeds.counts())}."))
    for table, column in sorted(done.seeds.made):
        out.print(escape(f"Note: {shown(table)}.{column} is another at each run, and left to its default."))
    out.print(escape(f"Moved them to {project.shown(done.archive)}: migrate.py upgrade runs them where a database"))
    out.print("  is between two of them. Keep that folder for as long as there may be one.")
    out.print("  -> commit both: the new file and the folder. Databases need no command.")
