"""Detect a revision that waits for itself: its second connection waits for a lock of its own transaction.

PostgreSQL sees no deadlock, because one of the two sessions is idle and waits in Python. A thread looks for such waits
while revisions run. It opens its own connection only if they take longer than a moment.
"""

from __future__ import annotations

import sys
from collections.abc import Iterator
from contextlib import closing, contextmanager, suppress
from dataclasses import dataclass, field
from pathlib import Path
from threading import Event, Thread
from typing import Any

import psycopg2
from sqlalchemy import Connection, Engine, event
from sqlalchemy.exc import DBAPIError

from whisper_migrate.databases import pooler
from whisper_migrate.databases.connect import engine
from whisper_migrate.databases.interruption import cancel, is_busy
from whisper_migrate.databases.own_connections import NAME, Served, opened, recorded
from whisper_migrate.databases.session_settings import autocommit
from whisper_migrate.errors import Failure

MOMENT = 1.0  # seconds
PATIENCE = 5  # cancellations; if a wait goes on after them, the revision's own connection is terminated

# Pairs of a waiting session and the other one, which belongs to this process or a child of it, or to the revision's own
# server process (`inside`), which waits for it: dblink connects there. If the other one holds the lock, it is idle.
WAITS = """
SELECT a.pid, other.pid, coalesce(l.relation::regclass::text, 'a row'), inside
FROM pg_catalog.pg_stat_activity AS a
CROSS JOIN unnest(pg_catalog.pg_blocking_pids(a.pid)) AS blocking
JOIN pg_catalog.pg_locks AS l ON l.pid = a.pid AND NOT l.granted
JOIN pg_catalog.pg_stat_activity AS other ON other.pid = CASE WHEN a.pid = %(me)s THEN blocking ELSE a.pid END
JOIN pg_catalog.pg_stat_activity AS me ON me.pid = %(me)s
CROSS JOIN LATERAL (SELECT me.state = 'active' AND other.backend_start > me.backend_start
                       AND (me.wait_event ~ '^(Dblink|PostgresFdw)' OR me.query ~* '\\mdblink')) AS server (inside)
WHERE (a.wait_event_type = 'Lock' OR a.pid = ANY(%(own)s)) AND a.datname = current_database()
  AND %(me)s IN (a.pid, blocking) AND (a.pid <> %(me)s OR other.state LIKE 'idle in transaction%%')
  AND (other.pid = ANY(%(own)s) OR other.application_name = %(name)s OR inside)"""


@dataclass
class Watcher:
    """Watches the connection that runs revisions; `failure` is set when a revision waits for itself."""

    engine: Engine
    driver: Any
    backend: int  # the server process of the connection; behind a pooler, the driver knows another number
    folder: Path
    failure: Failure | None = None
    address: tuple[str, int, str] = field(init=False)
    _end: Event = field(default_factory=Event)
    _cancelled: int = 0
    _seen: set[int] = field(default_factory=set)

    def __post_init__(self) -> None:
        self.address = Served.of(self.driver).address

    def require_none(self) -> None:
        """Raise Failure if a revision has waited for itself, since the cancelled statement has done nothing."""
        if self.failure:
            raise self.failure

    def run(self) -> None:
        """Look for waits until `stop` is called. While no connection can be opened, nothing is detected."""
        while not self._end.wait(MOMENT):
            with suppress(psycopg2.Error, DBAPIError), closing(self.engine.raw_connection()) as other:
                driver: Any = other.driver_connection
                driver.autocommit = True
                with driver.cursor() as cursor:
                    while not self._end.is_set():
                        self._look(cursor)
                        self._end.wait(MOMENT / 2)

    def stop(self) -> None:
        """End the watch."""
        self._end.set()

    def _look(self, cursor: Any) -> None:
        me, here = self.backend, self.driver
        own = {served.pid: one for one, served in opened().items() if served.address == self.address}
        own[me] = here
        cursor.execute(WAITS, {"me": me, "own": list(own), "name": NAME})
        before, self._seen = self._seen, set()
        for pid, other, what, inside in cursor.fetchall():
            if pid == other and is_busy(here) and not inside:
                continue
            self._seen.add(other)
            if other not in before:  # a statement that is about to end may release the lock in a moment
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
        place = place_in_revision(self.folder)
        waiting, holding = f"a second connection of the revision, process {other},", "the revision's own transaction"
        if not waits:
            waiting, holding = holding, waiting
        return Failure(
            f"A revision waits for itself{place}: {waiting} waits for a lock on {what}, and {holding} holds it.",
            "Let the revision use the connection that it has: op.get_bind(), or Session(op.get_bind()).",
        )


@contextmanager
def watched(connection: Connection, folder: Path, settings: str) -> Iterator[Watcher]:
    """Watch the connection while revisions of the project in `folder` run on it.

    `settings` is a statement that is run on every connection which a revision requests from the engine. Raises Failure
    if a revision waits for itself, in place of the error that the revision raises then.
    """
    # A separate engine: the listeners of the other one change while the thread connects.
    watcher = Watcher(
        engine(connection.engine.url), connection.connection.driver_connection, connection.info[pooler.BACKEND], folder
    )

    def connected(driver: Any, _: object) -> None:
        with autocommit(driver), driver.cursor() as cursor:
            cursor.execute(settings)

    event.listen(connection.engine, "connect", connected)
    thread = Thread(target=watcher.run, daemon=True)
    thread.start()
    try:
        with recorded():
            yield watcher
    except Exception as error:
        if watcher.failure:
            raise watcher.failure from error
        raise
    finally:
        event.remove(connection.engine, "connect", connected)
        watcher.stop()
        thread.join(MOMENT)


def place_in_revision(folder: Path) -> str:
    """Return the place in a revision that this process is at, as ` (alembic/versions/x.py:12)`; "" if unknown."""
    for frame in reversed(list(sys._current_frames().values())):
        inner: Any = frame
        while inner:
            path = Path(inner.f_code.co_filename)
            if "down_revision" in inner.f_globals and path.is_relative_to(folder):
                return f" ({path.relative_to(folder)}:{inner.f_lineno})"
            inner = inner.f_back
    return ""
