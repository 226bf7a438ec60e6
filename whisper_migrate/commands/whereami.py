"""The command `whereami`: find the revision that a database equals, independent of its stamp."""

import sys
from collections.abc import Iterator
from typing import Any

import click
from rich.markup import escape

from whisper_migrate.catalog.describe import outline, title
from whisper_migrate.catalog.names import joined, shown
from whisper_migrate.databases.shadow_server import shadow_server
from whisper_migrate.project.project import Project
from whisper_migrate.state.whereabouts import Whereabouts, whereabouts
from whisper_migrate.terminal.console import database_of
from whisper_migrate.terminal.json_output import kept_for_document, print_json, with_format
from whisper_migrate.wording.hidden_characters import visible
from whisper_migrate.wording.plurals import counted, verb
from whisper_migrate.wording.printing import out
from whisper_migrate.wording.revision_ids import ids

MOST = 3  # candidates


@click.command("whereami")
@with_format
@click.pass_obj
def command(project: Project, form: str) -> None:
    """Find the revision that a database equals, or the nearest ones. The database is only read."""
    with kept_for_document(form == "json"):
        database = database_of(project)
        with shadow_server(project.root) as server:
            found = whereabouts(project, server, database.url)
    if form == "json":
        print_json({"database": str(database), **_document(found)})
    else:
        out.print(f"Database {escape(str(database))}")
        for text in findings(found):
            out.print(escape(visible(text)))
    sys.exit(0 if found.is_right else 1)


def _document(found: Whereabouts) -> dict[str, Any]:
    """Return the position of a database as plain data."""
    return {
        "revisions": found.stamps,
        "is_right": found.is_right,
        "sort": found.sort,
        "equal": found.equal,
        "nearest": [
            {"revision": one.revision, "differences": len(outline(one.changes)), "summary": one.difference}
            for one in found.candidates[:MOST]
        ],
        "missing": [*found.approach.missing],
        "besides": [change.object.identity for change in found.besides],
        "clashes": found.clashes,
        "unknown": [*found.taken_on, *found.unknown],
        "stopped": [half.what for half in found.stopped],
        "remedies": found.remedies,
    }


def findings(found: Whereabouts) -> Iterator[str]:
    """Yield the lines for the user: what the database is, and what to type next."""
    yield f"Stamped  {ids(found.stamps)}"
    yield from (f"{text}." for text in (*found.taken_on, *found.unknown))
    yield from (half.what for half in found.stopped)
    nearest = found.nearest
    known, all_tables = len(found.known), counted(len(found.nearest_tables), "table")
    there = f"of {all_tables} of {nearest.revision}, {known} {verb(known, 'is', 'are')} there"
    match found.sort:
        case "equal":
            first, *others = found.equal
            yield f"It is what the history says at {first}."
            if others:
                yield f"And so at {joined(others)}: what comes between changes rows only."
        case "empty":
            yield "It is empty: nothing of the history is in it."
        case "unfinished":
            yield f"It is an unfinished {nearest.revision}, such as a load that was killed leaves: {there}."
        case "changed" if found.approach.missing:
            count = len(found.approach.missing)
            yield f"It is {nearest.revision} without {counted(count, 'revision')} before it:"
            yield from (f"  {one} {title(found.history.find(one))}" for one in found.approach.missing)
        case "changed":
            yield f"It is {nearest.revision} with changes."
        case "other":
            yield f"It is another form of this schema, and no revision of it: {there} by name."
        case _:
            yield f"It is of another application: {there} by name."
    yield from (f"{text}." for text in found.clashes)
    if found.sort in ("changed", "unfinished"):
        yield "Nearest:"
        after = " left after that" if found.approach.missing else ""
        yield f"  {nearest.revision} with {nearest.difference}{after}"
        yield from (f"  {one.revision} with {one.difference}" for one in found.candidates[1:MOST])
    if found.besides and found.sort == "changed":
        yield f"By themselves are: {_listed([shown(change.object.identity) for change in found.besides])}."
    yield from (f"  -> {text}" for text in found.remedies)


def _listed(named: list[str]) -> str:
    return joined([*named[:10], f"{len(named) - 10} more"] if len(named) > 11 else named)
