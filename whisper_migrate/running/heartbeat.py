"""Detect that the server no longer answers the connection that runs revisions, which would otherwise wait for ever.

TCP keepalives notice a dead network, but not a proxy that is alive and forwards nothing. Behind such a proxy the server
waits for a statement while the client waits for an answer.
"""

from __future__ import annotations

import re
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from typing import Any

from sqlalchemy import URL, Connection, text
from sqlalchemy.exc import DBAPIError

from whisper_migrate.databases.connect import connected
from whisper_migrate.databases.interruption import hang_up, is_busy
from whisper_migrate.databases.pooler import BACKEND
from whisper_migrate.databases.silence import SILENCE
from whisper_migrate.errors import Failure
from whisper_migrate.running.lock import Lock

STATE = "SELECT state, state_change FROM pg_catalog.pg_stat_activity WHERE pid = :pid"
STARTED = "SELECT pid, backend_start FROM pg_catalog.pg_stat_activity WHERE pid IN (:lock, :run)"
END = """
SELECT pg_catalog.pg_terminate_backend(pid) FROM pg_catalog.pg_stat_activity
WHERE pid = :pid AND backend_start = :backend_start"""
UNANSWERED = "no answer"


@dataclass
class Heartbeat:
    """Compares client and server: the connection `driver`, and the server process `pid` that serves it."""

    url: URL
    lock: Lock
    pid: int
    driver: Any
    _idle: object = None  # since when the server has been waiting for a statement, by its own clock
    _since: float | None = None  # since when the client has been waiting for an answer meanwhile

    def beat(self) -> None:
        """Close the connection if the server has been idle for SILENCE seconds while the client waits for an answer."""
        idle = self._idle_since() if is_busy(self.driver) else None
        if idle is None or idle != self._idle:
            self._idle, self._since = idle, time.monotonic()
        elif self._since is not None and time.monotonic() - self._since > SILENCE:
            hang_up(self.driver)

    def _idle_since(self) -> object:
        """Return since when the server process is idle, a word if it is gone or unreachable, or None while it works."""
        rows = self.lock.ask(STATE, pid=self.pid)
        if self.lock.is_lost:
            try:
                with connected(self.url) as other:
                    rows = list(other.execute(text(STATE), {"pid": self.pid}))
            except Failure as failure:
                return UNANSWERED if "in time" in failure.what else None
            except DBAPIError:
                return None
        if not rows:
            return "gone"
        return rows[0].state_change if (rows[0].state or "").startswith("idle") else None


@contextmanager
def ended_when_lost(url: URL, lock: Lock, connection: Connection) -> Iterator[None]:
    """On leaving, terminate the server processes of a lost connection, which would hold their locks for some time."""
    driver: Any = connection.connection.driver_connection
    started = lock.ask(STARTED, lock=lock.pid, run=connection.info[BACKEND])
    try:
        yield
    finally:
        if driver.closed:
            with suppress(Failure, DBAPIError), connected(url) as other:
                for row in started:
                    other.execute(text(END), row._asdict())


def lost(direction: str, revision: str | None, words: str) -> Failure:
    """Return the failure of a run whose connection was lost in a revision; `words` are PostgreSQL's error message."""
    remedy = "PostgreSQL rolls back what was not committed. Run it again: it goes on from there."
    if re.search(r"time-?out", words):
        remedy = f"Raise that time-out for this role, or take it out of DATABASE_URL or the pooler's settings. {remedy}"
    where = f" in {revision}" if revision else ""
    return Failure(f"The {direction} stopped{where}, since the connection to PostgreSQL was lost: {words}.", remedy)
