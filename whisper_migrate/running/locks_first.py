"""Take all table locks of a transaction before its first statement, as the rehearsal has seen them.

A transaction keeps its locks to the end. If it altered one table, worked for a minute, and then waited for a second
table, queries on the first table would wait for all of that. If it does not get its locks at the beginning, nothing is
lost but the attempt.

A transaction that changes rows before it needs such a lock takes its locks as it goes: its tables would otherwise be
blocked while it changes the rows.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any, NamedTuple

from psycopg2.extensions import TRANSACTION_STATUS_INERROR
from sqlalchemy import Connection, event

from whisper_migrate.databases.driver import listening
from whisper_migrate.databases.engine_search_path import engine_search_path
from whisper_migrate.databases.lock_modes import MODES, OF_SCHEMA_CHANGES, WRITES, words
from whisper_migrate.databases.version_table import names
from whisper_migrate.running.session import Listener, Underway

# LOCK TABLE takes no foreign tables and no materialized views.
TABLES = """
WITH held AS MATERIALIZED (
    SELECT l.relation, pg_catalog.array_agg(l.mode) AS modes FROM pg_catalog.pg_locks AS l
    WHERE l.locktype = 'relation' AND l.pid = pg_catalog.pg_backend_pid() AND l.granted
      AND l.database = (SELECT d.oid FROM pg_catalog.pg_database AS d
                        WHERE d.datname = pg_catalog.current_database())
    GROUP BY l.relation
), parents AS MATERIALIZED (
    SELECT i.inhparent, pg_catalog.array_agg(i.inhrelid::bigint) AS children FROM pg_catalog.pg_inherits AS i
    GROUP BY i.inhparent
)
SELECT c.oid::bigint, quote_ident(n.nspname) || '.' || quote_ident(c.relname),
       (SELECT count(*) FROM pg_catalog.pg_partition_ancestors(c.oid)), parents.children, held.modes
FROM pg_catalog.pg_class AS c JOIN pg_catalog.pg_namespace AS n ON n.oid = c.relnamespace
LEFT JOIN held ON held.relation = c.oid LEFT JOIN parents ON parents.inhparent = c.oid
WHERE c.oid >= 16384 AND c.relkind IN ('r', 'p') AND c.relpersistence <> 't' AND c.relname <> ALL (%s)"""
# The tables of these names that the role may lock, in every mode.
LOCKABLE = """
SELECT quote_ident(n.nspname) || '.' || quote_ident(c.relname)
FROM pg_catalog.pg_class AS c JOIN pg_catalog.pg_namespace AS n ON n.oid = c.relnamespace
WHERE quote_ident(n.nspname) || '.' || quote_ident(c.relname) = ANY (%s) AND c.relkind IN ('r', 'p')
  AND has_schema_privilege(n.oid, 'USAGE') AND has_table_privilege(c.oid, 'UPDATE, DELETE, TRUNCATE')"""


@dataclass(frozen=True)
class TableLock:
    """A lock on a table, and on its partitions if `with_partitions`; `mode` is a name of pg_locks."""

    table: str
    mode: str
    with_partitions: bool = False

    @property
    def sql(self) -> str:
        """The statement that takes the lock."""
        table = self.table if self.with_partitions else f"ONLY {self.table}"
        return f"LOCK TABLE {table} IN {words(self.mode)} MODE"


# The locks that each transaction of a revision takes first, in their order. The first transaction is the one in which
# the revision begins; another one begins behind each commit in its middle.
Transactions = list[list[TableLock]]


@contextmanager
def observing(connection: Connection) -> Iterator[Transactions]:
    """Observe the transactions of a revision that runs in a shadow, and collect the locks of each."""
    driver: Any = connection.connection.driver_connection
    found: Transactions = []
    before, first = _look(driver), None

    @contextmanager
    def executing(_: Any, __: str) -> Iterator[None]:
        nonlocal first
        yield
        if before and first is None and not driver.autocommit:
            first = _locks_first(before, _look(driver))

    def end(_: Connection | None = None) -> None:
        nonlocal before, first
        if driver.autocommit or driver.info.transaction_status == TRANSACTION_STATUS_INERROR:
            return
        then = _look(driver)
        found.append(_locks(before, then) if first else [])
        before, first = then, None

    event.listen(connection, "commit", end)
    try:
        with listening(driver, executing=executing):
            yield found
            end()
    finally:
        event.remove(connection, "commit", end)


def listener(locks: Mapping[str, Transactions]) -> Listener:
    """Return the listener that takes the locks of each revision's transactions; `locks` has them by revision id."""

    def listen(underway: Underway) -> Callable[[], None]:
        transactions = iter(locks.get(underway.revision, ()))

        def opening(cursor: Any) -> None:
            if wanted := next(transactions, []):
                _take(cursor, wanted)

        underway.opening = opening
        return lambda: None

    return listen


def _take(cursor: Any, locks: list[TableLock]) -> None:
    """Take locks, in one statement, on those of the tables that are there and that the role may lock.

    Raises psycopg2.Error if one of them is not free in time.
    """
    with cursor.connection.silent() as silent, engine_search_path(silent):
        silent.execute(LOCKABLE, ([lock.table for lock in locks],))
        lockable = {table for (table,) in silent.fetchall()}
    statements = [lock.sql for lock in locks if lock.table in lockable]
    if statements:
        cursor.execute("; ".join(statements))


class _Table(NamedTuple):
    name: str
    ancestors: int
    children: tuple[int, ...]
    modes: tuple[str, ...]  # of the locks that the transaction has on it


def _look(driver: Any) -> dict[int, _Table]:
    """Return the tables by oid, with the locks of the current transaction."""
    with driver.silent() as cursor, engine_search_path(cursor):
        cursor.execute(TABLES, (list(names()["bookkeeping"]),))
        return {
            oid: _Table(name, ancestors, tuple(children or ()), tuple(modes or ()))
            for oid, name, ancestors, children, modes in cursor.fetchall()
        }


def _locks_first(before: Mapping[int, _Table], then: Mapping[int, _Table]) -> bool | None:
    """Whether a transaction takes its locks first; None if its statements so far do not decide it."""
    modes = {mode for oid, table in then.items() if oid in before for mode in table.modes}
    if modes & set(OF_SCHEMA_CHANGES) or before.keys() - then.keys():
        return True
    return False if WRITES in modes else None


def _locks(before: Mapping[int, _Table], then: Mapping[int, _Table]) -> list[TableLock]:
    """Return the locks of a transaction on tables that it found: partitioned tables first, then by name.

    Queries lock a partitioned table before its partitions, so another order would meet them in a deadlock.
    """
    modes: dict[int, str] = {}
    for oid in before:
        held = [mode for mode in then[oid].modes if mode in OF_SCHEMA_CHANGES] if oid in then else [MODES[-1]]
        if held:
            modes[oid] = max(held, key=MODES.index)
    order = sorted(modes, key=lambda oid: (before[oid].ancestors, before[oid].name))
    # A table of the database may have partitions that no revision made. They are locked where all others are.
    return [
        TableLock(
            before[oid].name,
            modes[oid],
            bool(before[oid].children) and all(modes.get(child) == modes[oid] for child in before[oid].children),
        )
        for oid in order
    ]
