"""Watch the statements of a revision in a shadow: which locks they take, and which tables they rewrite and scan.

The server itself is asked before and after each statement (pg_locks, pg_class, pg_stat_xact_*). Operations of Alembic,
SQL as text, and loops in Python are therefore all seen.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field, replace
from typing import Any, NamedTuple

from sqlalchemy import Connection

from whisper_migrate.databases.driver import listening
from whisper_migrate.databases.lock_modes import BLOCKS_READS, MODES, WRITES
from whisper_migrate.databases.version_table import names
from whisper_migrate.preflight.new_columns import Values, values
from whisper_migrate.running.concurrently import is_concurrent

# A statement of an autocommit block that may also run in a transaction, where its locks can be read.
IN_TRANSACTION = re.compile(
    r"\s*(?:ALTER|COMMENT|CREATE|DELETE|DROP|INSERT|TRUNCATE|UPDATE)\s+(?!SYSTEM|DATABASE|TABLESPACE|SUBSCRIPTION)",
    re.IGNORECASE,
)

LOOK = """
WITH held AS MATERIALIZED (
    SELECT l.relation, pg_catalog.array_agg(l.mode) AS modes FROM pg_catalog.pg_locks AS l
    WHERE l.locktype = 'relation' AND l.pid = pg_catalog.pg_backend_pid() AND l.granted AND l.mode <> 'SIReadLock'
      AND l.database = (SELECT d.oid FROM pg_catalog.pg_database AS d
                        WHERE d.datname = pg_catalog.current_database())
    GROUP BY l.relation
), keys AS MATERIALIZED (
    SELECT con.conrelid, pg_catalog.array_agg(con.confrelid::bigint) AS refers_to FROM pg_catalog.pg_constraint AS con
    WHERE con.contype = 'f' AND con.convalidated
    GROUP BY con.conrelid
)
SELECT c.oid::bigint, coalesce(i.indrelid, c.oid)::bigint, i.indrelid IS NOT NULL,
       pg_catalog.pg_relation_filenode(c.oid)::bigint, pg_catalog.pg_stat_get_xact_numscans(c.oid),
       keys.refers_to, held.modes
FROM pg_catalog.pg_class AS c LEFT JOIN pg_catalog.pg_index AS i ON i.indexrelid = c.oid
LEFT JOIN held ON held.relation = c.oid LEFT JOIN keys ON keys.conrelid = c.oid
WHERE c.oid >= 16384 AND c.relkind IN ('r', 'p', 'm', 'i') AND c.relname <> ALL (%s)"""
EMPTIES = re.compile(r"\s*TRUNCATE\b", re.IGNORECASE)
CHANGES_ROWS = re.compile(r"\b(?:INSERT|UPDATE|DELETE|MERGE|COPY|TRUNCATE|EXECUTE|CALL)\b", re.IGNORECASE)


@dataclass(frozen=True)
class Effect:
    """A statement, and what it did to tables, which are given by their oids in the shadow.

    `locks` has the strongest lock on each table at the end of the statement. `rewritten` tables got new files,
    `scanned` ones were read as a whole, and `indexed` ones got a new index or had one rebuilt. `alone`: the statement
    ran outside of the revision's transaction, so its locks ended with it. `written` tables may have rows inserted,
    updated or deleted by it. `values` are the values of existing rows in columns of the tables that it locked as a
    whole.
    """

    sql: str
    locks: Mapping[int, str]
    rewritten: frozenset[int]
    scanned: frozenset[int]
    indexed: frozenset[int]
    alone: bool
    written: frozenset[int] = frozenset()
    values: Values = field(default_factory=dict)

    @property
    def is_concurrent(self) -> bool:
        """Whether it is a CONCURRENTLY statement, behind which no session waits."""
        return is_concurrent(self.sql)


class _Relation(NamedTuple):
    table: int
    is_index: bool
    file: int | None
    scans: int
    refers_to: tuple[int, ...]  # the tables of its foreign keys whose rows are checked
    modes: tuple[str, ...]


@contextmanager
def watching(connection: Connection) -> Iterator[list[Effect]]:
    """Collect the effects of the statements that run on a shadow's connection meanwhile."""
    found: list[Effect] = []

    @contextmanager
    def executing(cursor: Any, statement: str) -> Iterator[None]:
        with cursor.connection.silent() as silent:
            alone = bool(cursor.connection.autocommit)
            inside = alone and IN_TRANSACTION.match(statement) is not None and not is_concurrent(statement)
            if inside:
                silent.execute("BEGIN")
            before = _look(silent)
            try:
                yield
            except BaseException:
                if inside:
                    silent.execute("ROLLBACK")
                raise
            effect = _effect(statement, before, _look(silent), alone)
            changed = [oid for oid, mode in effect.locks.items() if mode in BLOCKS_READS]
            found.append(replace(effect, values=values(silent, changed, effect.rewritten)))
            if inside:
                silent.execute("COMMIT")

    with listening(connection.connection.driver_connection, executing=executing):
        yield found


def _look(cursor: Any) -> dict[int, _Relation]:
    bookkeeping = names()
    cursor.execute(LOOK, (list(bookkeeping["bookkeeping"]),))
    return {
        oid: _Relation(table, is_index, file, scans, tuple(refers_to or ()), tuple(modes or ()))
        for oid, table, is_index, file, scans, refers_to, modes in cursor.fetchall()
    }


def _effect(sql: str, before: Mapping[int, _Relation], after: Mapping[int, _Relation], alone: bool) -> Effect:
    rewritten, scanned, indexed, written = set(), set(), set(), set()
    dropped = (oid for oid, then in before.items() if oid not in after and not then.is_index)
    files = {then.file for then in before.values()}
    locks = dict.fromkeys(dropped, MODES[-1])
    for oid, now in after.items():
        then = before.get(oid)
        if now.is_index:
            if now.file not in files:  # a change of type may create an index anew with its old file
                indexed.add(now.table)
            continue
        if now.modes:
            locks[oid] = max(now.modes, key=MODES.index)
        # A later statement keeps the lock of an earlier one.
        if WRITES in now.modes and (then is None or WRITES not in then.modes or CHANGES_ROWS.search(sql)):
            written.add(oid)
        if then and then.file != now.file:
            rewritten.add(oid)
        if then and now.scans > then.scans:
            scanned.add(oid)
    # A new foreign key reads all of its own table and looks keys up in the other one, whatever an empty shadow scans.
    new = {oid: now.refers_to for oid, now in after.items() if oid in before and now.refers_to != before[oid].refers_to}
    if any(len(now) > len(before[oid].refers_to) for oid, now in new.items()):
        scanned = scanned - {other for now in new.values() for other in now} | new.keys()
    if EMPTIES.match(sql):  # new files, without rows
        rewritten, scanned, indexed = set(), set(), set()
    return Effect(sql, locks, frozenset(rewritten), frozenset(scanned), frozenset(indexed), alone, frozenset(written))
