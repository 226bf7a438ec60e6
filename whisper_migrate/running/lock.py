"""One run at a time: an advisory lock, which lasts as long as its connection.

It is held on a connection of its own, in autocommit and idle: a transaction, or a statement that waits for the lock,
would hold a snapshot, for whose end every CREATE INDEX CONCURRENTLY waits. The connection that runs revisions holds a
second one, since its backend may live on for a while after its client was killed.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from threading import RLock
from typing import Any

from sqlalchemy import URL, Connection, text
from sqlalchemy.exc import DBAPIError, OperationalError

from whisper_migrate.databases.connect import engine
from whisper_migrate.databases.failures import connection_failure
from whisper_migrate.databases.pooler import require_session
from whisper_migrate.errors import Failure, reason
from whisper_migrate.running.patience import pause

RUNS = 0x77686973  # "whis": the first half of our locks' numbers
RUN, BACKEND = 1, 2  # the second

HOLDER = f"""
SELECT a.pid, a.application_name, to_char(a.backend_start, 'YYYY-MM-DD HH24:MI:SS TZ') AS since
FROM pg_catalog.pg_locks AS l JOIN pg_catalog.pg_stat_activity AS a USING (pid)
WHERE l.locktype = 'advisory' AND l.granted AND l.objsubid = 2 AND l.classid = {RUNS} AND l.objid = :number
  AND l.database = (SELECT oid FROM pg_catalog.pg_database WHERE datname = current_database())"""


@dataclass
class Lock:
    """The lock, while it is held; its connection also answers questions about the other one."""

    connection: Connection
    pid: int
    _one_at_a_time: RLock = field(default_factory=RLock)  # it is asked by two threads
    _lost: str | None = None

    def ask(self, query: str, **values: Any) -> list[Any]:
        """The rows that a query gives; none once the connection is lost."""
        with self._one_at_a_time:
            if self._lost is None:
                try:
                    return list(self.connection.execute(text(query), values))
                except DBAPIError as error:
                    self._lost = reason(error)
            return []

    def require(self, before: str) -> None:
        """Raises Failure when the lock is lost: `before` is what must not be begun then."""
        held = [row for row in self.ask(HOLDER, number=RUN) if row.pid == self.pid]
        if not held:
            raise Failure(
                f"The lock is lost ({self._lost or 'somebody released it'}): stopped before {before}.",
                "Another run may be at work by now. Run it again: it waits for that one.",
            )


@contextmanager
def locked(url: URL, say: Callable[[str], None]) -> Iterator[Lock]:
    """Hold the lock of the database behind `url`; wait for it while another run has it, and `say` which one."""
    try:
        connection = engine(url, isolation_level="AUTOCOMMIT").connect()
    except OperationalError as error:
        raise connection_failure(url, error) from error
    with connection:
        require_session(connection)
        take(connection, RUN, say)
        yield Lock(connection, int(connection.scalar(text("SELECT pg_backend_pid()"))))


def take(connection: Connection, number: int, say: Callable[[str], None]) -> None:
    """Take a lock for as long as the connection lasts: it asks and asks again, and never waits inside a statement."""
    attempt, said = 0, None
    while not connection.scalar(text(f"SELECT pg_try_advisory_lock({RUNS}, {number})")):
        found = connection.execute(text(HOLDER), {"number": number}).first()
        connection.commit()
        if found is not None and found.pid != said:
            said = found.pid
            what = "Another run is at work" if number == RUN else "A run that was stopped is not yet gone"
            since = f", connected since {found.since}" if found.since else ""
            say(f"{what}: process {found.pid} ({found.application_name or 'no name'}{since}). Waiting for it.")
        time.sleep(min(pause(attempt) / 4, 1))
        attempt += 1
    connection.commit()


def guard(connection: Connection, say: Callable[[str], None]) -> None:
    """Let the connection that runs revisions be known as such."""
    take(connection, BACKEND, say)
