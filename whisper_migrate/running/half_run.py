"""Find revisions that were stopped in their middle: such a revision must be finished before any other one runs."""

from __future__ import annotations

import shlex
from collections.abc import Iterable, Sequence
from contextlib import closing
from dataclasses import dataclass
from typing import Any

from alembic.script.revision import RevisionError
from alembic.util.exc import CommandError
from sqlalchemy import URL, Connection

from whisper_migrate.catalog.sql import literal
from whisper_migrate.databases.own_rights import missing
from whisper_migrate.databases.reading import in_snapshot
from whisper_migrate.databases.stamps import stamped
from whisper_migrate.errors import Failure
from whisper_migrate.history.history import History
from whisper_migrate.running.journal import OF_A_SCRIPT, TABLE, Entry, Journal, goes_on, so_far


@dataclass(frozen=True)
class HalfRun:
    """A revision that was stopped in its middle: the journal has statements of it, and no stamp says that it ended."""

    revision: str
    direction: str
    entries: tuple[Entry, ...]
    parents: tuple[str, ...]  # ids of the revisions before it; none if it is the first, or has no file

    @property
    def _began(self) -> str:
        return min(entry.began for entry in self.entries)

    @property
    def by_script(self) -> bool:
        """Whether a script of --sql was in the middle of it; then nothing tells how far it came."""
        return any(entry.sha256 == OF_A_SCRIPT for entry in self.entries)

    @property
    def _so_far(self) -> str:
        if self.by_script:
            return f"a script of {self.direction} --sql has committed a part of it"
        return so_far(self.entries)

    @property
    def what(self) -> str:
        """The sentence that reports the stopped revision."""
        return f"{self.revision} was stopped in its middle ({self.direction}, {self._began}): {self._so_far}."

    @property
    def remedy(self) -> str:
        """The command that finishes the revision, and the statement that forgets it."""
        if self.by_script:
            at = [self.revision] if self.direction == "upgrade" else self.parents or ["base"]
            return (
                "Finish it by hand, from the script, behind the last statement that ran; then: DELETE FROM"
                f" {TABLE} WHERE revision = {literal(self.revision)}; and: migrate.py stamp {shlex.join(at)}"
            )
        step = "+1" if self.direction == "upgrade" else "-1"
        return (
            f"migrate.py {self.direction} {step}   ({goes_on(self.entries)}); or,"
            f" when you have finished it or taken it back by hand: DELETE FROM {TABLE} WHERE revision ="
            f" {literal(self.revision)};"
        )

    def refusal(self) -> Failure:
        """The failure for every run that does not begin with this revision."""
        return Failure(
            f"Revision {self.revision} was stopped in the middle of its {self.direction} ({self._began}):"
            f" {self._so_far}, and it must be finished first.",
            self.remedy,
        )


def journalled(connection: Connection) -> list[Entry]:
    """Return the entries of the journal. Raises Failure if the role may not read it."""
    if lacks := missing(connection, TABLE, "SELECT"):
        role, grant = lacks
        raise Failure(f"The role {role} may not read the journal.", grant)
    return Journal.read(connection).entries


def stopped(history: History, entries: Iterable[Entry], stamps: Iterable[str]) -> list[HalfRun]:
    """Return the stopped revisions of a database with these journal entries and stamps.

    Entries on other revisions are left over: a person has finished or reverted the revision, and stamped the database.
    """
    found: dict[tuple[str, str], list[Entry]] = {}
    for entry in entries:
        found.setdefault((entry.revision, entry.direction), []).append(entry)
    applied = _applied(history, stamps) if found else set[str]()
    return [
        HalfRun(revision, direction, tuple(part), _parents(history, revision))
        for (revision, direction), part in found.items()
        if (direction == "upgrade") != (revision in applied)
    ]


def read(connection: Connection, history: History) -> list[HalfRun]:
    """Return the stopped revisions of the database. Raises Failure if the role may not read its journal."""
    return stopped(history, journalled(connection), stamped(connection) or [])


def read_or_why(connection: Connection, history: History) -> tuple[list[HalfRun], str]:
    """Return the stopped revisions and ""; or, if the journal cannot be read, no revisions and the reason."""
    try:
        return read(connection, history), ""
    except Failure as failure:
        return [], " ".join(str(failure).split())


def refuse(connection: Connection, history: History, nothing_done: str) -> None:
    """Raise Failure, beginning with the words `nothing_done`, if a revision was stopped in its middle."""
    for half in read(connection, history):
        raise Failure(f"{nothing_done}: {half.what}", half.remedy)


def refuse_in(database: URL, history: History, nothing_done: str) -> None:
    """Call `refuse` on a read-only snapshot of `database`."""
    in_snapshot(database, lambda connection: refuse(connection, history, nothing_done))


def require_first(found: Sequence[HalfRun], todo: Sequence[Any]) -> None:
    """Raise Failure unless the steps in `todo` begin with the stopped revision."""
    first = todo[0] if todo else None
    for half in found:
        if half.by_script or first is None or first.info.is_stamp or (half.revision, half.direction) != _named(first):
            raise half.refusal()


def require_none(journal: Journal, todo: Sequence[Any], connection: Connection, history: History) -> None:
    """Raise Failure if a revision was stopped in its middle and `todo` does not begin with it.

    If a stopped revision has since been stamped as applied (or as reverted), a person has dealt with it: its journal
    entries are deleted.
    """
    if not journal.entries:
        return
    found = stopped(history, journal.entries, stamped(connection) or [])
    require_first(found, todo)
    left = {(half.revision, half.direction) for half in found}
    for key in {(entry.revision, entry.direction): None for entry in journal.entries}:
        if key not in left and (not todo or key != _named(todo[0])):
            with closing(connection.connection.cursor()) as cursor:
                journal.forget(cursor, *key)
            connection.commit()


def _named(step: Any) -> tuple[str, str]:
    return str(step.info.up_revision_id), "upgrade" if step.is_upgrade else "downgrade"


def _parents(history: History, revision: str) -> tuple[str, ...]:
    try:
        script = history.holding(revision).scripts.get_revision(revision)
    except (RevisionError, CommandError):
        return ()
    return tuple(script._versioned_down_revisions) if script else ()


def _applied(history: History, stamps: Iterable[str]) -> set[str]:
    """Return the ids of all applied revisions: the stamps and their ancestors, as far as revision files exist."""
    found: set[str] = set()
    for stamp in stamps:
        try:
            scripts = history.holding(stamp).scripts.iterate_revisions(stamp, "base")
            found |= {script.revision for script in scripts}
        except (RevisionError, CommandError):
            found.add(stamp)
    return found
