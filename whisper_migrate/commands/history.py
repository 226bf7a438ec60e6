"""The command `history`: list the revisions, or the steps run in the database."""

from itertools import pairwise

import click
from rich.markup import escape

from whisper_migrate.console import database_of, out
from whisper_migrate.databases.connect import connected
from whisper_migrate.history import History
from whisper_migrate.ledger import Entry, read
from whisper_migrate.project import Project
from whisper_migrate.words import title


@click.command("history")
@click.option("--applied", is_flag=True, help="What was run and stamped in the database, by its ledger.")
@click.pass_obj
def command(project: Project, applied: bool) -> None:
    """List the revisions, newest first; with --applied, the runs that the database's ledger has recorded."""
    if applied:
        with connected(database_of(project).url, read_only=True) as connection:
            entries = read(connection)
        for text in _told(entries):
            out.print(escape(text))
        return
    for script in History(project).newest_first():
        head = " (head)" if script.is_head else ""
        out.print(f"{script.revision}{head} {escape(title(script))}")


def _told(entries: list[Entry]) -> list[str]:
    """Return a line for each entry, newest first, and one where the schema changed between two entries."""
    if not entries:
        return ["The database has no ledger yet: the next step or stamp begins it."]
    told = [_line(entries[0])]
    for earlier, later in pairwise(entries):
        if later.found_other_than(earlier):
            told.append("  (in between, the schema was changed by other hands)")
        told.append(_line(later))
    return told[::-1]


def _line(entry: Entry) -> str:
    sign = {None: "", True: ", verified", False: ", unverified"}[entry.verified]
    took = f" in {entry.seconds:.2f} s" if entry.seconds is not None else ""
    return f"{entry.when} {entry.direction} {entry.revision}{sign}{took}, by {entry.role} with {entry.program}"
