"""The command `stamp`: record that the database is at a revision."""

import sys

import click
from rich.markup import escape

from whisper_migrate.catalog.describe import line, outline
from whisper_migrate.databases import settings
from whisper_migrate.databases.shadow_server import shadow_server
from whisper_migrate.inspecting.owners import OWNER, giving
from whisper_migrate.project.project import Project
from whisper_migrate.running.options import seconds
from whisper_migrate.running.patience import Patience
from whisper_migrate.state.nearest import tally
from whisper_migrate.state.stamp import Outcome, stamp, stamp_unverified
from whisper_migrate.terminal.completion import revisions
from whisper_migrate.terminal.console import target_given
from whisper_migrate.wording.printing import err, out
from whisper_migrate.wording.revision_ids import ids

MOST = 20  # lines on one screen
TELLING = ("table", "column", "constraint", "index")  # kinds that are listed first


@click.command("stamp")
@click.argument("revision", callback=target_given, shell_complete=revisions)
@click.option("--unverified", is_flag=True, help="Compare nothing, and let the ledger say so: it may be wrong.")
@seconds("wait-for-lock")
@click.pass_obj
def command(project: Project, /, revision: str, unverified: bool, **waits: float | None) -> None:
    """Stamp the database with REVISION if its schema is that revision's. No revision is run."""
    patience = Patience.given(project.root, waits)
    database = settings.database(project.root)

    def say(text: str) -> None:
        err.print(escape(text))

    if unverified:
        outcome = stamp_unverified(project, database.url, revision, say, patience)
        how = "Nothing was compared or run: whether it is true, nobody looked."
    else:
        with shadow_server(project.root) as server:
            outcome = stamp(project, server, database.url, revision, say, patience)
        how = "It is what the history says there. Nothing was run."
    if outcome.differences:
        _refuse(revision, outcome)
    out.print(f"Stamped {ids(outcome.after)} (was {ids(outcome.before)}). {how}")
    if outcome.blind:
        out.print(
            "Note: this revision changes rows only. No comparison can tell whether it ran here; no ledger says so."
        )
    if outcome.unrecorded:
        out.print("Note: this role may not make a ledger here, so it was not written down.")


def _refuse(revision: str, outcome: Outcome) -> None:
    """Print the difference on one screen and the nearest revision, and exit with 1."""
    changes = sorted(outline(outcome.differences), key=lambda change: change.object.kind not in TELLING)
    count = tally(outcome.differences)
    out.print(f"Not stamped: the database differs from what the history says at {escape(revision)} ({escape(count)}).")
    for change in changes[:MOST]:
        out.print(f"  {escape(line(change))}")
    if len(changes) > MOST:
        out.print(f"  ... and {len(changes) - MOST} more")
    if all(change.object.kind == OWNER for change in changes):
        at_base = revision == "base"  # of which no object but the database itself can have another owner
        adopt = f"migrate.py adopt {revision} --reconcile   (changes the owners)"
        remedy = f"{giving(changes)[0]};" if at_base else adopt
        out.print(escape(f"  -> {remedy}"))
    elif nearest := outcome.nearest:
        out.print(f"It is nearest to {escape(nearest.revision)}, with {escape(nearest.difference)}.")
        out.print(
            "  -> migrate.py whereami" if nearest.changes else f"  -> migrate.py stamp {escape(nearest.revision)}"
        )
    sys.exit(1)
