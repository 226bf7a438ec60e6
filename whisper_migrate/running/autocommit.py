"""Run a statement of an autocommit block, in one transaction with its journal entry if PostgreSQL allows it."""

from __future__ import annotations

import re
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass, replace
from typing import Any, NamedTuple

import psycopg2
from psycopg2.errors import ActiveSqlTransaction, InvalidTransactionTermination
from psycopg2.extensions import TRANSACTION_STATUS_IDLE

from whisper_migrate.catalog.sql import literal
from whisper_migrate.databases.transaction_control import SPACE
from whisper_migrate.databases.unreplicated import Unreplicated
from whisper_migrate.databases.whole_transaction import MARK
from whisper_migrate.errors import Failure
from whisper_migrate.running import index_build
from whisper_migrate.running.journal import Entry, Journal
from whisper_migrate.running.patience import Patience, milliseconds, passing, pause
from whisper_migrate.running.watch import Watch

# PostgreSQL runs these statements outside of a transaction only, or they wait for all other transactions to end.
CONCURRENTLY = re.compile(rf"{SPACE}(?:CREATE|DROP|REINDEX|ALTER)\b.*\bCONCURRENTLY\b", re.I | re.S)
AGAIN = re.compile(rf"{SPACE}(?:VACUUM|ANALYZE|REINDEX|CLUSTER|CHECKPOINT|ALTER\s+SYSTEM)\b", re.I | re.S)
HAS_WRITTEN = "SELECT pg_catalog.pg_current_xact_id_if_assigned() IS NOT NULL"


class Watched(NamedTuple):
    """Called with a cursor after the beginning of a statement's transaction, and before its commit."""

    begun: Callable[[Any], None]
    before_commit: Callable[[Any], None]


@dataclass
class Autocommit:
    """Runs the statements of autocommit blocks, and writes each into the journal."""

    journal: Journal
    patience: Patience
    watch: Watch
    say: Callable[[str], None]
    watched: Watched | None

    def run(
        self,
        call: Callable[[], None],
        cursor: Any,
        statement: str,
        entry: Entry,
        *,
        begun: bool = False,
        asks: bool = False,
        finished: Callable[[int], Entry] | None = None,
    ) -> bool:
        """Run a statement of an autocommit block, and run it again if it does not get its locks.

        The statement and its journal entry are one transaction where PostgreSQL allows that. Elsewhere the entry is
        written before the statement as begun, and after it as done. `begun`: the journal has the statement as begun
        already. `asks`: the statement returns rows. `finished` returns the entry to write after so many rows. Returns
        False for a SELECT that has written nothing: it gets no entry.
        """
        finished = finished or (lambda rows: replace(entry, rows=rows, done=True))
        earlier = self.journal.of(entry.revision, entry.direction).get(entry.statement)
        with cursor.connection.cursor() as other:
            if not asks:
                self.journal.make(other)
            made, build = self.journal.made, index_build.parse(statement)
            bare, commits = begun or CONCURRENTLY.match(statement) is not None, False
            if begun and self._is_done(other, statement, entry):
                cursor.execute("SELECT WHERE false")
                self.journal.write(other, replace(entry, rows=0, done=True))
                return True
            deadline, attempt = time.monotonic() + self.patience.retry_for, 0
            while True:
                try:
                    if bare:
                        if not begun:
                            self.journal.write(other, entry)
                        begun = True
                        with self._waiting_long(other):
                            if build:
                                index_build.clear(other, build, self.say)
                            self._call_alone(call, cursor, other, entry)
                        self.journal.write(other, finished(cursor.rowcount))
                        return True
                    other.execute(f"BEGIN; SET LOCAL {MARK} = on")
                    if self.watched:
                        self.watched.begun(other)
                    call()
                    self._require_open(other, entry)
                    other.execute(HAS_WRITTEN)
                    if written := bool(other.fetchone()[0]) or not asks:
                        self._require_permitted(other, entry, earlier, made=made)
                        self.journal.write(other, finished(cursor.rowcount))
                    other.execute("COMMIT")
                    return written
                except psycopg2.Error as error:
                    if cursor.connection.closed or commits:  # a procedure that commits may have done a part of its work
                        raise
                    if not bare and _is_idle(other):  # several statements in one string, with a COMMIT among them
                        self.journal.write(other, entry)
                        raise
                    if bare:
                        self._clean_up(other, build, entry)
                        begun = False
                    else:
                        other.execute("ROLLBACK")
                        self.journal.undo(entry, earlier, made=made)
                        if isinstance(error, (ActiveSqlTransaction, InvalidTransactionTermination)):
                            bare, commits = True, isinstance(error, InvalidTransactionTermination)
                            self._require_countable(entry, commits=commits)
                            continue
                    seconds = pause(attempt)
                    if not (why := passing(error)) or time.monotonic() + seconds > deadline:
                        raise
                    self.say(again(f"Statement {entry.statement} of {entry.revision}", why, self.watch, seconds))
                    time.sleep(seconds)
                    attempt += 1

    def _call_alone(self, call: Callable[[], None], cursor: Any, other: Any, entry: Entry) -> None:
        """Run a statement that commits by itself; it counts as done even if no standby has it."""
        try:
            call()
        except Unreplicated as failure:
            if failure.whole:
                self.journal.write(other, replace(entry, rows=cursor.rowcount, done=True))
            raise

    def _require_open(self, cursor: Any, entry: Entry) -> None:
        """Raise Failure if a statement has ended the transaction that holds the statement and its journal entry."""
        cursor.execute("SELECT pg_catalog.current_setting(%s, true)", (MARK,))
        if cursor.fetchall() != [("on",)]:
            cursor.execute("COMMIT")
            self.journal.write(cursor, entry)
            raise Failure(
                f"Statement {entry.statement} of {entry.revision} begins or ends a transaction of its own:"
                f" {' '.join(entry.sql.split())[:80]}. Nothing tells how much of it is done.",
                "In an autocommit block each statement is a transaction: write its statements one by one.",
            )

    def _require_permitted(self, cursor: Any, entry: Entry, earlier: Entry | None, *, made: bool) -> None:
        """Roll the statement back if the check of its transaction raises a Failure."""
        if self.watched is None:
            return
        try:
            self.watched.before_commit(cursor)
        except Failure:
            cursor.execute("ROLLBACK")
            self.journal.undo(entry, earlier, made=made)
            raise

    def _require_countable(self, entry: Entry, *, commits: bool) -> None:
        """Raise Failure for a procedure that commits, if the rows that its transactions delete have to be counted."""
        if commits and self.watched:
            raise Failure(
                f"Statement {entry.statement} of {entry.revision} was not run: it commits by itself, so the rows that"
                f" it deletes cannot be counted before they are gone: {' '.join(entry.sql.split())[:80]}.",
                "Write the statements of the procedure into the revision itself.",
            )

    def _is_done(self, cursor: Any, statement: str, entry: Entry) -> bool:
        """Whether a statement that the journal has only as begun was in fact completed.

        Raises Failure if that is unknown.
        """
        if build := index_build.parse(statement):
            return index_build.is_built(cursor, build)
        if drop := index_build.parse_drop(statement):
            return index_build.is_gone(cursor, drop)
        if AGAIN.match(statement):
            return False
        where = f"revision = {literal(entry.revision)} AND statement = {entry.statement}"
        raise Failure(
            f"Revision {entry.revision} was stopped while its statement {entry.statement} ran:"
            f" {' '.join(statement.split())[:80]}. Nothing tells whether that is done.",
            f"See to it. Then, to run it again: DELETE FROM public.whisper_journal WHERE {where};"
            f" or, if it is done: UPDATE public.whisper_journal SET done = now() WHERE {where};",
        )

    def _clean_up(self, cursor: Any, build: index_build.Build | None, entry: Entry) -> None:
        """Remove the traces of a failed statement: its journal entry, and the invalid index that it may have left."""
        with suppress(psycopg2.Error), self._waiting_long(cursor):  # if this fails, the next attempt drops the index
            if build:
                index_build.clear(cursor, build, lambda _: None)
            self.journal.remove(cursor, entry)

    @contextmanager
    def _waiting_long(self, cursor: Any) -> Iterator[None]:
        """Raise lock_timeout for a CONCURRENTLY statement: no other session queues behind its lock request."""
        cursor.execute("SHOW lock_timeout")
        (before,) = cursor.fetchone()
        cursor.execute(f"SET lock_timeout = {milliseconds(max(self.patience.retry_for, self.patience.lock_timeout))}")
        try:
            yield
        finally:
            if not cursor.connection.closed:
                cursor.execute("SELECT pg_catalog.set_config('lock_timeout', %s, false)", (before,))


def _is_idle(cursor: Any) -> bool:
    return bool(cursor.connection.info.transaction_status == TRANSACTION_STATUS_IDLE)


def again(what: str, why: str, watch: Watch, seconds: float) -> str:
    """Return the message that announces another attempt at `what`."""
    blocker = f" behind {watch.blocked_by()}" if "lock" in why else ""
    return f"  {what} {why}{blocker}. Trying again in {seconds:.1f} s."
