"""Run the statements of a revision: count each one, and record those of autocommit blocks one by one."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator, Sequence
from contextlib import closing, contextmanager
from dataclasses import dataclass, field, replace
from functools import cached_property
from typing import Any

from psycopg2.extensions import TRANSACTION_STATUS_INERROR
from sqlalchemy import Connection, event

from whisper_migrate.addresses.secret_parameters import scrubbed
from whisper_migrate.databases.batched_update import is_marked
from whisper_migrate.databases.driver import listening
from whisper_migrate.databases.engine_search_path import engine_search_path
from whisper_migrate.databases.transaction_control import COMMIT, SPACE
from whisper_migrate.errors import Failure
from whisper_migrate.running.autocommit import HAS_WRITTEN, Autocommit, Watched
from whisper_migrate.running.batches import Batches
from whisper_migrate.running.journal import Entry, Journal, changed, digest
from whisper_migrate.running.lock_budget import LockBudget, has_left_its_transaction
from whisper_migrate.running.patience import Patience
from whisper_migrate.running.taken_up import SESSION, TakenUp
from whisper_migrate.running.transactions import Opening, TransactionCheck
from whisper_migrate.running.watch import Watch
from whisper_migrate.wording.plurals import counted

# These return rows, and may also write rows: a function can.
ASKS = re.compile(rf"{SPACE}\(*{SPACE}(?:SELECT|VALUES|TABLE|EXPLAIN|WITH)\b", re.I | re.S)
WRITES = re.compile(rf"{SPACE}WITH\b.*\b(?:INSERT|UPDATE|DELETE|MERGE)\b", re.I | re.S)


@dataclass
class Statements:
    """The statements of all revisions that a session runs."""

    connection: Connection
    patience: Patience
    watch: Watch
    say: Callable[[str], None]
    journal: Journal = field(default_factory=lambda: Journal([]))
    revision: tuple[str, str] = ("", "")  # id and direction of the revision that is running, or ran last
    _counting: bool = False
    _count: int = 0
    _begins: int = 0  # the count when the current transaction began
    _asked: bool = False  # whether the transaction has run a SELECT
    _known: dict[int, Entry] = field(default_factory=dict)
    _taken_up: TakenUp = field(default_factory=lambda: TakenUp(""))
    _checks: Sequence[TransactionCheck] = ()
    _opening: Opening | None = None
    _is_new: bool = False  # whether `_opening` has to be called before the next statement of a transaction

    @cached_property
    def budget(self) -> LockBudget:
        """The limit on a transaction's waits for locks."""
        return LockBudget(self.patience.lock_timeout, self.watch)

    def listening(self) -> Statements:
        """Route every statement of the connection through this object."""
        engine = self.connection.engine
        event.listen(engine, "do_execute", self._execute)
        event.listen(engine, "do_executemany", self._executemany)
        event.listen(engine, "do_execute_no_params", self._execute_no_params)
        event.listen(self.connection, "begin", self._after_begin)
        event.listen(self.connection, "commit", self._commit)
        event.listen(self.connection, "rollback", self._rollback)
        return self

    @contextmanager
    def of(
        self,
        revision: str,
        direction: str,
        checks: Sequence[TransactionCheck] = (),
        opening: Opening | None = None,
    ) -> Iterator[None]:
        """Count the statements inside as those of `revision`. `checks` and `opening` see its transactions."""
        self._begin(revision, direction)
        self._checks, self._opening = checks, opening
        try:
            with listening(self.connection.connection.driver_connection, executing=self.budget.spending):
                self._open()
                yield
        finally:
            self._counting = False

    def _begin(self, revision: str, direction: str) -> None:
        self.revision, self._counting, self._count, self._begins = (revision, direction), True, 0, 0
        self._asked, self._taken_up = False, TakenUp(revision)
        self._known = self.journal.of(revision, direction)
        self.journal.unwritten = []
        if done := sum(entry.done for entry in self._known.values()):
            self.say(f"  {revision} was stopped in its middle: it goes on behind {counted(done, 'statement')}.")

    @property
    def without_rows(self) -> Failure | None:
        """The failure if a revision fetched rows of a statement that was skipped because it is done; else None."""
        return self._taken_up.without_rows

    def end(self) -> None:
        """Raise Failure if the revision has fewer statements than the journal has of it."""
        last = max(self._known, default=0)
        if last > self._count:
            raise changed(self._known[last], None)

    def forget(self) -> None:
        """Delete the revision's journal entries, in the transaction that stamps the revision."""
        if self.journal.of(*self.revision):
            with closing(self.connection.connection.cursor()) as cursor:
                self.journal.forget(cursor, *self.revision)

    @property
    def kept(self) -> tuple[str, list[Entry]]:
        """The revision that is running or has failed, and its journal entries."""
        return self.revision[0], list(self.journal.of(*self.revision).values())

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
        """Write journal entries before a commit. The statements of an autocommit block are written already."""
        self.budget.renew()
        driver: Any = self.connection.connection.driver_connection
        if not self._counting or driver.info.transaction_status == TRANSACTION_STATUS_INERROR:
            return
        with closing(self.connection.connection.cursor()) as cursor:
            if self._asked and self._count == self._begins:
                self._count_commit(cursor)
            if not driver.autocommit:
                self._before_commit(cursor)
            self.journal.flush(cursor)
        self._begins, self._asked = self._count, False

    def _after_begin(self, _: Connection) -> None:
        driver: Any = self.connection.connection.driver_connection
        self._is_new = self._counting and not driver.autocommit
        if self._checks and self._is_new:
            with closing(self.connection.connection.cursor()) as cursor:
                self._begun(cursor)

    def _open(self) -> None:
        self._is_new = False
        if self._opening:
            with closing(self.connection.connection.cursor()) as cursor:
                self._opening(cursor)

    def _begun(self, cursor: Any) -> None:
        with engine_search_path(cursor):
            for check in self._checks:
                check.begin(cursor)

    def _before_commit(self, cursor: Any) -> None:
        """Let the checks of the revision see a transaction before its commit; their statements are not counted."""
        if self._checks:
            self._counting = False
            try:
                with engine_search_path(cursor):
                    for check in self._checks:
                        check.end()
            finally:
                self._counting = True

    def _count_commit(self, cursor: Any) -> None:
        """Count the commit of a transaction without counted statements, if a SELECT in it has written something."""
        entry = Entry(*self.revision, self._count + 1, digest("COMMIT", None), "COMMIT", None, done=True)
        known = self._known.get(entry.statement)
        cursor.execute(HAS_WRITTEN)
        if known and known.sha256 == entry.sha256:
            self._count += 1
        elif cursor.fetchone()[0]:
            self._count += 1
            self.journal.unwritten.append(entry)

    def _rollback(self, _: Connection) -> None:
        """Drop the entries of a transaction that is rolled back."""
        self.budget.renew()
        self.journal.unwritten = []

    def _run(self, call: Callable[[], None], cursor: Any, statement: str, parameters: Any) -> bool:
        """Run a statement, or skip it if it is done. Returns False if SQLAlchemy is to run it."""
        if not self._counting or SESSION.match(statement):
            return False
        if COMMIT.match(statement):
            self._commit(self.connection)
            return False
        asks = bool(ASKS.match(statement)) and not WRITES.match(statement)
        alone = cursor.connection.autocommit or has_left_its_transaction(cursor.connection)
        if self._is_new and not alone:
            self._open()
        known = self._known.get(self._count + 1 if alone or not asks else self._begins + 1)
        if asks and not alone:
            self._asked = True
            if not (known and known.done):
                return False
            self._taken_up.ask_again(call, cursor, statement)  # then its transaction was committed in the run before
            return True
        sha256 = digest(statement, parameters)
        entry = Entry(*self.revision, self._count + 1, sha256, scrubbed(statement)[:500], None, done=False)
        if asks and known and known.sha256 != sha256:
            self._taken_up.ask_again(call, cursor, statement, alone=True, instead=known)
            return True
        self._count += 1
        if known and known.sha256 != sha256:
            raise changed(known, statement)
        if known and known.done:
            self._taken_up.skip(cursor, statement, known, asks=asks)
        elif alone:
            check = Watched(self._begun, self._before_commit) if self._checks else None
            block = Autocommit(self.journal, self.patience, self.watch, self.say, check)
            if batches := self._in_batches(block, cursor, statement, parameters):
                batches.run(entry, known)
            elif not block.run(call, cursor, statement, entry, begun=known is not None, asks=asks):
                self._count -= 1
        else:
            call()
            self.journal.unwritten.append(replace(entry, rows=cursor.rowcount, done=True))
        return True

    def _in_batches(self, block: Autocommit, cursor: Any, statement: str, parameters: Any) -> Batches | None:
        if not is_marked(statement) or isinstance(parameters, list):
            return None
        sql = statement if parameters is None else cursor.mogrify(statement, parameters)
        return Batches.of(block, cursor, sql if isinstance(sql, str) else sql.decode())
