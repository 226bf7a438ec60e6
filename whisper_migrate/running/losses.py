"""What a step takes away that people may have filled: tables, columns, and values that a narrower type does not hold.

A table or a column that is renamed is no loss: they are told apart by PostgreSQL's own numbers, in a shadow.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from psycopg2.errors import UndefinedColumn, UndefinedTable
from sqlalchemy import Connection, text
from sqlalchemy.exc import DBAPIError

from whisper_migrate.catalog import Change
from whisper_migrate.inspect import BOOKKEEPING
from whisper_migrate.names import shown
from whisper_migrate.planning.hazards import narrowing
from whisper_migrate.sql import run

HELD = """
SELECT c.oid::bigint AS oid, coalesce(a.attnum, 0) AS number, format('%I.%I', n.nspname, c.relname) AS table_name,
       quote_ident(a.attname) AS column_name
FROM pg_catalog.pg_class AS c
JOIN pg_catalog.pg_namespace AS n ON n.oid = c.relnamespace
LEFT JOIN LATERAL (
    SELECT a.attnum, a.attname FROM pg_catalog.pg_attribute AS a
    WHERE a.attrelid = c.oid AND a.attnum > 0 AND NOT a.attisdropped AND a.attgenerated = ''
    UNION ALL SELECT 0, NULL) AS a ON true
WHERE c.relkind IN ('r', 'p') AND c.oid >= 16384 AND n.nspname !~ '^pg_' AND c.relname <> ALL (:bookkeeping)"""

# By PostgreSQL's numbers of table and column (0 is the whole table), their names.
Holdings = Mapping[tuple[int, int], tuple[str, str | None]]


@dataclass(frozen=True)
class Loss:
    """A table, or a column of it, that loses what it holds; `what` says so for people, `table` and `column` for SQL."""

    what: str
    table: str | None = None
    column: str | None = None
    has_rows: bool = True

    def rows(self, connection: Connection) -> int | None:
        """In how many rows there is something to lose; None where that cannot be counted."""
        if self.table is None:
            return None if self.has_rows else 0
        try:
            with connection.begin_nested():
                return int(run(connection, f"SELECT count({self.column or '*'}) FROM {self.table}").scalar_one())
        except DBAPIError as error:
            if isinstance(error.orig, (UndefinedTable, UndefinedColumn)):
                return 0  # nothing is there that could be lost
            return None


def holdings(connection: Connection) -> Holdings:
    """The tables and columns of a database."""
    found = connection.execute(text(HELD), {"bookkeeping": list(BOOKKEEPING)})
    return {(row.oid, row.number): (row.table_name, row.column_name) for row in found}


def losses(origin: Holdings, before: Holdings, after: Holdings, changes: Sequence[Change]) -> list[Loss]:
    """What is lost between two moments in a shadow, named as it was called at the `origin`: what came later is none."""
    gone = [key for key in before if key not in after and key in origin]
    tables = {oid for oid, number in gone if number == 0}
    found = [Loss(f"table {shown(origin[oid, 0][0])}", origin[oid, 0][0]) for oid in sorted(tables)]
    found += [
        Loss(f"column {shown(origin[key][0])}.{origin[key][1]}", *origin[key]) for key in gone if key[0] not in tables
    ]
    named = {(table, column): key for key, (table, column) in before.items()}
    for change in changes:
        item = change.object
        lost = narrowing(change.before, change.after) if change.before and change.after else None
        if not lost:
            continue
        what = f"{item.kind.replace('_', ' ')} {shown(item.identity)}: {lost}"
        key = named.get((str(item.parent), item.identity.removeprefix(f"{item.parent}."))) if item.parent else None
        found.append(Loss(what, *origin[key]) if key and key in origin else Loss(what))
    return found
