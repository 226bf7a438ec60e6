"""Runs the statements of a revision: each is counted, and those of an autocommit block are journalled one by one."""

from __future__ import annotations

import re
import time
from collections.abc import Callable, Iterator
from contextlib import closing, contextmanager, suppress
from dataclasses import dataclass, field, replace
from typing import Any

import psycopg2
from psycopg2.errors import ActiveSqlTransaction, InvalidTransactionTermination
from psycopg2.extensions import STATUS_BEGIN, TRANSACTION_STATUS_IDLE
from sqlalchemy import Connection, event

from whisper_migrate.errors import Failure
from whisper_migrate.plurals import counted
from whisper_migrate.running import index_build
from whisper_migrate.running.journal import Entry, Journal, changed, digest
from whisper_migrate.running.patience import Patience, milliseconds, passing, pause
from whisper_migrate.running.watch import Watch

SPACE = r"(?:\s|--[^\n]*(?:\n|$)|/\*.*?\*/)*"
# Run again whenever the revision is: they change nothing that stays.
READS = re.compile(rf"{SPACE}(?:SELECT|SHOW|VALUES|TABLE|EXPLAIN|SET|RESET|SAVEPOINT|RELEASE|ROLLBACK)\b", re.I | re.S)
COMMIT = re.compile(rf"{SPACE}(?:COMMIT|END)\b", re.I | re.S)
WITH = re.compile(rf"{SPACE}WITH\b(?!.*\b(?:INSERT|UPDATE|DELETE|MERGE)\b)", re.I | re.S)
# PostgreSQL runs them outside of a transaction only, or they wait for everybody's.
CONCURRENTLY = re.compile(rf"{SPACE}(?:CREATE|DROP|REINDEX|ALTER)\b.*\bCONCURRENTLY\b", re.I | re.S)
AGAIN = re.compile(rf"{SPACE}(?:VACUUM|ANALYZE|REINDEX|CLUSTER|CHECKPOINT|ALTER\s+SYSTEM)\b", re.I | re.S)


@dataclass
class Statements:
    """The statements of one session's revisions."""

    connection: Connection
    patience: Patience
    watch: Watch
    say: Callable[[str], None]
    journal: Journal = field(default_factory=lambda: Journal([]))
    revision: tuple[str, str] = ("", "")  # the id and the direction of the one that runs, or has run last
    _counting: bool = False
    _count: int = 0
    _known: dict[int, Entry] = field(default_factory=dict)

    def listening(self) -> Statements:
        """Let every statement of the connection come through here."""
        engine = self.connection.engine
        event.listen(engine, "do_execute", self._execute)
        event.listen(engine, "do_executemany", self._executemany)
        event.listen(engine, "do_execute_no_params", self._execute_no_params)
        event.listen(self.connection, "commit", self._commit)
        event.listen(self.connection, "rollback", self._rollback)
        return self

    def begin(self, revision: str, direction: str) -> None:
        """The statements from here on are those of this revision."""
        self.revision, self._counting, self._count = (revision, direction), True, 0
        self._known = self.journal.of(revision, direction)
        self.journal.unwritten = []
        if done := sum(entry.done for entry in self._known.values()):
            self.say(f"  {revision} was stopped in its middle: it goes on behind {counted(done, 'statement')}.")

    def stop(self) -> None:
        """What comes is no part of a revision."""
        self._counting = False

    def end(self) -> None:
        """The revision has run all of its statements. Raises Failure when it has fewer than are done."""
        last = max(self._known, default=0)
        if last > self._count:
            raise changed(self._known[last], None)

    def forget(self) -> None:
        """The database is stamped with the revision: in the same transaction, its entries go."""
        if self.journal.of(*self.revision):
            with closing(self.connection.connection.cursor()) as cursor:
                self.journal.forget(cursor, *self.revision)

    @property
    def kept(self) -> tuple[str, int]:
        """The revision that is running, or was when something failed, and how many of its statements stay done."""
        return self.revision[0], sum(entry.done for entry in self.journal.of(*self.revision).values())

    def _execute(self, cursor: Any, statement: str, parameters: Any, context: Any) -> bool:
        call = self.connection.dialect.do_execute
        return self._run(lambda: call(cursor, statement, parameters, context), cursor, statement, parameters)

    def _executemany(self, cursor: Any, statement: str, parameters: Any, context: Any) -> bool:
        call = self.connection.dialect.do_executemany
        return self._run(lambda: call(cursor, statement, parameters, context), cursor, statement, parameters)

    def _execute_no_params(self, cursor: Any, statement: str, context: Any) -> bool:
        call = self.connection.dialect.do_execute_no_params
        return self._run(lambda: call(cursor, statement, context), cursor, statement, None)

    def _commit(self, _: Connection) -> None:
        """Before a commit. What an autocommit block did is written already."""
        if self._counting and self.journal.unwritten:
            with closing(self.connection.connection.cursor()) as cursor:
                self.journal.flush(cursor)

    def _rollback(self, _: Connection) -> None:
        """Nothing of this transaction is done."""
        self.journal.unwritten = []

    def _run(self, call: Callable[[], None], cursor: Any, statement: str, parameters: Any) -> bool:
        """Run a statement, or not if it is done; False leaves it to SQLAlchemy."""
        if not self._counting or READS.match(statement) or WITH.match(statement):
            return False
        if COMMIT.match(statement):
            self._commit(self.connection)
            return False
        self._count += 1
        sha256 = digest(statement, parameters)
        known = self._known.get(self._count)
        if known and known.sha256 != sha256:
            raise changed(known, statement)
        entry = Entry(*self.revision, self._count, sha256, statement[:500], None, done=False)
        if known and known.done:
            _pretend(cursor, known)
        elif cursor.connection.autocommit or _has_left_its_transaction(cursor.connection):
            self._run_alone(call, cursor, statement, entry, begun=known is not None)
        else:
            call()
            self.journal.unwritten.append(replace(entry, rows=cursor.rowcount, done=True))
        return True

    def _run_alone(self, call: Callable[[], None], cursor: Any, statement: str, entry: Entry, *, begun: bool) -> None:
        """Run a statement of an autocommit block, again and again where it does not get its locks.

        It and its entry are one transaction where PostgreSQL lets them; else the entry is written before and after.
        """
        with cursor.connection.cursor() as other:
            self.journal.make(other)
            build = index_build.parse(statement)
            bare = begun or CONCURRENTLY.match(statement) is not None
            if begun and self._is_done(other, statement, entry):
                cursor.execute("SELECT WHERE false")
                self.journal.write(other, replace(entry, rows=0, done=True))
                return
            deadline, attempt = time.monotonic() + self.patience.retry_for, 0
            while True:
                try:
                    if bare:
                        self.journal.write(other, entry)
                        with self._waiting_long(other):
                            if build:
                                index_build.clear(other, build, self.say)
                            call()
                        self.journal.write(other, replace(entry, rows=cursor.rowcount, done=True))
                    else:
                        other.execute("BEGIN")
                        call()
                        self.journal.write(other, replace(entry, rows=cursor.rowcount, done=True))
                        other.execute("COMMIT")
                    return
                except psycopg2.Error as error:
                    if cursor.connection.closed:
                        raise
                    if bare:
                        self._clean_up(other, build, entry)
                    else:
                        other.execute("ROLLBACK")
                        self.journal.unwrite(entry)
                        if isinstance(error, (ActiveSqlTransaction, InvalidTransactionTermination)):
                            bare = True
                            continue
                    seconds = pause(attempt)
                    if not (why := passing(error)) or time.monotonic() + seconds > deadline:
                        raise
                    self.say(again(f"Statement {entry.statement} of {entry.revision}", why, self.watch, seconds))
                    time.sleep(seconds)
                    attempt += 1

    def _is_done(self, cursor: Any, statement: str, entry: Entry) -> bool:
        """Whether a statement that was begun, and of which nobody wrote that it is done, is so."""
        if build := index_build.parse(statement):
            return index_build.is_built(cursor, build)
        if drop := index_build.parse_drop(statement):
            return index_build.is_gone(cursor, drop)
        if AGAIN.match(statement):
            return False
        where = f"revision = '{entry.revision}' AND statement = {entry.statement}"
        raise Failure(
            f"Revision {entry.revision} was stopped while its statement {entry.statement} ran:"
            f" {' '.join(statement.split())[:80]}. Nothing tells whether that is done.",
            f"See to it. Then, to run it again: DELETE FROM public.whisper_journal WHERE {where};"
            f" or, if it is done: UPDATE public.whisper_journal SET done = now() WHERE {where};",
        )

    def _clean_up(self, cursor: Any, build: index_build.Build | None, entry: Entry) -> None:
        """A statement has failed: it is neither done nor begun any more."""
        with suppress(psycopg2.Error), self._waiting_long(cursor):  # what it leaves, the next attempt drops
            if build:
                index_build.clear(cursor, build, lambda _: None)
            self.journal.remove(cursor, entry)

    @contextmanager
    def _waiting_long(self, cursor: Any) -> Iterator[None]:
        """Nobody queues behind a statement that works concurrently: it may wait as long as it would be tried again."""
        cursor.execute("SHOW lock_timeout")
        (before,) = cursor.fetchone()
        cursor.execute(f"SET lock_timeout = {milliseconds(max(self.patience.retry_for, self.patience.lock_timeout))}")
        try:
            yield
        finally:
            if not cursor.connection.closed:
                cursor.execute("SELECT set_config('lock_timeout', %s, false)", (before,))


def _has_left_its_transaction(connection: Any) -> bool:
    """Whether a revision has executed COMMIT as a statement, behind the driver's back."""
    return bool(connection.status == STATUS_BEGIN and connection.info.transaction_status == TRANSACTION_STATUS_IDLE)


def again(what: str, why: str, watch: Watch, seconds: float) -> str:
    """What is said before another attempt."""
    blocker = f" behind {watch.blocked_by()}" if "lock" in why else ""
    return f"  {what} {why}{blocker}. Trying again in {seconds:.1f} s."


def _pretend(cursor: Any, entry: Entry) -> None:
    """Let a statement that is done say what it said then: so many rows."""
    if re.search(r"\bRETURNING\b", entry.sql, re.IGNORECASE):
        raise Failure(
            f"Revision {entry.revision} was stopped in its middle, and cannot be taken up again: it wants the rows"
            f" that its statement {entry.statement} returned then.",
            "Finish it by hand, and then: migrate.py stamp REV",
        )
    cursor.execute("SELECT FROM generate_series(1, %s)", (max(entry.rows or 0, 0),))
