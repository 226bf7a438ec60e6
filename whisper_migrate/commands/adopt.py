"""The command `adopt`: bring an existing database under management."""

import shlex
import sys
from collections.abc import Iterator
from pathlib import Path

import click
from rich.markup import escape

from whisper_migrate.catalog.describe import LONG, differences, excerpt, line, outline, title
from whisper_migrate.catalog.model import Change
from whisper_migrate.databases.shadow_server import shadow_server
from whisper_migrate.errors import Failure, reason
from whisper_migrate.project.project import Project
from whisper_migrate.running.options import seconds
from whisper_migrate.running.patience import Patience
from whisper_migrate.state.adopt import Adoption, adoption
from whisper_migrate.state.nearest import Candidate, tally
from whisper_migrate.state.own_objects import ignore, patterns
from whisper_migrate.terminal.completion import revisions
from whisper_migrate.terminal.console import database_of, not_an_address
from whisper_migrate.wording.plurals import counted, verb
from whisper_migrate.wording.printing import err, out
from whisper_migrate.wording.revision_ids import ids

MANY = 10  # comments


@click.command("adopt")
@click.argument("revision", default="", callback=not_an_address, shell_complete=revisions)
@click.option("--reconcile", is_flag=True, help="Run missing revisions, and replace objects without rows.")
@click.option("--ignore", "ignores", is_flag=True, help="Write your own objects into pyproject.toml, to be ignored.")
@click.option("-o", "--output", type=click.Path(dir_okay=False, path_type=Path), help="Write the SQL to decide on.")
@seconds("wait-for-lock")
@click.pass_obj
def command(
    project: Project, /, revision: str, reconcile: bool, ignores: bool, output: Path | None, **waits: float | None
) -> None:
    """Stamp a database that other tools made, at REVISION or the nearest revision.

    Without --reconcile, nothing but the stamp is written, and only if nothing differs.
    """
    patience = Patience.given(project.root, waits)
    database = database_of(project)
    out.print(f"Database {escape(str(database))}")
    with shadow_server(project.root) as server, adoption(project, server, database.url, revision or None) as found:
        for text in _nearer(found, found.nearer) if found.nearer else _told(found, reconcile, output):
            out.print(escape(text))
        own = found.differences.besides if ignores else []
        if found.is_done:
            _ignore(project, own)
            return
        if found.differences.undecided or (found.is_work and not reconcile):
            out.print("Nothing was done.")
            sys.exit(1)
        outcome = found.apply(lambda text: err.print(escape(text)), patience)
    beside = ", beside what is your own" if found.differences.besides else ""
    was = ids(outcome.before)
    out.print(escape(f"Adopted at {found.revision} (was stamped {was}): it is what the history says there{beside}."))
    _ignore(project, own)
    if outcome.unrecorded:
        out.print("Note: this role may not make a ledger here, so it was not written down.")


def _ignore(project: Project, own: list[Change]) -> None:
    if own:
        ignore(project, own)
        out.print(f"Wrote {_count(own, 'pattern')} into pyproject.toml: check-drift and repair leave your own alone.")


def _nearer(found: Adoption, near: Candidate) -> Iterator[str]:
    yield f"The database is no {found.revision}: {tally(found.differences.changes)}."
    yield f"It is nearer to {near.revision}, with {near.difference}."
    yield f"  -> migrate.py adopt   (there; then migrate.py upgrade {found.revision})"


def _told(found: Adoption, reconcile: bool, output: Path | None) -> Iterator[str]:
    parts = found.differences
    if found.found.sort == "unfinished":
        yield "It looks like a load that was killed. Rows that were not loaded are missing: no statement brings them."
    for text in (*found.found.taken_on, *found.found.unknown):
        yield f"The stamp {text}. It was compared by its schema."
    if found.is_done:
        yield f"Nothing to do: it is at {found.revision}, and the ledger says how it came there."
    elif found.is_work or parts.undecided:
        yield f"Nearest is {found.revision}."
    if found.missing:
        count = len(found.missing)
        yield f"Of the revisions up to there, {count} {verb(count, 'is', 'are')} missing and will be run first:"
        yield from (f"  {one} {title(found.history.find(one))}" for one in found.missing)
    if parts.reconcilable:
        yield f"Replaced by the history's, without touching rows ({_count(parts.reconcilable)}):"
        yield from _lines(parts.reconcilable)
    if parts.owners:
        yield f"Given to {found.history.project.owner}, the owner in pyproject.toml ({_count(parts.owners)}):"
        yield from _lines(parts.owners)
    if found.is_work and not reconcile and not parts.undecided:
        if found.statements:
            yield "-- The SQL:"
            yield from (f"{statement};" for statement in found.statements)
        yield "  -> migrate.py adopt --reconcile   (runs it in one transaction, and stamps)"
    if parts.undecided:
        yield f"To be decided by you, since it is about rows or about what tables take ({_count(parts.undecided)}):"
        yield from _lines(parts.undecided)
        if found.sql and output:
            _write(output, found.script)
            yield f"Wrote {output}, the SQL that would take it to the history, in one transaction."
            yield f"  -> migrate.py psql -X -v ON_ERROR_STOP=1 -f {shlex.quote(str(output))}   (when you have read it)"
        elif found.sql:
            yield "-- The SQL that would take it to the history:"
            yield from found.sql
        more = [change for change in parts.undecided if change.sign == "+"]
        if more:
            yield "Or, what is to stay, in pyproject.toml:"
            yield from (f"  {text}" for text in patterns(more))
        yield "  -> then migrate.py adopt again"
    if parts.besides:
        yield f"Your own, which stays as it is ({_count(parts.besides)}):"
        yield from _lines(parts.besides)
        yield "Until pyproject.toml says this (adopt --ignore writes it), repair would drop it:"
        yield from (f"  {text}" for text in patterns(parts.besides))


def _write(file: Path, script: str) -> None:
    try:
        file.write_text(script, encoding="utf-8")
    except OSError as error:
        raise Failure(f"{file} cannot be written: {reason(error)}. Nothing was done.") from error


def _lines(changes: list[Change]) -> Iterator[str]:
    """Yield the changes, but only the number of comments if there are many."""
    shown = outline(changes)
    comments = [change for change in shown if change.object.kind == "comment"]
    spared = comments if len(comments) > MANY else []
    for change in shown:
        if change not in spared:
            yield f"  {line(change)}"
            yield from (f"    {text}" for text in _becoming(change))
    if spared:
        yield f"  {tally(spared)}"


def _becoming(change: Change) -> Iterator[str]:
    """Yield the differing lines of a long definition: `-` of the database, `+` of the history."""
    for _, ours, theirs in differences(change):
        if change.object.kind != "comment" and ("\n" in ours + theirs or len(ours) + len(theirs) > LONG):
            yield from excerpt(theirs, ours)


def _count(changes: list[Change], word: str = "change") -> str:
    return counted(len(outline(changes)), word)
