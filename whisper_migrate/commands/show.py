"""The command `show`: the changes of one revision, its SQL and its hazards."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import click
from rich.markup import escape

from whisper_migrate.catalog.describe import in_lines, line
from whisper_migrate.databases.shadow_server import shadow_server
from whisper_migrate.history.branches import parents
from whisper_migrate.history.history import History
from whisper_migrate.project.project import Project
from whisper_migrate.reports.json import plain_change
from whisper_migrate.reports.text import COLOURS
from whisper_migrate.revisions.both_ways import Entry, Way, read
from whisper_migrate.terminal.completion import revisions
from whisper_migrate.terminal.console import TARGET, target_given
from whisper_migrate.terminal.json_output import kept_for_document, print_json, with_format
from whisper_migrate.wording.printing import out


@click.command("show", context_settings=TARGET)
@click.argument("revision", default="head", callback=target_given, shell_complete=revisions)
@with_format
@click.pass_obj
def command(project: Project, revision: str, form: str) -> None:
    """Print the changes, the SQL and the hazards of REVISION, else of the head.

    The revision is run up and down in a throwaway database. Your database is not read.
    """
    with kept_for_document(form == "json"), shadow_server(project.root) as server:
        history = History(project)
        entry = read(history, server, revision)
    if form == "json":
        print_json(_document(history, entry))
        return
    for text in _lines(history, entry):
        out.print(text)


def _lines(history: History, entry: Entry) -> Iterator[str]:
    """Yield the lines for people, in rich's markup."""
    script = entry.script
    head = " (head)" if script.is_head else ""
    yield f"[bold]{escape(script.revision)}[/]{head} {escape(entry.title)}"
    more = (script.doc or "").partition("\n")[2].strip()
    yield from [escape(in_lines(more))] if more else []
    yield f"  file    {escape(entry.file)}"
    yield f"  after   {escape(', '.join(entry.parents)) or 'nothing: it is the first'}"
    if followers := _followers(history, entry):
        yield f"  before  {escape(', '.join(followers))}"
    yield ""
    yield "[bold]Changes[/]" if entry.outline else "The schema does not change."
    for change in entry.outline:
        text = escape(line(change))
        yield f"  [{COLOURS[change.sign]}]{text[0]}[/]{text[1:]}"
    yield from _way("Upgrade", entry.up)
    yield from _way("Downgrade", entry.down)


def _way(name: str, way: Way) -> Iterator[str]:
    yield ""
    if way.failure:
        yield f"[bold]{name}[/]: {escape(way.failure)}"
    else:
        yield f"[bold]{name}[/]: {'[red]it may lose data[/]' if way.hazards else 'no loss of data was found'}"
    yield from (f"  [red]![/] {escape(hazard)}" for hazard in way.hazards)
    if way.sql:
        yield from ("", escape(in_lines(way.sql)))


def _followers(history: History, entry: Entry) -> list[str]:
    holding = history.holding(entry.script.revision)
    return sorted(one.revision for one in holding.newest_first() if entry.script.revision in parents(one))


def _document(history: History, entry: Entry) -> dict[str, Any]:
    """Return the revision as plain data."""
    return {
        "revision": entry.script.revision,
        "message": entry.title,
        "file": entry.file,
        "parents": entry.parents,
        "followers": _followers(history, entry),
        "is_head": entry.script.is_head,
        "changes": [plain_change(change) for change in entry.outline],
        "upgrade": _plain(entry.up),
        "downgrade": _plain(entry.down),
    }


def _plain(way: Way) -> dict[str, Any]:
    return {"hazards": way.hazards, "sql": way.sql or None, "failure": way.failure or None}
