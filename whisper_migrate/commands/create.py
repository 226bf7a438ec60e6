"""The command `create`: draft a revision."""

import click
from rich.markup import escape

from whisper_migrate.catalog.names import listed
from whisper_migrate.databases.shadow_server import shadow_server
from whisper_migrate.errors import Failure
from whisper_migrate.history.unwritten import PLACE
from whisper_migrate.preflight.compatibility import of_draft
from whisper_migrate.project.project import Project
from whisper_migrate.revisions.data_only import data_revision
from whisper_migrate.revisions.draft import draft
from whisper_migrate.wording.printing import out


@click.command("create")
@click.argument("message", default="")
@click.option("--allow", multiple=True, metavar="WHAT", help='Permit a loss by name: "drop-column users.nickname".')
@click.option("--online", is_flag=True, help="Build indexes and validate constraints without blocking writes.")
@click.option("--backfill", multiple=True, metavar="WHAT", help="Fill a column: users.plan=0, or users.plan.")
@click.option("--data", is_flag=True, help="Write a revision that changes data only, with empty bodies to fill.")
@click.option("--branch", metavar="NAME", help="The branch label, or the head, that the revision follows.")
@click.pass_obj
def command(
    project: Project,
    message: str,
    allow: tuple[str, ...],
    online: bool,
    backfill: tuple[str, ...],
    data: bool,
    branch: str | None,
) -> None:
    """Draft a revision from the models, and prove it up, down and up in a throwaway database."""
    message = " ".join(message.split())
    if not message:
        raise Failure('A revision needs a message, such as: make revision msg="add email verification to users"')
    if data:
        _write_data_revision(project, message, branch, drafting=bool(allow or online or backfill))
        return
    with shadow_server(project.root) as server:
        allowed = [name for given in allow for name in listed(given)]
        made = draft(project, server, message, allowed=allowed, online=online, filling=backfill, branch=branch)
    for text in made.lines:
        out.print(escape(text))
    if made.path is None:
        out.print("No changes: the history already matches the models.")
    elif made.unfilled:
        out.print(f"Wrote {project.shown(made.path)}, proved up, down and up in a throwaway database without rows.")
        out.print(escape(f"Edit the file and replace {PLACE} with SQL. The revision will not run until you do."))
        out.print(f"  -> migrate.py prove {made.revision}   (when it is written: tries it on rows)")
    else:
        out.print(f"Wrote {project.shown(made.path)}, proved up, down and up in a throwaway database.")
    for note in (*made.notes, *of_draft(made.catalogs)):
        out.print(f"Note: {escape(note)}")
    if made.path and not made.unfilled:
        out.print("  -> make upgrade   (applies it)")


def _write_data_revision(project: Project, message: str, branch: str | None, *, drafting: bool) -> None:
    if drafting:
        raise Failure(
            "A revision that changes data only is not drafted from the models: --allow, --backfill and --online say"
            " nothing there.",
            'make revision data=1 msg="..."',
        )
    path, revision = data_revision(project, message, branch)
    out.print(f"Wrote {project.shown(path)}. Its upgrade() and downgrade() are empty: fill them.")
    out.print(f"  -> migrate.py prove {revision}   (runs it up, down and up, also on generated test rows)")
