"""A second pair of eyes: while a revision runs, another connection sees whom it waits for, and how far an index is."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from threading import Event, Thread
from typing import Any

from whisper_migrate.running.lock import Lock

# Who blocks is asked only of a backend that waits: to tell it, PostgreSQL must stop all locking for a moment.
BLOCKERS = """
SELECT b.pid, b.application_name, b.state, left(regexp_replace(b.query, '\\s+', ' ', 'g'), 100) AS query,
       extract(epoch FROM clock_timestamp() - b.xact_start)::float AS age
FROM pg_catalog.pg_stat_activity AS me, unnest(pg_catalog.pg_blocking_pids(me.pid)) AS blocking
JOIN pg_catalog.pg_stat_activity AS b ON b.pid = blocking
WHERE me.pid = :pid AND me.wait_event_type = 'Lock'"""

INDEX = """
SELECT p.phase, p.index_relid::regclass::text AS name, p.relid::regclass::text AS table_name,
       round(100.0 * CASE WHEN p.tuples_total > 0 THEN p.tuples_done::numeric / p.tuples_total
                          WHEN p.blocks_total > 0 THEN p.blocks_done::numeric / p.blocks_total END)::int AS percent
FROM pg_catalog.pg_stat_progress_create_index AS p WHERE p.pid = :pid"""


@dataclass
class Watch:
    """What the second connection has seen of the backend `pid`; `tell` hears of it again and again."""

    lock: Lock
    pid: int
    interval: float
    tell: Callable[[str], None]
    blocker: str | None = None
    busy: Event = field(default_factory=Event)
    _end: Event = field(default_factory=Event)

    def blocked_by(self) -> str:
        """Who was in the way last, in words."""
        return self.blocker or "another session, which was gone before it could be seen"

    def run(self) -> None:
        """Look, until the end."""
        while not self._end.wait(self.interval):
            if self.busy.is_set():
                self.tell(self._look())

    def _look(self) -> str:
        if blockers := self.lock.ask(BLOCKERS, pid=self.pid):
            self.blocker = "; ".join(_words(row) for row in blockers)
            return f"waits for {self.blocker}"
        for row in self.lock.ask(INDEX, pid=self.pid):
            done = "" if row.percent is None else f" {row.percent} %"
            return f"{row.phase}{done}, index {row.name if row.name != '-' else f'on {row.table_name}'}"
        return ""

    @contextmanager
    def watching(self) -> Iterator[Watch]:
        """Look beside what is done inside."""
        thread = Thread(target=self.run, daemon=True)
        thread.start()
        try:
            yield self
        finally:
            self._end.set()
            thread.join()


def _words(row: Any) -> str:
    since = f", {row.state or 'in a transaction'} for {row.age:.0f} s" if row.age is not None else ""
    return f"process {row.pid} ({row.application_name or 'no name'}{since}): {row.query}"
