"""Count the losses of a downgrade once more, in the transaction of each revision and under a lock.

Rows may come between the word that permits a loss and the run, and a function that a revision calls may delete rows
that no statement of the revision names, as a foreign key that cascades does. PostgreSQL counts the rows that a
transaction deletes: they are compared with the word before the commit. It does not count the rows that TRUNCATE
removes; a table that a function has truncated is recognized by its new file.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Mapping, Sequence
from contextlib import closing
from dataclasses import dataclass, field, replace
from typing import Any

from sqlalchemy import Connection, text

from whisper_migrate.catalog.names import joined, shown
from whisper_migrate.catalog.sql import run
from whisper_migrate.databases.version_table import names
from whisper_migrate.errors import Failure
from whisper_migrate.running.losses import Loss
from whisper_migrate.running.rehearsal import RehearsedStep
from whisper_migrate.running.session import Underway
from whisper_migrate.running.total_loss import Again, TotalLoss, total_loss
from whisper_migrate.running.transactions import TransactionCheck
from whisper_migrate.wording.plurals import counted

# A revision may empty what it has made and filled itself.
THERE = "SELECT array_agg(oid::bigint) FROM pg_catalog.pg_class WHERE relkind IN ('r', 'p') AND oid >= 16384"
DELETED = """
SELECT format('%%I.%%I', s.schemaname, s.relname), s.n_tup_del
FROM pg_catalog.pg_stat_xact_user_tables AS s JOIN pg_catalog.pg_class AS c ON c.oid = s.relid
WHERE s.n_tup_del > 0 AND c.relpersistence <> 't' AND s.relid::bigint = ANY (%(there)s::bigint[])
  AND s.relname <> ALL (%(bookkeeping)s) AND format('%%I.%%I', s.schemaname, s.relname) <> %(version)s
ORDER BY 1"""
# The size of a table waits for a lock on it, so a table that another session has locked counts as one with rows.
FILES = """
SELECT c.oid::bigint AS oid, c.relfilenode::bigint AS file FROM pg_catalog.pg_class AS c
WHERE c.relkind = 'r' AND c.relpersistence <> 't' AND c.oid >= 16384 AND CASE WHEN EXISTS (
    SELECT FROM pg_catalog.pg_locks AS l WHERE l.relation = c.oid AND l.database = (
        SELECT d.oid FROM pg_catalog.pg_database AS d WHERE d.datname = current_database())
      AND l.mode = 'AccessExclusiveLock' AND l.pid <> pg_catalog.pg_backend_pid())
  THEN true ELSE pg_catalog.pg_relation_size(c.oid) > 0 END"""
NEW_FILES = """
SELECT format('%I.%I', n.nspname, c.relname) AS name
FROM unnest(CAST(:oids AS bigint[]), CAST(:files AS bigint[])) AS old (oid, file)
JOIN pg_catalog.pg_class AS c ON c.oid::bigint = old.oid AND c.relfilenode::bigint <> old.file
JOIN pg_catalog.pg_namespace AS n ON n.oid = c.relnamespace
ORDER BY 1"""


@dataclass
class LossGuard:
    """How many rows a downgrade may lose, and how many each of its revisions has lost; `word` is as it was given."""

    rehearsed_steps: Sequence[RehearsedStep]
    rows: Mapping[str, int]  # by revision, as they were counted before the run
    permitted: int
    word: str | None
    again: Again
    _lost: dict[str, int] = field(default_factory=dict)

    def listener(self, underway: Underway) -> Callable[[], None]:
        """Hears of each revision that is run (see `session.Listener`)."""
        rehearsed = next((one for one in self.rehearsed_steps if one.revision == underway.revision), None)
        if rehearsed is None or underway.direction != "downgrade":
            return lambda: None
        connection, now = underway.connection, rehearsed.then or rehearsed
        there: list[int] = []
        before: list[TotalLoss] = []
        files: dict[int, int] = {}
        named = {table for one in now.on_rows for table in one.tables}
        at_first: Counter[str] = Counter()
        unseen: Counter[str] = Counter()

        def begin() -> None:
            _lock(connection, now)
            before.append(total_loss([now], connection))
            self._require(rehearsed, before[0])
            there.extend(connection.scalar(text(THERE)) or [])
            files.update((row.oid, row.file) for row in connection.execute(text(FILES)))
            with closing(connection.connection.cursor()) as cursor:
                look(cursor)

        def look(cursor: Any) -> None:
            """Read the counts with which a transaction begins: they may still have those of the one before."""
            cursor.execute(DELETED, {"there": there, **names()})
            at_first.clear()
            at_first.update(dict(cursor.fetchall()))

        def count() -> None:
            """Add the rows that the current transaction has deleted."""
            total = before[0]
            if all(one.is_known for one in now.on_rows):  # else all rows that are there are counted already
                _refuse_truncated(connection, files, named, rehearsed.revision)
                with closing(connection.connection.cursor()) as cursor:
                    cursor.execute(DELETED, {"there": there, **names()})
                    unseen.update({n: rows - at_first[n] for n, rows in cursor.fetchall() if n not in named})
                lines = [f"deletes {counted(rows, 'row')} of {shown(name)}" for name, rows in sorted(unseen.items())]
                total = replace(total, lines=total.lines + lines, rows=total.rows + unseen.total())
            self._require(rehearsed, total)
            self._lost[rehearsed.revision] = total.rows

        underway.first.append(begin)
        underway.transactions.append(TransactionCheck(look, count))
        return count

    def _require(self, rehearsed: RehearsedStep, now: TotalLoss) -> None:
        """Raises Failure where this revision loses more than the word permits."""
        left = self.permitted - sum(rows for revision, rows in self._lost.items() if revision != rehearsed.revision)
        if now.rows > left:
            needed = replace(now, rows=now.rows + self._later(rehearsed))
            raise needed.refusal(self.word, f"Revision {rehearsed.revision} was not reverted", self.again)

    def _later(self, rehearsed: RehearsedStep) -> int:
        """Return the losses of the revisions after this one, as counted before the run."""
        return sum(self.rows[one.revision] for one in self.rehearsed_steps[self.rehearsed_steps.index(rehearsed) + 1 :])


def _refuse_truncated(connection: Connection, files: Mapping[int, int], named: set[str], revision: str) -> None:
    """Raise Failure if a table that had rows is empty in a new file, and no statement names it."""
    changed = connection.scalars(text(NEW_FILES), {"oids": [*files], "files": [*files.values()]})
    emptied = [name for name in changed if name not in named and Loss(name, name).rows(connection) == 0]
    if emptied:
        statement = f"TRUNCATE {', '.join(emptied)}"
        raise Failure(
            f"Revision {revision} was not reverted: a function that it calls truncates"
            f" {joined([shown(name) for name in emptied])}, whose rows were not counted.",
            f"Write the statement into the revision itself, so that a permit can count them: op.execute({statement!r})",
        )


def guarded(
    rehearsed_steps: Sequence[RehearsedStep], connection: Connection, word: str | None, again: Again
) -> LossGuard:
    """Return the guard for a run of these steps, with the losses as counted now."""
    totals = {rehearsed.revision: total_loss([rehearsed], connection) for rehearsed in rehearsed_steps}
    permitted = next((one.permitted(word) for one in totals.values()), 0)
    return LossGuard(rehearsed_steps, {name: one.rows for name, one in totals.items()}, permitted, word, again)


def _lock(connection: Connection, rehearsed: RehearsedStep) -> None:
    """Let nobody write the tables that lose something; reading goes on until they do."""
    tables = {loss.table for loss in rehearsed.losses if loss.table}
    tables |= {table for one in rehearsed.on_rows for table in one.tables}
    found = [table for table in sorted(tables) if connection.scalar(text("SELECT to_regclass(:name)"), {"name": table})]
    if found:
        run(connection, f"LOCK TABLE {', '.join(found)} IN SHARE ROW EXCLUSIVE MODE")
