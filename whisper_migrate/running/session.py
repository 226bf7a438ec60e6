"""A session: the connection that revisions run on, and the work before, around and after each of them."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterable, Iterator, Sequence
from contextlib import closing, contextmanager, suppress
from copy import copy
from dataclasses import dataclass, field
from datetime import UTC, datetime
from functools import partial, update_wrapper
from typing import Any

from alembic.runtime.migration import MigrationContext, MigrationInfo
from sqlalchemy import URL, Connection
from sqlalchemy.exc import ResourceClosedError

from whisper_migrate.catalog.describe import title
from whisper_migrate.catalog.sql import run as run_sql
from whisper_migrate.databases import interruption, silence
from whisper_migrate.databases.connect import connected
from whisper_migrate.databases.engine_search_path import engine_search_path
from whisper_migrate.databases.own_session import own_session, put_back, remember
from whisper_migrate.databases.own_stamp import OwnStamp
from whisper_migrate.databases.pooler import BACKEND
from whisper_migrate.databases.second_connection import Watcher, watched
from whisper_migrate.databases.stamps import ensure, remove_created
from whisper_migrate.databases.unreplicated import Unreplicated
from whisper_migrate.databases.whole_transaction import whole_transaction
from whisper_migrate.history.history import History
from whisper_migrate.project.project import Project
from whisper_migrate.running import ledger, owners_kept
from whisper_migrate.running.autocommit import again
from whisper_migrate.running.dangerous_rights import notes
from whisper_migrate.running.half_run import require_none
from whisper_migrate.running.heartbeat import Heartbeat, ended_when_lost
from whisper_migrate.running.journal import Journal
from whisper_migrate.running.lock import Lock, guard, locked
from whisper_migrate.running.patience import Patience, passing, pause
from whisper_migrate.running.progress import Progress
from whisper_migrate.running.statements import Statements
from whisper_migrate.running.transactions import Opening, TransactionCheck
from whisper_migrate.running.waiting import await_database
from whisper_migrate.running.watch import Watch
from whisper_migrate.wording.printing import err

Steps = Callable[[Any, MigrationContext], Iterable[Any] | None]


@dataclass
class Underway:
    """A revision that is being run or stamped: Alembic's information on it, its number in the run, and its start."""

    project: Project
    info: MigrationInfo
    connection: Connection
    number: int = 1
    total: int = 1
    say: Callable[[str], None] = print
    first: list[Callable[[], None]] = field(default_factory=list)  # called at the beginning of its transaction
    transactions: list[TransactionCheck] = field(default_factory=list)  # those behind the first
    opening: Opening | None = None  # takes the locks of each transaction
    began: datetime = field(default_factory=lambda: datetime.now(UTC))
    clock: float = field(default_factory=time.monotonic)

    @property
    def revision(self) -> str:
        """The id of the revision."""
        return str(self.info.up_revision_id or next(iter(self.info.down_revision_ids), "base"))

    @property
    def direction(self) -> str:
        """One of "upgrade", "downgrade" and "stamp"."""
        return "stamp" if self.info.is_stamp else "upgrade" if self.info.is_upgrade else "downgrade"

    @property
    def seconds(self) -> float:
        """The seconds since the revision began."""
        return time.monotonic() - self.clock


# Called on a revision's connection before its transaction begins, so that it can read the state before. The function it
# returns is called at the end of that transaction, right before the commit.
Listener = Callable[[Underway], Callable[[], None]]

# The listeners of every revision, whichever command runs it.
LISTENERS: tuple[Listener, ...] = (owners_kept.keeper, ledger.recorder)


@dataclass
class Session:
    """A connection that runs revisions, with the lock that keeps other runs away."""

    project: Project
    url: URL
    connection: Connection
    lock: Lock
    watch: Watch
    patience: Patience
    progress: Progress
    statements: Statements
    listeners: Sequence[Listener]
    _endings: list[Callable[[], None]] = field(default_factory=list)
    _todo: list[Any] | None = None
    _done: int = 0
    _since: float = 0
    _revision: str = ""
    _is_whole: bool = False  # whether the next commit is the last of its revision
    _second: Watcher = field(init=False)
    _stamp: OwnStamp = field(default_factory=OwnStamp)

    def run(self, steps: Steps, work: Callable[..., None], tell: Callable[[Underway], None] = lambda _: None) -> None:
        """Run the steps that `steps` returns, and call `tell` after each one that is committed.

        `steps` is a function such as Alembic's own commands pass to env.py. `work` is called with the options for
        `context.configure` and lets Alembic run. It is called again if a revision did not get its locks.
        """
        with watched(self.connection, self.project.root, self.project.session) as self._second:
            created = ensure(self.connection)
            try:
                self._run(steps, work, tell)
            except Unreplicated as failure:
                raise Unreplicated(self._committed) from failure
            except BaseException:
                with suppress(Exception):  # a broken connection is no other failure
                    self._leave(created)
                raise

    def _run(self, steps: Steps, work: Callable[..., None], tell: Callable[[Underway], None]) -> None:
        attempt, done = 0, 0
        remember(self.connection)
        self.connection.commit()
        self._since = time.monotonic()
        callbacks = (self._stamp.applied, self._applied)
        while True:
            try:
                work(fn=self._watched(steps, tell), on_version_apply=callbacks, transaction_per_migration=True)
                self.connection.commit()
                return
            except Exception as error:
                self._second.require_none()
                if self._done > done:
                    attempt, done = 0, self._done
                seconds = pause(attempt)
                why = passing(error)
                if not why or time.monotonic() + seconds > self._since + self.patience.retry_for:
                    raise
                self._leave(created=False)
                self.progress.say(again(self._revision, why, self.watch, seconds))
                time.sleep(seconds)
                attempt += 1
            finally:
                self._ended()

    @property
    def _committed(self) -> str:
        """The work that the last commit belonged to."""
        if not self._revision:
            return "The table of revisions"
        return f"Revision {self._revision}" if self._is_whole else f"A part of revision {self._revision}"

    def _leave(self, created: bool) -> None:
        """After a failure, leave the session without the project's search_path, and no empty version table behind."""
        self.connection.rollback()
        put_back(self.connection)
        if created and not self._done:
            remove_created(self.connection)
        self.connection.commit()

    def _watched(self, steps: Steps, tell: Callable[[Underway], None]) -> Steps:
        def watched(heads: Any, context: MigrationContext) -> Iterator[Any]:
            if self._todo is None:  # computed once: on another attempt, +1 would lead one revision further
                self._todo = list(steps(heads, context) or ())
                for note in notes(self.project, self.connection) if self._todo else ():
                    self.progress.say(note)
            self.statements.journal = Journal.read(self.connection)
            require_none(self.statements.journal, self._todo[self._done :], self.connection, History(self.project))
            self._stamp.known = heads
            for step in self._todo[self._done :]:
                number, total = self._done + 1, len(self._todo)
                underway = Underway(self.project, step.info, self.connection, number, total, self.progress.say)
                self._revision, self._is_whole = underway.revision, False
                self.lock.require(underway.revision)
                self._endings = [listener(underway) for listener in self.listeners]
                if underway.direction != "stamp":
                    run_sql(self.connection, self.project.session)
                self.connection.commit()  # a revision has its own transaction, without these reads and settings
                underway.clock = time.monotonic()
                counted = copy(step)
                function = partial(self._count, step.migration_fn, underway)
                counted.migration_fn = update_wrapper(function, step.migration_fn)  # Alembic logs the function's name
                self.progress.begin(f"{underway.number}/{len(self._todo)} {underway.revision} {title(step)}")
                self.watch.busy.set()
                yield counted
                self._ended()
                self._done += 1
                self.statements.revision = ("", "")
                tell(underway)
                self._since = time.monotonic()

        return watched

    def _ended(self) -> None:
        self.watch.busy.clear()
        self.progress.end()

    def _count(self, run: Callable[..., None], underway: Underway, **options: Any) -> None:
        """Run a revision, and count its statements for the journal."""
        if underway.direction == "stamp":
            run(**options)
            return
        if underway.first:
            with (
                closing(self.connection.connection.cursor()) as cursor,
                engine_search_path(cursor),
            ):
                for first in underway.first:
                    first()
        try:
            with self.statements.of(underway.revision, underway.direction, underway.transactions, underway.opening):
                with own_session(self.connection), whole_transaction(self.connection, underway.revision):
                    run(**options)
                self._stamp.require(self.connection, underway.revision)
                self.statements.end()
        except ResourceClosedError as error:
            if failure := self.statements.without_rows:
                raise failure from error
            raise

    def _applied(self, **_: Any) -> None:
        self._second.require_none()
        self.statements.forget()
        self._is_whole = True
        for ending in self._endings:
            ending()


@contextmanager
def session(
    project: Project,
    url: URL,
    listeners: Sequence[Listener] = (),
    patience: Patience | None = None,
    progress: Progress | None = None,
) -> Iterator[Session]:
    """Connect to the database behind `url`, and hold its lock, to run revisions there.

    Waits first for a database that does not answer, if `patience` says so. `listeners` are called for each revision, in
    addition to LISTENERS. Raises Failure if the database cannot be reached, or if a pooler makes locks meaningless.
    """
    patience = patience or Patience.given(project.root)
    progress = progress or Progress(err)
    interruption.heard.clear()  # the process has lived through a signal that came before this run
    if patience.wait:
        await_database(url, patience.wait, progress.say)
    with locked(url, progress.say, patience.wait_for_lock) as lock, connected(url) as connection:
        guard(connection, progress.say, patience.wait_for_lock)
        project.prepare(connection)
        patience.prepare(connection)
        pid = int(connection.info[BACKEND])
        connection.commit()
        interval = min(max(patience.lock_timeout / 5, 0.02), 0.5) if patience.lock_timeout else 0.5
        for watched_here in (lock.connection, connection):  # the lock's connection and the heartbeat answer for both
            silence.leave(watched_here.connection.driver_connection)
        beat = Heartbeat(url, lock, pid, connection.connection.driver_connection)
        watch = Watch(lock, beat, interval, progress.meanwhile)
        with ended_when_lost(url, lock, connection), watch.watching():
            statements = Statements(connection, patience, watch, progress.say).listening()
            yield Session(
                project, url, connection, lock, watch, patience, progress, statements, (*LISTENERS, *listeners)
            )
