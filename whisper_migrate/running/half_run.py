"""A revision that was stopped in its middle comes first: nothing else may run on what it has left, no drift."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from contextlib import closing
from dataclasses import dataclass
from typing import Any

from alembic.script.revision import RevisionError
from alembic.util.exc import CommandError
from sqlalchemy import URL, Connection, text

from whisper_migrate.databases.reading import in_snapshot
from whisper_migrate.databases.stamps import stamped
from whisper_migrate.errors import Failure
from whisper_migrate.history import History
from whisper_migrate.plurals import verb
from whisper_migrate.running.journal import TABLE, Entry, Journal


@dataclass(frozen=True)
class HalfRun:
    """A revision of which the journal has statements, and that the database is not stamped for."""

    revision: str
    direction: str
    began: str
    done: int

    @property
    def _so_far(self) -> str:
        return f"{self.done} of its statements {verb(self.done, 'is', 'are')} done"

    @property
    def what(self) -> str:
        """The sentence on it."""
        return f"{self.revision} was stopped in its middle ({self.direction}, {self.began}): {self._so_far}."

    @property
    def remedy(self) -> str:
        """What to type."""
        return (
            f"migrate.py {self.direction} {'+1' if self.direction == 'upgrade' else '-1'}   (goes on behind them); or,"
            f" when you have finished it or taken it back by hand: DELETE FROM {TABLE} WHERE revision ="
            f" '{self.revision}';"
        )

    def refusal(self) -> Failure:
        """The refusal of everything else."""
        return Failure(
            f"Revision {self.revision} was stopped in the middle of its {self.direction} ({self.began}):"
            f" {self._so_far}, and it must be finished first.",
            self.remedy,
        )


def half_runs(entries: Iterable[Entry], applied: Iterable[str]) -> list[HalfRun]:
    """The revisions that were stopped, given those that the database has; somebody has seen to all others since."""
    found: dict[tuple[str, str], list[Entry]] = {}
    for entry in entries:
        found.setdefault((entry.revision, entry.direction), []).append(entry)
    has = set(applied)
    return [
        HalfRun(revision, direction, min(entry.began for entry in part), sum(entry.done for entry in part))
        for (revision, direction), part in found.items()
        if (direction == "upgrade") != (revision in has)
    ]


def journalled(connection: Connection) -> list[Entry]:
    """What the journal has, without a word of the history. Raises Failure where the role may not read it."""
    may, role = connection.execute(
        text("SELECT has_table_privilege(to_regclass(:name), 'SELECT'), current_user"), {"name": TABLE}
    ).one()
    if may is False:
        raise Failure(f"The role {role} may not read the journal.", f"GRANT SELECT ON {TABLE} TO {role};")
    return Journal.read(connection).entries


def stopped(history: History, entries: Sequence[Entry], stamps: Iterable[str]) -> list[HalfRun]:
    """The revisions that were stopped in a database with this journal and these stamps."""
    return half_runs(entries, _applied(history, stamps)) if entries else []


def read(connection: Connection, history: History) -> list[HalfRun]:
    """The revisions that were stopped in the database. Raises Failure where the role may not read its journal."""
    return stopped(history, journalled(connection), stamped(connection) or [])


def read_or_why(connection: Connection, history: History) -> tuple[list[HalfRun], str]:
    """The same, for who can do without: none, and why, where they cannot be read."""
    try:
        return read(connection, history), ""
    except Failure as failure:
        return [], " ".join(str(failure).split())


def refuse(connection: Connection, history: History, nothing_done: str) -> None:
    """Raises Failure, which begins with the words `nothing_done`, where a revision was stopped in its middle."""
    for half in read(connection, history):
        raise Failure(f"{nothing_done}: {half.what}", half.remedy)


def refuse_in(database: URL, history: History, nothing_done: str) -> None:
    """The same, of a database that is only read."""
    in_snapshot(database, lambda connection: refuse(connection, history, nothing_done))


def require_first(found: Sequence[HalfRun], todo: Sequence[Any]) -> None:
    """Raises Failure unless the steps to run begin with the revision that was stopped."""
    first = todo[0] if todo else None
    for half in found:
        if first is None or first.info.is_stamp or (half.revision, half.direction) != _named(first):
            raise half.refusal()


def require_none(journal: Journal, todo: Sequence[Any], connection: Connection, history: History) -> None:
    """Raises Failure when a revision was stopped in its middle, and `todo` does not begin with it.

    Entries on a revision that has been stamped as run (or as taken back) since are dropped: somebody has seen to it.
    """
    if not journal.entries:
        return
    found = half_runs(journal.entries, _applied(history, stamped(connection) or []))
    require_first(found, todo)
    left = {(half.revision, half.direction) for half in found}
    for key in {(entry.revision, entry.direction): None for entry in journal.entries}:
        if key not in left and (not todo or key != _named(todo[0])):
            with closing(connection.connection.cursor()) as cursor:
                journal.forget(cursor, *key)
            connection.commit()


def _named(step: Any) -> tuple[str, str]:
    return str(step.info.up_revision_id), "upgrade" if step.is_upgrade else "downgrade"


def _applied(history: History, stamps: Iterable[str]) -> set[str]:
    """The revisions that the database has, so far as the files tell."""
    found: set[str] = set()
    for stamp in stamps:
        try:
            scripts = history.holding(stamp).scripts.iterate_revisions(stamp, "base")
            found |= {script.revision for script in scripts}
        except (RevisionError, CommandError):
            found.add(stamp)
    return found
