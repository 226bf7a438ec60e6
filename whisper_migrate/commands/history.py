"""The command `history`: list the revisions, or the steps run in the database."""

from itertools import pairwise
from typing import Any

import click
from alembic.script import Script
from rich.markup import escape

from whisper_migrate.catalog.describe import in_lines, title
from whisper_migrate.databases.connect import connected
from whisper_migrate.history.branches import parents
from whisper_migrate.history.history import History
from whisper_migrate.project.project import Project
from whisper_migrate.running.ledger import Entry, read
from whisper_migrate.terminal.console import database_of
from whisper_migrate.terminal.graph import drawn
from whisper_migrate.terminal.json_output import kept_for_document, print_json, with_format
from whisper_migrate.wording.printing import out


@click.command("history")
@click.option("--applied", is_flag=True, help="What was run and stamped in the database, by its ledger.")
@click.option("--verbose", is_flag=True, help="With --applied: the definitions that adopt and repair replaced, as SQL.")
@click.option("--graph", is_flag=True, help="Draw the branches and merges of the revisions.")
@with_format
@click.pass_obj
def command(project: Project, applied: bool, verbose: bool, graph: bool, form: str) -> None:
    """List the revisions, newest first; with --applied, the runs that the database's ledger has recorded."""
    if graph and (applied or form == "json"):
        raise click.UsageError("--graph draws the revisions as text: leave --applied and --format json out.")
    if applied:
        with connected(database_of(project).url, read_only=True) as connection:
            entries = read(connection)
        if form == "json":
            print_json({"runs": _runs(entries)})
            return
        for text in _told(entries, verbose):
            out.print(escape(text))
        return
    with kept_for_document(form == "json"):
        history = History(project)
    if form == "json":
        print_json({"heads": history.heads, "revisions": _revisions(history)})
        return
    scripts = {script.revision: script for script in history.newest_first()}
    if not graph:
        for script in scripts.values():
            out.print(_named(script))
        return
    for branches, revision in drawn((name, parents(script)) for name, script in scripts.items()):
        if revision:
            out.print(f"{branches}  {_named(scripts[revision])}")
        else:
            out.print(branches, markup=False)  # `escape` would double a backslash at the end


def _named(script: Script) -> str:
    head = " (head)" if script.is_head else ""
    return f"{script.revision}{head} {escape(title(script))}"


def _revisions(history: History) -> list[dict[str, Any]]:
    return [
        {
            "revision": script.revision,
            "message": title(script),
            "parents": parents(script),
            "is_head": script.is_head,
            "file": str(history.path(script)),
        }
        for script in history.newest_first()
    ]


def _runs(entries: list[Entry]) -> list[dict[str, Any]]:
    """Return the entries as plain data, newest first."""
    changed = [False, *(later.found_other_than(earlier) for earlier, later in pairwise(entries))]
    found = [{**entry.document, "changed_before": was} for entry, was in zip(entries, changed, strict=True)]
    return found[::-1]


def _told(entries: list[Entry], verbose: bool) -> list[str]:
    """Return a line for each entry, newest first, and one where the schema changed between two entries."""
    if not entries:
        return ["The database has no ledger yet: the next step or stamp begins it."]
    lines = [_line(entries[0], verbose)]
    for earlier, later in pairwise(entries):
        if later.found_other_than(earlier):
            lines.append("  (in between, the schema was changed by other hands)")
        lines.append(_line(later, verbose))
    return lines[::-1]


def _line(entry: Entry, verbose: bool) -> str:
    sign = {None: "", True: ", verified", False: ", unverified"}[entry.verified]
    took = f" in {entry.seconds:.2f} s" if entry.seconds is not None else ""
    line = f"{entry.when} {entry.direction} {entry.revision}{sign}{took}, by {entry.who} with {entry.program}"
    if not entry.replaced:
        return line
    how = f":\n{in_lines(entry.replaced)}" if verbose else "; --verbose shows what it replaced"
    return f"{line}{how}"
