"""The command `adopt`: bring an existing database under management."""

import sys
from collections.abc import Iterator

import click
from rich.markup import escape

from whisper_migrate.catalog import Change
from whisper_migrate.console import database_of, err, names, out
from whisper_migrate.databases.shadow_server import shadow_server
from whisper_migrate.planning.plan import statements
from whisper_migrate.plurals import counted
from whisper_migrate.project import Project
from whisper_migrate.running.options import seconds
from whisper_migrate.running.patience import Patience
from whisper_migrate.standing.adopt import Adoption, adoption, patterns
from whisper_migrate.words import line, outline


@click.command("adopt")
@click.argument("revision", default="")
@click.option("--reconcile", is_flag=True, help="Let the history's functions, views, comments and indexes take over.")
@seconds("wait-for-lock")
@click.pass_obj
def command(project: Project, /, revision: str, reconcile: bool, **waits: float | None) -> None:
    """Stamp a database that other tools made, at REVISION or the nearest revision. No row is changed."""
    patience = Patience.given(project.root, waits)
    database = database_of(project)
    out.print(f"Database {escape(str(database))}")
    with shadow_server(project.root) as server, adoption(project, server, database.url, revision or None) as found:
        for text in _told(found, reconcile):
            out.print(escape(text))
        if found.is_done:
            return
        if found.undecided or (found.reconcilable and not reconcile):
            out.print("Nothing was done.")
            sys.exit(1)
        outcome = found.apply(lambda text: err.print(escape(text)), patience)
    own = ", beside what is your own" if found.besides else ""
    was = names(outcome.before)
    out.print(escape(f"Adopted at {found.revision} (was stamped {was}): it is what the history says there{own}."))
    if outcome.unrecorded:
        out.print("Note: this role may not make a ledger here, so it was not written down.")


def _told(found: Adoption, reconcile: bool) -> Iterator[str]:
    if found.is_done:
        yield f"Nothing to do: it is at {found.revision}, and the ledger says how it came there."
    elif found.reconcilable or found.undecided:
        yield f"Nearest is {found.revision}."
    if found.reconcilable:
        yield f"Without rows, so that the history's own can take the place of it ({_count(found.reconcilable)}):"
        yield from _lines(found.reconcilable)
        if not reconcile and not found.undecided:
            yield "-- The SQL:"
            yield from (f"{statement};" for statement in statements(found.steps))
            yield "  -> migrate.py adopt --reconcile   (runs it in one transaction, and stamps)"
    if found.undecided:
        yield f"To be decided by you, since it is about rows or about what tables take ({_count(found.undecided)}):"
        yield from _lines(found.undecided)
        if found.sql:
            yield "-- The SQL that would take it to the history:"
            yield from found.sql
        more = [change for change in found.undecided if change.sign == "+"]
        if more:
            yield "Or, what is to stay, in pyproject.toml:"
            yield from (f"  {text}" for text in patterns(more))
        yield "  -> then migrate.py adopt again"
    if found.besides:
        yield f"Your own, which stays as it is ({_count(found.besides)}):"
        yield from _lines(found.besides)
        yield "check-drift will name it until pyproject.toml says:"
        yield from (f"  {text}" for text in patterns(found.besides))


def _lines(changes: list[Change]) -> list[str]:
    return [f"  {line(change)}" for change in outline(changes)]


def _count(changes: list[Change]) -> str:
    return counted(len(outline(changes)), "change")
