"""The sizes of a database's tables, and how fast its server reads them."""

from __future__ import annotations

import time
from collections.abc import Iterable, Mapping
from dataclasses import dataclass

from sqlalchemy import Connection, text
from sqlalchemy.exc import DBAPIError

from whisper_migrate.catalog.sql import run
from whisper_migrate.running.foreign_conditions import may_be_read

# A partitioned table has the size of all its partitions. pg_table_size() waits for a session that has locked the table.
SIZES = """
SELECT one.name, sum(greatest(c.reltuples, 0))::bigint AS rows,
       bool_or(c.reltuples < 0 AND c.relkind <> 'p') AS unknown,
       sum(pg_table_size(c.oid))::bigint AS bytes, sum(pg_indexes_size(c.oid))::bigint AS index_bytes,
       bool_and(c.relkind IN ('r', 'p', 'm')) AS is_plain
FROM unnest(CAST(:names AS text[])) AS one (name)
CROSS JOIN LATERAL (SELECT to_regclass(one.name)::oid AS oid) AS root
CROSS JOIN LATERAL (SELECT root.oid WHERE root.oid IS NOT NULL
                    UNION SELECT tree.relid::oid FROM pg_partition_tree(root.oid) AS tree) AS part
JOIN pg_catalog.pg_class AS c ON c.oid = part.oid
GROUP BY one.name"""

MEGABYTE = 2**20
SAMPLE = 64 * MEGABYTE  # read at most this much to measure the speed
LEAST = 8 * MEGABYTE  # a smaller table says nothing about the speed
USUAL_SPEED = 400 * MEGABYTE  # bytes per second, where no table is large enough to measure it
UNITS = ("bytes", "kB", "MB", "GB", "TB", "PB")


@dataclass(frozen=True)
class Size:
    """The size of a table: the rows that ANALYZE counted (None if it never ran), its bytes, and its indexes' bytes."""

    rows: int | None
    bytes: int
    index_bytes: int
    is_plain: bool = True

    def __str__(self) -> str:
        if not self.bytes:
            return "empty"
        rows = "never analyzed" if self.rows is None else f"{self.rows:,} rows"
        return f"{rows}, {pretty(self.bytes)}"


def sizes(connection: Connection, names: Iterable[str]) -> dict[str, Size]:
    """Return the sizes of the tables that exist in a database, by name."""
    found = connection.execute(text(SIZES), {"names": sorted(names)})
    return {
        row.name: Size(None if row.unknown else row.rows, row.bytes, row.index_bytes, row.is_plain) for row in found
    }


def read_speed(connection: Connection, known: Mapping[str, Size]) -> int:
    """Return the bytes per second at which the server reads the largest of the tables, from a sample of it."""
    plain = [name for name, size in known.items() if size.is_plain and size.bytes >= LEAST]
    if not plain:
        return USUAL_SPEED
    # No role's code can run: policies are an error here, and so is a table that other code would be run for.
    largest = max(plain, key=lambda name: known[name].bytes)
    share = min(100.0, 100.0 * SAMPLE / known[largest].bytes)
    savepoint = connection.begin_nested()
    try:
        run(connection, "SET LOCAL row_security = off")
        run(connection, "SET LOCAL lock_timeout = '1s'")
        run(connection, "SET LOCAL max_parallel_workers_per_gather = 0")
        run(connection, f"LOCK TABLE {largest} IN ACCESS SHARE MODE")
        if not may_be_read(connection, largest):
            return USUAL_SPEED
        start = time.monotonic()
        run(connection, f"SELECT count(*) FROM {largest} TABLESAMPLE SYSTEM ({share:.6f})")
        seconds = max(time.monotonic() - start, 0.001)
    except DBAPIError:  # no right to read it, or it is locked
        return USUAL_SPEED
    finally:
        savepoint.rollback()
    return max(MEGABYTE, int(known[largest].bytes * share / 100 / seconds))


def pretty(number: float) -> str:
    """Return a number of bytes for people: `41 GB`."""
    unit = 0
    while number >= 1024 and unit < len(UNITS) - 1:
        number, unit = number / 1024, unit + 1
    return f"{number:.0f} {UNITS[unit]}"
