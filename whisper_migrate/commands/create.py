"""Draft a revision."""

import click
from rich.markup import escape

from whisper_migrate.console import out
from whisper_migrate.databases.shadow_server import shadow_server
from whisper_migrate.errors import Failure
from whisper_migrate.history import History
from whisper_migrate.names import listed
from whisper_migrate.project import Project
from whisper_migrate.revisions.draft import draft
from whisper_migrate.unwritten import PLACE


@click.command("create")
@click.argument("message", default="")
@click.option("--allow", multiple=True, metavar="WHAT", help='Permit a loss by name: "drop-column users.nickname".')
@click.option("--online", is_flag=True, help="Keep nobody from a table that is there while an index is built, or such.")
@click.option("--backfill", multiple=True, metavar="WHAT", help="Fill a column: users.plan=0, or users.plan.")
@click.pass_obj
def command(project: Project, message: str, allow: tuple[str, ...], online: bool, backfill: tuple[str, ...]) -> None:
    """Draft a revision that takes the history to the models, proved up, down and up in a throwaway database."""
    message = " ".join(message.split())
    if not message:
        raise Failure('A revision needs a message, such as: make revision msg="add email verification to users"')
    with shadow_server(project.root) as server:
        allowed = [name for given in allow for name in listed(given)]
        made = draft(project, server, message, allowed=allowed, online=online, filling=backfill)
    for text in made.lines:
        out.print(escape(text))
    if made.path is None:
        out.print("The history has everything that the models say: no revision is needed, none was written.")
    elif made.unfilled:
        file, revision = made.path.relative_to(project.root), History(project).head
        out.print(f"Wrote {file}, proved up, down and up in a throwaway database without rows.")
        out.print(escape(f"Its backfill is yours to write, in place of {PLACE}; until then nothing runs it."))
        out.print(f"  -> migrate.py prove {revision}   (when it is written: tries it on rows)")
    else:
        out.print(f"Wrote {made.path.relative_to(project.root)}, proved up, down and up in a throwaway database.")
    for note in made.notes:
        out.print(f"Note: {escape(note)}")
