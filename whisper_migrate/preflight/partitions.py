"""Partitions: those that only the real database has, and the rows that their bounds allow.

Without a partition, the shadow has no file of a partitioned table that a statement could rewrite or read.
"""

from __future__ import annotations

from collections.abc import Collection, Mapping
from functools import partial

from sqlalchemy import URL, Connection, text
from sqlalchemy.exc import DBAPIError

from whisper_migrate.catalog.model import Object
from whisper_migrate.catalog.names import shown
from whisper_migrate.catalog.sql import run
from whisper_migrate.databases.reading import in_snapshot
from whisper_migrate.rows.violations import Violation

# The largest of the partitions that the shadow does not have.
LARGEST = """
SELECT DISTINCT ON (parent.name) parent.name AS parent, format('%I.%I', n.nspname, c.relname) AS name,
       pg_get_expr(c.relpartbound, c.oid) AS bound
FROM unnest(CAST(:names AS text[])) AS parent (name)
JOIN pg_catalog.pg_inherits AS i ON i.inhparent = to_regclass(parent.name)::oid
JOIN pg_catalog.pg_class AS c ON c.oid = i.inhrelid AND c.relispartition AND c.relkind IN ('r', 'p')
JOIN pg_catalog.pg_namespace AS n ON n.oid = c.relnamespace
WHERE format('%I.%I', n.nspname, c.relname) <> ALL (CAST(:names AS text[]))
ORDER BY parent.name, c.relpages DESC, 2"""

# A hash partition's rows cannot be asked: its constraint has the oid of its parent table.
BOUNDS = """
SELECT c.oid::bigint AS oid, format('%I.%I', n.nspname, c.relname) AS name,
       pg_get_partition_constraintdef(c.oid) AS condition
FROM pg_catalog.pg_class AS c JOIN pg_catalog.pg_namespace AS n ON n.oid = c.relnamespace
WHERE c.relispartition AND c.relkind IN ('r', 'p') AND pg_get_expr(c.relpartbound, c.oid) !~ '^FOR VALUES WITH'"""


def add_partitions(shadow: Connection, url: URL, tables: Collection[str]) -> dict[int, str]:
    """Create the partitions in the shadow; return their oids there, with the names of the partitioned tables.

    `tables` are the tables of the shadow. A partition whose schema or bound is not possible there is left out.
    """
    found: dict[int, str] = {}
    for parent, name, bound in in_snapshot(url, partial(_largest, tables=sorted(tables))):
        savepoint = shadow.begin_nested()
        try:
            run(shadow, f"CREATE TABLE {name} PARTITION OF {parent} {bound}")
            oid = shadow.scalar(text("SELECT to_regclass(:name)::oid::bigint"), {"name": name})
        except DBAPIError:
            savepoint.rollback()
            continue
        savepoint.commit()
        found[int(oid)] = parent
    shadow.commit()
    return found


def _largest(connection: Connection, tables: list[str]) -> list[tuple[str, str, str]]:
    return [(row.parent, row.name, row.bound) for row in connection.execute(text(LARGEST), {"names": tables})]


def bounds(shadow: Connection) -> dict[int, tuple[str, str]]:
    """Return the name of each partition, and the condition that its rows keep; by oid."""
    found = {row.oid: (row.name, row.condition) for row in shadow.execute(text(BOUNDS)) if row.condition}
    shadow.commit()
    return found


def new_bounds(old: Mapping[int, tuple[str, str]], new: Mapping[int, tuple[str, str]]) -> tuple[Violation, ...]:
    """Return the possible violations of bounds: a table is attached, or the default partition gets a new neighbour."""
    found = []
    for oid, (name, condition) in new.items():
        _, before = old.get(oid, ("", "true"))
        if before == condition:
            continue
        rows = f"{before} AND NOT ({condition})" if before != "true" else f"NOT ({condition})"
        bound = Object("partition_bound", name, None, ("definition",), (condition,))
        what = f"{shown(name)}: the upgrade fails where a row does not fit into the partition."
        look = f"SELECT count(*) FROM {shown(name)} WHERE {shown(rows)}"
        found.append(Violation(bound, name, rows, what, look))
    return tuple(found)
