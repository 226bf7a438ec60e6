"""Allow one run at a time, by an advisory lock that lasts as long as its connection.

The lock has a connection of its own, idle and in autocommit. A transaction, or a statement that waits for the lock,
would hold a snapshot. CREATE INDEX CONCURRENTLY waits for every older snapshot. The connection that runs revisions
holds a second advisory lock, since its server process may outlive a killed client.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from threading import RLock, Timer
from typing import Any

from sqlalchemy import URL, Connection, text
from sqlalchemy.exc import DBAPIError, OperationalError, ProgrammingError

from whisper_migrate.addresses.connection_failures import connection_failure
from whisper_migrate.databases.connect import engine
from whisper_migrate.databases.interruption import hang_up
from whisper_migrate.databases.pooler import require_session
from whisper_migrate.databases.silence import SILENCE
from whisper_migrate.databases.writable import require_writable
from whisper_migrate.errors import Failure, reason
from whisper_migrate.running.patience import WAIT_FOR_LOCK, pause

RUNS = 0x77686973  # "whis": the first half of the locks' keys
RUN, BACKEND = 1, 2  # the second half of the keys

HOLDER = f"""
SELECT a.pid, a.application_name, to_char(a.backend_start, 'YYYY-MM-DD HH24:MI:SS TZ') AS since
FROM pg_catalog.pg_locks AS l JOIN pg_catalog.pg_stat_activity AS a USING (pid)
WHERE l.locktype = 'advisory' AND l.granted AND l.objsubid = 2 AND l.classid = {RUNS} AND l.objid = :number
  AND l.database = (SELECT oid FROM pg_catalog.pg_database WHERE datname = current_database())"""


@dataclass
class Lock:
    """The lock while it is held. Its connection also answers questions about the connection that runs revisions."""

    connection: Connection
    pid: int
    _one_at_a_time: RLock = field(default_factory=RLock)  # two threads use the connection
    _lost: str | None = None

    def ask(self, query: str, **values: Any) -> list[Any]:
        """Return the rows of a query; no rows once the connection is lost."""
        with self._one_at_a_time:
            if self._lost is None:
                timer = Timer(SILENCE, self.hang_up)
                timer.daemon = True
                timer.start()
                try:
                    return list(self.connection.execute(text(query), values))
                except DBAPIError as error:
                    self._lost = reason(error)
                finally:
                    timer.cancel()
            return []

    @property
    def is_lost(self) -> bool:
        """Whether the lock's connection is lost."""
        return self._lost is not None

    def hang_up(self) -> None:
        """Close the socket, so that a query without an answer fails at once."""
        if not self.connection.invalidated:
            driver: Any = self.connection.connection.driver_connection
            hang_up(driver)

    def require(self, before: str) -> None:
        """Raise Failure if the lock is lost; `before` names the revision that must then not begin."""
        held = [row for row in self.ask(HOLDER, number=RUN) if row.pid == self.pid]
        if not held:
            raise Failure(
                f"The lock is lost ({self._lost or 'somebody released it'}): stopped before {before}.",
                "Another run may be at work by now. Run it again: it waits for that one.",
            )


@contextmanager
def locked(url: URL, say: Callable[[str], None], wait_for_lock: float = WAIT_FOR_LOCK) -> Iterator[Lock]:
    """Hold the lock of the database behind `url`; while another run holds it, wait, and name that run with `say`.

    Raises Failure after waiting for `wait_for_lock` seconds, or if the database does not accept writes.
    """
    try:
        connection = engine(url, isolation_level="AUTOCOMMIT").connect()
    except (OperationalError, ProgrammingError) as error:
        raise connection_failure(url, error) from error
    with connection:
        require_session(connection)
        require_writable(connection)
        take(connection, RUN, say, wait_for_lock)
        yield Lock(connection, int(connection.scalar(text("SELECT pg_backend_pid()"))))


def take(connection: Connection, number: int, say: Callable[[str], None], wait: float = WAIT_FOR_LOCK) -> None:
    """Take a lock until the connection ends. Polls, since a statement that waits would hold a snapshot.

    Raises Failure after `wait` seconds.
    """
    attempt, said, deadline = 0, None, time.monotonic() + wait
    while not connection.scalar(text(f"SELECT pg_try_advisory_lock({RUNS}, {number})")):
        found = connection.execute(text(HOLDER), {"number": number}).first()
        connection.commit()
        left = deadline - time.monotonic()
        if found is not None and (left <= 0 or found.pid != said):
            said = found.pid
            what = "Another run is at work" if number == RUN else "A run that was stopped is not yet gone"
            since = f", connected since {found.since}" if found.since else ""
            what = f"{what}: process {found.pid} ({found.application_name or 'no name'}{since})."
            if left <= 0:
                longer = f"{2 * max(wait, 30):g}"
                raise Failure(
                    f"Nothing was run, after waiting for {wait:g} s. {what}",
                    f"Run it again when that one is done, wait longer with --wait-for-lock {longer} (plain alembic:"
                    f" WHISPER_WAIT_FOR_LOCK={longer}), or end it: SELECT pg_terminate_backend({found.pid});",
                )
            say(f"{what} Waiting for it.")
        time.sleep(min(pause(attempt) / 4, 1, max(left, 0)))
        attempt += 1
    connection.commit()


def guard(connection: Connection, say: Callable[[str], None], wait_for_lock: float = WAIT_FOR_LOCK) -> None:
    """Take the second lock, which marks the connection that runs revisions."""
    take(connection, BACKEND, say, wait_for_lock)
