"""The command `compat`: does another release's program work on this schema, and this program on the other schema?"""

from __future__ import annotations

import sys
from collections.abc import Iterator
from typing import Any

import click
from rich.markup import escape

from whisper_migrate.databases.shadow_server import shadow_server
from whisper_migrate.project.project import Project
from whisper_migrate.releases.checkout import release
from whisper_migrate.releases.compat import Away, Compatibility, Order, compat
from whisper_migrate.releases.trials import Trial
from whisper_migrate.terminal.json_output import kept_for_document, print_json, with_format
from whisper_migrate.wording.hidden_characters import visible
from whisper_migrate.wording.plurals import counted
from whisper_migrate.wording.printing import out
from whisper_migrate.wording.revision_ids import ids

ORDERS = {
    Order.EITHER: "Either can be deployed first.",
    Order.SCHEMA_FIRST: "Deploy the schema first: migrate.py upgrade, then the new program.",
    Order.PROGRAM_FIRST: "Deploy the new program first, then the schema: migrate.py upgrade.",
    Order.NONE: "Neither can be deployed first. Deploy in steps, or stop the program while the schema changes.",
}


@click.command("compat")
@click.option("--with", "name", required=True, metavar="RELEASE", help="A commit, tag or branch of git, or a folder.")
@with_format
@click.pass_obj
def command(project: Project, name: str, form: str) -> None:
    """Say whether the old release's program works on the new schema, and the new program on the old schema.

    The new release is this checkout. The SELECT, INSERT, UPDATE and DELETE of each mapped class run in throwaway
    databases with generated rows. Your database is not read. Exit code 0 if either can be deployed first, 1 if not.
    """
    with kept_for_document(form == "json"), shadow_server(project.root) as server, release(project, name) as old:
        found = compat(project, old, server)
    if form == "json":
        print_json(_document(found))
    else:
        for text in _lines(found, name):
            out.tell(escape(visible(text)))
    sys.exit(0 if found.order is Order.EITHER else 1)


def _lines(found: Compatibility, name: str) -> Iterator[str]:
    """Yield the lines for people."""
    yield f"The old release is {name} ({ids(found.old)}), the new release is this checkout ({ids(found.new)})."
    yield from _told("The old release", "the new schema", found.old_on_new)
    yield from _told("The new release", "the old schema", found.new_on_old)
    yield ORDERS[found.order] if found.is_whole else f"As far as that was tried: {ORDERS[found.order]}"


def _told(who: str, where: str, away: Away) -> Iterator[str]:
    count = counted(away.tried, "operation")
    if away.failing:
        yield f"{who} fails on {where}, in {len(away.failing)} of {count}:"
        yield from (f"  {trial.subject}, {trial.operation}: {trial.failure}" for trial in away.failing)
    else:
        yield f"{who} works on {where}: {count} tried."
    for trial in away.untried:
        why = trial.failure or "the table has no row, in one of the schemas"
        yield f"  not tried: {trial.subject}, {trial.operation}: {why}"


def _document(found: Compatibility) -> dict[str, Any]:
    """Return the result as plain data."""
    return {
        "old": list(found.old),
        "new": list(found.new),
        "old_on_new": _side(found.old_on_new),
        "new_on_old": _side(found.new_on_old),
        "order": found.order.value,
    }


def _side(away: Away) -> dict[str, Any]:
    return {
        "tried": away.tried,
        "failing": [_plain(trial) for trial in away.failing],
        "untried": [_plain(trial) for trial in away.untried],
    }


def _plain(trial: Trial) -> dict[str, Any]:
    return {"subject": trial.subject, "operation": trial.operation, "failure": trial.failure or None}
