"""A revision that opens a second connection, and waits with it for the locks of its own transaction, waits for ever.

PostgreSQL sees no deadlock in that, since one of the two sessions is idle: the wait goes through Python. A thread looks
for it while revisions run, on a connection of its own that is opened only where they take longer than a moment.
"""

from __future__ import annotations

import gc
import os
import secrets
import sys
import time
from collections.abc import Iterator
from contextlib import closing, contextmanager, suppress
from dataclasses import dataclass, field
from pathlib import Path
from threading import Event, Lock, Thread
from typing import Any

import psycopg2
from psycopg2.extensions import connection as Driver
from sqlalchemy import Connection, Engine, event
from sqlalchemy.exc import DBAPIError

from whisper_migrate.databases import pooler
from whisper_migrate.databases.connect import engine
from whisper_migrate.databases.interruption import cancel, is_busy
from whisper_migrate.databases.session_settings import autocommit
from whisper_migrate.errors import Failure

MOMENT = 1.0  # seconds
PATIENCE = 5  # times, after which who waits although it was cancelled is given what it waits for

# libpq gives this name to the connections of this process, and of those that it starts, which have no other name.
NAME = f"whisper-migrate revision {os.getpid()}_{secrets.token_hex(4)}"

# Who waits, and the other one: that came while the revisions ran, and where it holds what we wait for, it is idle.
WAITS = """
SELECT a.pid, other.pid, other.application_name, coalesce(l.relation::regclass::text, 'a row')
FROM pg_catalog.pg_stat_activity AS a
CROSS JOIN unnest(pg_catalog.pg_blocking_pids(a.pid)) AS blocking
JOIN pg_catalog.pg_locks AS l ON l.pid = a.pid AND NOT l.granted
JOIN pg_catalog.pg_stat_activity AS other ON other.pid = CASE WHEN a.pid = %(me)s THEN blocking ELSE a.pid END
WHERE (a.wait_event_type = 'Lock' OR a.pid = ANY(%(own)s)) AND a.datname = current_database()
  AND %(me)s IN (a.pid, blocking) AND (a.pid <> %(me)s OR other.state LIKE 'idle in transaction%%')
  AND other.backend_start > clock_timestamp() - make_interval(secs => %(seconds)s)"""


@dataclass
class Named:
    """Gives `NAME` to new connections of this process while one of its threads runs revisions, and no longer."""

    _runs: int = 0
    _lock: Any = field(default_factory=Lock)

    @contextmanager
    def held(self) -> Iterator[None]:
        """A name that the process was started with stays."""
        with self._lock:
            self._runs += 1
            os.environ.setdefault("PGAPPNAME", NAME)
        try:
            yield
        finally:
            with self._lock:
                self._runs -= 1
                if not self._runs and os.environ.get("PGAPPNAME") == NAME:
                    del os.environ["PGAPPNAME"]


_NAMED = Named()


@dataclass
class Watcher:
    """Looks after the connection that revisions run on; `failure` is what it has found."""

    engine: Engine
    driver: Any
    backend: int  # the process that serves it
    folder: Path
    failure: Failure | None = None
    _end: Event = field(default_factory=Event)
    _cancelled: int = 0
    _seen: set[int] = field(default_factory=set)
    _began: float = field(default_factory=time.monotonic)

    def require_none(self) -> None:
        """Raises Failure where a second connection has waited: whatever was to be done there is not done."""
        if self.failure:
            raise self.failure

    def run(self) -> None:
        """Look, until the end. Where no connection can be had for that, nothing is found."""
        if self._end.wait(MOMENT):
            return
        with suppress(psycopg2.Error, DBAPIError), closing(self.engine.raw_connection()) as other:
            driver: Any = other.driver_connection
            driver.autocommit = True
            with driver.cursor() as cursor:
                while True:
                    self._look(cursor)
                    if self._end.wait(MOMENT / 2):
                        return

    def stop(self) -> None:
        """The revisions are over."""
        self._end.set()

    def _look(self, cursor: Any) -> None:
        me, here = self.backend, self.driver
        own = _own(here)
        cursor.execute(WAITS, {"me": me, "own": list(own), "seconds": time.monotonic() - self._began})
        before, self._seen = self._seen, set()
        for pid, other, name, what in cursor.fetchall():
            if (other not in own and name != NAME) or (pid == other and is_busy(here)):
                continue
            self._seen.add(other)
            if other not in before:  # at the end of a statement, it may have its lock in a moment
                continue
            self.failure = self.failure or self._said(other, what, waits=pid == other)
            self._cancelled += 1
            if self._cancelled > PATIENCE:
                cursor.execute("SELECT pg_catalog.pg_terminate_backend(%s)", (me,))
            elif pid in own:
                cancel(own[pid])
            else:
                cursor.execute("SELECT pg_catalog.pg_cancel_backend(%s)", (pid,))

    def _said(self, other: int, what: str, waits: bool) -> Failure:
        place = _place(self.folder)
        waiting, holding = f"a second connection of the revision, process {other},", "the revision's own transaction"
        if not waits:
            waiting, holding = holding, waiting.rstrip(",")
        return Failure(
            f"A revision waits for itself{place}: {waiting} waits for a lock on {what}, and {holding} holds it.",
            "Let the revision use the connection that it has: op.get_bind(), or Session(op.get_bind()).",
        )


@contextmanager
def watched(connection: Connection, folder: Path, settings: str) -> Iterator[Watcher]:
    """Look while revisions of the project in `folder` run on this connection.

    A connection that a revision asks the engine for is given the `settings`, a statement, that its own one has. Raises
    Failure, in place of what the revision makes of it, where it waits for itself.
    """
    # An engine of its own: the events of the other one are changed here while the thread connects.
    watcher = Watcher(
        engine(connection.engine.url), connection.connection.driver_connection, connection.info[pooler.BACKEND], folder
    )

    def opened(driver: Any, _: object) -> None:
        with autocommit(driver), driver.cursor() as cursor:
            cursor.execute(settings)

    event.listen(connection.engine, "connect", opened)
    thread = Thread(target=watcher.run, daemon=True)
    thread.start()
    try:
        with _NAMED.held():
            yield watcher
    except Exception as error:
        if watcher.failure:
            raise watcher.failure from error
        raise
    finally:
        event.remove(connection.engine, "connect", opened)
        watcher.stop()
        thread.join(MOMENT)


def _own(here: Any) -> dict[int, Any]:
    """The other open connections of this process to the same database, by the process that serves each."""
    found = {}
    for one in gc.get_objects():
        if issubclass(type(one), Driver) and one is not here and not one.closed and _address(one) == _address(here):
            found[one.info.backend_pid] = one
    return {**found, here.info.backend_pid: here}


def _address(driver: Any) -> tuple[Any, ...]:
    return driver.info.host, driver.info.port, driver.info.dbname


def _place(folder: Path) -> str:
    """Where in a revision this process is, as ` (alembic/versions/x.py:12)`: threads first, then the rest."""
    for frame in reversed(list(sys._current_frames().values())):
        inner: Any = frame
        while inner:
            path = Path(inner.f_code.co_filename)
            if "down_revision" in inner.f_globals and path.is_relative_to(folder):
                return f" ({path.relative_to(folder)}:{inner.f_lineno})"
            inner = inner.f_back
    return ""
