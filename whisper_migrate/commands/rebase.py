"""The command `rebase`: turn two heads into one."""

import sys

import click
from rich.markup import escape

from whisper_migrate.databases.shadow_server import shadow_server
from whisper_migrate.history.history import History
from whisper_migrate.project.project import Project
from whisper_migrate.revisions import rebase as rebasing
from whisper_migrate.revisions.fork import fork
from whisper_migrate.terminal.completion import revisions
from whisper_migrate.terminal.console import not_an_address
from whisper_migrate.wording.printing import out


@click.command("rebase")
@click.argument("revision", default="", callback=not_an_address, shell_complete=revisions)
@click.option("--order-matters", is_flag=True, help="Rebase although the other order makes another schema.")
@click.pass_obj
def command(project: Project, revision: str, order_matters: bool) -> None:
    """Put your own revisions behind the other head, and prove them there. REVISION names your head."""
    history = History(project)
    found = fork(history, revision or None)
    if found is None:
        out.print("The history has no fork: nothing to rebase.")
        return
    mine, theirs = found.mine[-1].revision, found.theirs[-1].revision
    with shadow_server(project.root) as server:
        rebased = rebasing.rebase(history, server, found, order_matters=order_matters)
    differences = rebased.differences
    if differences:
        out.print(escape(f"The order matters: {mine} before {theirs} would make another schema."))
        for text in differences:
            out.print(escape(f"  {text}"))
    else:
        out.print(escape(f"The order does not matter: {mine} before {theirs} makes the same schema."))
    if differences and not order_matters:
        out.print(escape(f"  -> migrate.py rebase {mine} --order-matters   (if {theirs} first is right)"))
        sys.exit(1)
    for script in found.mine:
        out.print(escape(f"{script.revision} on {theirs} up, down, up: nothing differs"))
        for note in rebased.notes[script.revision]:
            out.print(f"  Note: {escape(note)}")
    file, others = history.path(found.mine[0]), [head for head in history.heads if head not in (mine, theirs)]
    stand = ",".join(sorted([*([found.parent] if found.parent else []), *others])) or "base"
    out.print(escape(f"Wrote {file}: its down_revision is {theirs}, and was {found.parent}."))
    out.print(
        escape(
            f"A database that ran {mine} before is stamped with it, but never got {theirs}: there, type"
            f" migrate.py downgrade {theirs}, migrate.py stamp {stand} and migrate.py upgrade."
        )
    )
    out.print("  -> make upgrade   (elsewhere: applies both in the new order)")
