"""Run a marked UPDATE in batches: each is a transaction of its own, by the order of the table's primary key.

The journal holds the last key of the batches that are committed, in the same transaction as their rows. A run that is
stopped goes on behind that key.
"""

from __future__ import annotations

import json
import time
from dataclasses import dataclass, field, replace
from typing import Any

from whisper_migrate.databases.batched_update import BatchedUpdate, KeyColumn, compared
from whisper_migrate.databases.engine_search_path import engine_search_path
from whisper_migrate.errors import Failure
from whisper_migrate.running.autocommit import Autocommit
from whisper_migrate.running.journal import Entry
from whisper_migrate.running.replicas import Replicas
from whisper_migrate.wording.plurals import counted

# A child of a plain table need not have its parent's key, so its rows could be missed.
KEY = """
SELECT quote_ident(a.attname), format_type(a.atttypid, a.atttypmod)
FROM pg_index AS i JOIN pg_class AS c ON c.oid = i.indexrelid JOIN pg_am AS m ON m.oid = c.relam
CROSS JOIN unnest(i.indkey::int2[]) WITH ORDINALITY AS k (attnum, place)
JOIN pg_attribute AS a ON (a.attrelid, a.attnum) = (i.indrelid, k.attnum)
WHERE i.indrelid = %s AND i.indisprimary AND i.indisvalid AND m.amname = 'btree' AND k.place <= i.indnkeyatts
  AND NOT EXISTS (SELECT FROM pg_inherits AS h JOIN pg_class AS p ON p.oid = h.inhparent
                  WHERE h.inhparent = i.indrelid AND p.relkind = 'r')
ORDER BY k.place"""
SIZE = """
SELECT coalesce(sum(c.reltuples) FILTER (WHERE c.reltuples > 0), 0)::bigint
FROM pg_partition_tree(%s) AS t JOIN pg_class AS c ON c.oid = t.relid WHERE t.isleaf"""
WAITING = "SELECT count(*) FROM pg_catalog.pg_locks WHERE NOT granted AND :pid = ANY (pg_catalog.pg_blocking_pids(pid))"
LEAST = 100  # rows: a smaller batch costs more than it spares others
MOST_ROWS = 2**31 - 1  # that the journal can hold


@dataclass
class Batches:
    """A marked UPDATE, the primary key of its table, and about how many rows the table has (0 if that is unknown)."""

    autocommit: Autocommit
    cursor: Any
    update: BatchedUpdate
    key: list[KeyColumn]
    rows: int
    _size: int = field(init=False)
    _replicas: Replicas = field(init=False)
    _first: int = 0  # the rows that earlier runs have visited
    _visited: int = 0
    _began: float = field(default_factory=time.monotonic)

    def __post_init__(self) -> None:
        self._size = self.autocommit.patience.batch_rows
        self._replicas = Replicas(self.autocommit.watch.lock)

    @classmethod
    def of(cls, autocommit: Autocommit, cursor: Any, sql: str) -> Batches | None:
        """Return the batches of a marked statement; None, and a line that says why, if it has to run as a whole."""
        found, why = BatchedUpdate.parse(sql), "only an UPDATE without RETURNING has batches"
        if found:
            with cursor.connection.cursor() as other:
                other.execute("SELECT %s::pg_catalog.regclass::pg_catalog.oid", (found.table,))
                (table,) = other.fetchone()
                with engine_search_path(other):
                    other.execute(KEY, (table,))
                    key = [KeyColumn(*row) for row in other.fetchall()]
                    other.execute(SIZE, (table,))
                    (rows,) = other.fetchone()
            if key and not any(map(found.may_set, key)):
                return cls(autocommit, cursor, found, key, rows)
            why = f"{found.table} has no primary key that stays as it is"
        autocommit.say(f"  Not in batches, but as one statement: {why}: {' '.join(sql.split())[:80]}.")
        return None

    def run(self, entry: Entry, known: Entry | None) -> None:
        """Run the batches that are not done. `entry` is the statement's; `known` is what the journal has of it."""
        reached: list[str] | None = json.loads(known.reached) if known and known.reached else None
        changed, batches = (known.rows or 0 if known else 0), 0
        self._first = self._visited = changed
        watch = self.autocommit.watch
        if reached:
            self.autocommit.say(f"  Statement {entry.statement} goes on behind {counted(changed, 'row')}.")
        try:
            while True:
                batch = _Batch(self, entry, changed, reached)
                self.autocommit.run(batch, self.cursor, self.update.before, entry, finished=batch.finished)
                changed, batches = batch.changed, batches + 1
                if batch.upto is None:
                    break
                reached, self._visited = batch.upto, self._visited + self._size
                watch.doing = self._so_far()
                self._ease_off(batch, entry)
        finally:
            watch.doing = ""
        self.autocommit.say(f"  Statement {entry.statement}: {counted(changed, 'row')} in {counted(batches, 'batch')}.")

    def execute(self, reached: list[str] | None) -> list[str] | None:
        """Run the batch behind the key `reached`, and return the key where it ends; None if it is the last one."""
        named, columns = self.update.named, [column.name for column in self.key]
        where = f" WHERE {compared(self.key, '>', reached, named)}" if reached else ""
        self.cursor.execute(
            f"SELECT {', '.join(f'{named}.{name}::text' for name in columns)} FROM {self.update.source}{where}"
            f" ORDER BY {', '.join(f'{named}.{name}' for name in columns)} OFFSET {self._size - 1} LIMIT 1"
        )
        found = self.cursor.fetchone()
        upto = list(found) if found else None
        self.cursor.execute(self.update.between(self.key, reached, upto))
        return upto

    def _so_far(self) -> str:
        rate = (self._visited - self._first) / max(time.monotonic() - self._began, 0.001)
        if self.rows <= self._visited:
            return f"{self._visited:,} rows, {rate:,.0f} a second"
        left = (self.rows - self._visited) / rate
        return f"{self._visited:,} of about {self.rows:,} rows, {rate:,.0f} a second, about {left:.0f} s left"

    def _ease_off(self, batch: _Batch, entry: Entry) -> None:
        """Leave time to sessions that waited for the batch, and to replicas that are behind.

        Raises Failure if a replica does not catch up.
        """
        patience, watch = self.autocommit.patience, self.autocommit.watch
        if batch.waiting:
            time.sleep(batch.seconds)
            self._size = max(self._size // 2, min(LEAST, patience.batch_rows))
        else:
            self._size = min(self._size * 2, patience.batch_rows)
        deadline = time.monotonic() + patience.retry_for
        while patience.replica_lag and (lag := self._replicas.behind()) > patience.replica_lag:
            if time.monotonic() > deadline:
                raise Failure(
                    f"A replica is {lag:.0f} s behind, and does not catch up: statement {entry.statement} of"
                    f" {entry.revision} is stopped. Its batches so far are committed.",
                    f"migrate.py {entry.direction}   (goes on behind them; --replica-lag 0 waits for no replica)",
                )
            watch.doing = f"waits for a replica that is {lag:.0f} s behind"
            time.sleep(0.2)


@dataclass
class _Batch:
    """The batch behind the key `reached`; `before` rows were changed before it. It is called once for each attempt."""

    batches: Batches
    entry: Entry
    before: int
    reached: list[str] | None
    upto: list[str] | None = None
    changed: int = 0
    waiting: int = 0
    seconds: float = 0

    def __call__(self) -> None:
        began = time.monotonic()
        self.upto = self.batches.execute(self.reached)
        self.seconds = time.monotonic() - began

    def finished(self, rows: int) -> Entry:
        """Return the entry after a batch of so many changed rows, and count the sessions that wait for it."""
        watch = self.batches.autocommit.watch
        self.waiting = sum(row[0] for row in watch.lock.ask(WAITING, pid=watch.pid))
        self.changed = self.before + rows
        kept = min(self.changed, MOST_ROWS)
        return replace(self.entry, rows=kept, done=self.upto is None, reached=json.dumps(self.upto or []))
