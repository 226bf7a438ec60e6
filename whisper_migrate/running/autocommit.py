"""Runs a statement of an autocommit block: it and its journal entry are one transaction where PostgreSQL lets them."""

from __future__ import annotations

import re
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass, replace
from typing import Any

import psycopg2
from psycopg2.errors import ActiveSqlTransaction, InvalidTransactionTermination
from psycopg2.extensions import TRANSACTION_STATUS_IDLE

from whisper_migrate.databases.whole_transaction import MARK, SPACE
from whisper_migrate.errors import Failure
from whisper_migrate.running import index_build
from whisper_migrate.running.journal import Entry, Journal
from whisper_migrate.running.patience import Patience, milliseconds, passing, pause
from whisper_migrate.running.watch import Watch

# PostgreSQL runs them outside of a transaction only, or they wait for everybody's.
CONCURRENTLY = re.compile(rf"{SPACE}(?:CREATE|DROP|REINDEX|ALTER)\b.*\bCONCURRENTLY\b", re.I | re.S)
AGAIN = re.compile(rf"{SPACE}(?:VACUUM|ANALYZE|REINDEX|CLUSTER|CHECKPOINT|ALTER\s+SYSTEM)\b", re.I | re.S)
HAS_WRITTEN = "SELECT pg_catalog.pg_current_xact_id_if_assigned() IS NOT NULL"


@dataclass
class Autocommit:
    """How such statements are run, and where they are written down."""

    journal: Journal
    patience: Patience
    watch: Watch
    say: Callable[[str], None]

    def run(
        self, call: Callable[[], None], cursor: Any, statement: str, entry: Entry, *, begun: bool, asks: bool
    ) -> bool:
        """Run a statement of an autocommit block, again and again where it does not get its locks.

        It and its entry are one transaction where PostgreSQL lets them; else the entry is written before and after.
        False: it `asks`, and has written nothing, so that it has no entry.
        """
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
                        self.journal.write(other, entry)
                        with self._waiting_long(other):
                            if build:
                                index_build.clear(other, build, self.say)
                            call()
                        self.journal.write(other, replace(entry, rows=cursor.rowcount, done=True))
                        return True
                    other.execute(f"BEGIN; SET LOCAL {MARK} = on")
                    call()
                    self._require_open(other, entry)
                    other.execute(HAS_WRITTEN)
                    if written := bool(other.fetchone()[0]) or not asks:
                        self.journal.write(other, replace(entry, rows=cursor.rowcount, done=True))
                    other.execute("COMMIT")
                    return written
                except psycopg2.Error as error:
                    if cursor.connection.closed or commits:  # how far a procedure came that commits, nobody knows
                        raise
                    if not bare and _is_idle(other):  # several statements, and a COMMIT among them
                        self.journal.write(other, entry)
                        raise
                    if bare:
                        self._clean_up(other, build, entry)
                    else:
                        other.execute("ROLLBACK")
                        self.journal.undo(entry, made=made)
                        if isinstance(error, (ActiveSqlTransaction, InvalidTransactionTermination)):
                            bare, commits = True, isinstance(error, InvalidTransactionTermination)
                            continue
                    seconds = pause(attempt)
                    if not (why := passing(error)) or time.monotonic() + seconds > deadline:
                        raise
                    self.say(again(f"Statement {entry.statement} of {entry.revision}", why, self.watch, seconds))
                    time.sleep(seconds)
                    attempt += 1

    def _require_open(self, cursor: Any, entry: Entry) -> None:
        """Raises Failure where a statement has ended the transaction that it shares with its entry."""
        cursor.execute("SELECT pg_catalog.current_setting(%s, true)", (MARK,))
        if cursor.fetchall() != [("on",)]:
            cursor.execute("COMMIT")
            self.journal.write(cursor, entry)
            raise Failure(
                f"Statement {entry.statement} of {entry.revision} begins or ends a transaction of its own:"
                f" {' '.join(entry.sql.split())[:80]}. Nothing tells how much of it is done.",
                "In an autocommit block each statement is a transaction: write its statements one by one.",
            )

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


def _is_idle(cursor: Any) -> bool:
    return bool(cursor.connection.info.transaction_status == TRANSACTION_STATUS_IDLE)


def again(what: str, why: str, watch: Watch, seconds: float) -> str:
    """What is said before another attempt."""
    blocker = f" behind {watch.blocked_by()}" if "lock" in why else ""
    return f"  {what} {why}{blocker}. Trying again in {seconds:.1f} s."
