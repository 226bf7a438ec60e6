"""Give the shadow a partition of each partitioned table whose partitions only the real database has.

Without a partition, the shadow has no file of the table that a statement could rewrite or read.
"""

from __future__ import annotations

from collections.abc import Collection
from functools import partial

from sqlalchemy import URL, Connection, text
from sqlalchemy.exc import DBAPIError

from whisper_migrate.catalog.sql import run
from whisper_migrate.databases.reading import in_snapshot

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
