"""Describe the sessions that hold a lock which another session waits for, and the way to end the wait.

The queries of other sessions may contain secrets, so they are shown only if an environment variable permits it.
"""

from __future__ import annotations

import os
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from typing import Any

from whisper_migrate.catalog.names import identifier
from whisper_migrate.catalog.sql import literal
from whisper_migrate.databases import QUERIES

SESSION = """
       coalesce(a.pid, 0) AS pid, a.usename AS role, a.application_name, a.state, a.query, a.backend_type,
       extract(epoch FROM clock_timestamp() - a.xact_start)::float AS age,
       a.pid IS NOT NULL AND a.query = '<insufficient privilege>' AS hidden, current_user AS me"""

# Asked only about a process that waits: pg_blocking_pids() stops all locking on the server for a moment.
OF_BACKEND = f"""
SELECT {SESSION}
FROM pg_catalog.pg_stat_activity AS me, unnest(pg_catalog.pg_blocking_pids(me.pid)) AS blocking
LEFT JOIN pg_catalog.pg_stat_activity AS a ON a.pid = blocking
WHERE me.pid = :pid AND me.wait_event_type = 'Lock'"""

# A prepared transaction has no process. It is found by its locks: one that a waiter wants, or one that blocks readers.
PREPARED = """
SELECT DISTINCT x.gid, x.owner AS role, extract(epoch FROM clock_timestamp() - x.prepared)::float AS age
FROM pg_catalog.pg_prepared_xacts AS x
JOIN pg_catalog.pg_locks AS own ON own.locktype = 'transactionid' AND own.transactionid = x.transaction AND own.granted
JOIN pg_catalog.pg_locks AS held
  ON held.virtualtransaction = own.virtualtransaction AND held.pid IS NULL AND held.granted"""
PREPARED_BEFORE = f"""{PREPARED}
JOIN pg_catalog.pg_locks AS wanted ON NOT wanted.granted AND wanted.pid = :pid
 AND (held.locktype, held.database, held.relation, held.page, held.tuple, held.transactionid, held.classid, held.objid)
     IS NOT DISTINCT FROM (wanted.locktype, wanted.database, wanted.relation, wanted.page, wanted.tuple,
                           wanted.transactionid, wanted.classid, wanted.objid)"""

# Only an AccessExclusiveLock blocks readers.
EXCLUSIVE = """
held.locktype = 'relation' AND held.mode = 'AccessExclusiveLock' AND held.granted
AND held.database = (SELECT d.oid FROM pg_catalog.pg_database AS d WHERE d.datname = current_database())"""
OF_READERS = f"""
SELECT DISTINCT {SESSION}
FROM pg_catalog.pg_locks AS held JOIN pg_catalog.pg_stat_activity AS a USING (pid)
WHERE {EXCLUSIVE} AND pid <> pg_catalog.pg_backend_pid() ORDER BY 1"""
PREPARED_BEFORE_READERS = f"{PREPARED} WHERE {EXCLUSIVE}"

Ask = Callable[..., Iterable[Any]]  # runs a query with named values, and returns its rows


@dataclass(frozen=True)
class Blockers:
    """Sessions and prepared transactions that hold a lock: `words` describe them, `remedies` are without duplicates."""

    words: str
    remedies: tuple[str, ...]

    @property
    def remedy(self) -> str:
        """All remedies as one text."""
        return " ".join(self.remedies)


def of_backend(ask: Ask, pid: int) -> Blockers | None:
    """Return the sessions that block the process `pid`; None if nobody does."""
    return _found(ask(OF_BACKEND, pid=pid), ask, PREPARED_BEFORE, pid=pid)


def of_readers(ask: Ask) -> Blockers | None:
    """Return the sessions whose locks block readers of this database; None if there are none."""
    return _found(ask(OF_READERS), ask, PREPARED_BEFORE_READERS)


def _found(sessions: Iterable[Any], ask: Ask, prepared: str, **values: Any) -> Blockers | None:
    rows = list(sessions)
    said = [described(row) for row in rows if row.pid]
    if len(said) < len(rows) or not rows:
        said += [_prepared(row) for row in ask(prepared, **values)]
    if not said:
        return None
    return Blockers("; ".join(words for words, _ in said), tuple(dict.fromkeys(remedy for _, remedy in said)))


def described(row: Any) -> tuple[str, str]:
    """Return the words for a session, a row of the columns `SESSION`, and the way to end the wait for it."""
    since = f" for {row.age:.0f} s" if row.age is not None else ""
    if row.backend_type == "autovacuum worker" or (row.hidden and row.role is None):
        wraparound = "to prevent wraparound" in (row.query or "")
        what = ", which prevents the wraparound of transaction ids" if wraparound else ""
        remedy = (
            "Do not end autovacuum, PostgreSQL would start it again. Wait for it: SELECT * FROM"
            " pg_stat_progress_vacuum; and then try again."
        )
        if row.query and not (wraparound or row.hidden):
            remedy = (
                "PostgreSQL cancels this autovacuum for a statement that waits longer than deadlock_timeout, by default"
                " 1 s: try again with --lock-timeout 3."
            )
        return f"process {row.pid} (autovacuum{since}{what})", remedy
    if row.hidden:
        return (
            f"process {row.pid} (role {row.role}; the rest is hidden from {row.me})",
            f"To see what it does: GRANT pg_read_all_stats TO {identifier(row.me)};",
        )
    name = repr(row.application_name) if row.application_name else "no name"
    query = f": {' '.join(row.query.split())[:100]}" if os.environ.get(QUERIES) and row.query else ""
    return (
        f"process {row.pid} (role {row.role}, application {name}, {row.state or 'in a transaction'}{since}){query}",
        f"Wait until that session is done, or end it: SELECT pg_terminate_backend({row.pid});",
    )


def _prepared(row: Any) -> tuple[str, str]:
    return (
        f"the prepared transaction {literal(row.gid)} (role {row.role}, prepared {row.age:.0f} s ago)",
        f"End the prepared transaction: ROLLBACK PREPARED {literal(row.gid)}; (or COMMIT PREPARED)",
    )
