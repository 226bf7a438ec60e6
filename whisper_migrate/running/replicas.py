"""How far the replicas of a server are behind a run: by the WAL positions that the run has noted, and their times.

PostgreSQL's own replay_lag is the delay of what was replayed last: it does not grow while nothing is replayed.
"""

from __future__ import annotations

import time
from collections import deque
from dataclasses import dataclass, field

from whisper_migrate.running.lock import Lock

# NULL where no replica streams, or where the role may not see that: pg_read_all_stats shows it.
POSITIONS = """
SELECT pg_catalog.pg_current_wal_lsn() - '0/0' AS written, min(replay_lsn) - '0/0' AS replayed
FROM pg_catalog.pg_stat_replication WHERE state = 'streaming'"""


@dataclass
class Replicas:
    """The streaming replicas of the server behind a lock's connection."""

    lock: Lock
    _written: deque[tuple[float, int]] = field(default_factory=deque)  # seconds and WAL position, not replayed yet

    def behind(self) -> float:
        """Return the seconds since the slowest replica had everything; 0 if there is none, or it has everything."""
        now = time.monotonic()
        for written, replayed in self.lock.ask(POSITIONS):
            if replayed is None:
                self._written.clear()
            elif not self._written or self._written[-1][1] < written:
                self._written.append((now, written))
            while self._written and self._written[0][1] <= replayed:
                self._written.popleft()
        return now - self._written[0][0] if self._written else 0
