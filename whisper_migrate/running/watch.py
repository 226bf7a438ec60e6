"""Watch a running revision from another connection: who blocks it, and how far its statement is."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from threading import Event, Thread

from whisper_migrate.databases.blockers import Blockers, of_backend
from whisper_migrate.running.heartbeat import Heartbeat
from whisper_migrate.running.lock import Lock
from whisper_migrate.running.progress_views import progress

WAITED = """
SELECT extract(epoch FROM clock_timestamp() - min(waitstart))::float FROM pg_catalog.pg_locks
WHERE pid = :pid AND NOT granted"""

STANDBY = "SELECT FROM pg_catalog.pg_stat_activity WHERE pid = :pid AND wait_event = 'SyncRep'"


@dataclass
class Watch:
    """Watches the server process that runs the revision (`heartbeat.pid`), and reports to `tell` at each interval."""

    lock: Lock
    heartbeat: Heartbeat
    interval: float
    tell: Callable[[str], None]
    blockers: Blockers | None = None
    busy: Event = field(default_factory=Event)
    has_cancelled: bool = False
    doing: str = ""  # what the running statement reports of itself
    _end: Event = field(default_factory=Event)
    _seen: float = 0  # when the process was last seen waiting
    _looked: float = field(default_factory=time.monotonic)  # when it was last looked at
    _was_waiting: bool = False  # whether it waited then
    _observed: float = 0  # how long the running statement has waited
    _allowed: float | None = None

    def allow(self, seconds: float | None) -> None:
        """Limit the total time that the next statement may wait for its locks; None is no limit."""
        self._observed, self._allowed = 0, seconds
        self._looked, self._was_waiting = time.monotonic(), False

    def waited(self, start: float, end: float) -> float:
        """Return how many seconds a statement that ran from `start` to `end` waited for locks, at most."""
        if self._seen < start:
            return min(end - start, self.interval)
        return min(end, self._seen + self.interval) - start

    @property
    def pid(self) -> int:
        """The number of the server process."""
        return self.heartbeat.pid

    def blocked_by(self) -> str:
        """The sessions that blocked the revision last, in words."""
        return self.blockers.words if self.blockers else "another session, which was gone before it could be seen"

    @property
    def remedy(self) -> str:
        """The advice on the sessions that block the revision."""
        said = self.blockers.remedy if self.blockers else "Try again."
        return f"{said} --retry-for and --lock-timeout say how long to try."

    def run(self) -> None:
        """Look at the process again and again, until the end."""
        while not self._end.wait(self._pause()):
            if self.busy.is_set():
                self.tell(self._look())
                self._looked = time.monotonic()
            self.heartbeat.beat()

    def _look(self) -> str:
        found = of_backend(self.lock.ask, self.pid)
        if not found:
            self._was_waiting = False
        else:
            self.blockers = found
            self._waits()
            return f"waits for {found.words}"
        if self.lock.ask(STANDBY, pid=self.pid):
            return "waits for a synchronous standby to confirm the commit"
        return progress(self.lock, self.pid) or self.doing

    def _pause(self) -> float:
        """Return the seconds until the next look: no more than the running statement may still wait."""
        left = self.interval if self._allowed is None else self._allowed - self._observed
        return min(max(left, 0.02), self.interval)

    def _waits(self) -> None:
        """Add the time that the process has waited since the last look; cancel its statement beyond the limit."""
        now = time.monotonic()
        since = now - self._looked
        if not self._was_waiting:
            waited = [row[0] for row in self.lock.ask(WAITED, pid=self.pid)]
            since = min([since, *(seconds for seconds in waited if seconds is not None)])
        self._observed += since
        self._seen, self._was_waiting = now, True
        if self._allowed is not None and self._observed >= self._allowed:
            self.has_cancelled = True
            self.lock.ask("SELECT pg_cancel_backend(:pid)", pid=self.pid)

    @contextmanager
    def watching(self) -> Iterator[Watch]:
        """Watch in a thread while the block runs."""
        thread = Thread(target=self.run, daemon=True)
        thread.start()
        try:
            yield self
        finally:
            self._end.set()
            thread.join(1)
            if thread.is_alive():
                self.lock.hang_up()
                thread.join()
