"""The values that rows which exist already have in a column that a revision adds."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from typing import Any

from whisper_migrate.catalog.sql import literal

# A table that ALTER TABLE changes stays locked until the transaction ends.
COLUMNS = """
SELECT a.attrelid::bigint, a.attnum::int,
       CASE WHEN t.oid < 16384 THEN format_type(t.oid, a.atttypmod) ELSE format('%%I.%%I', n.nspname, t.typname) END,
       CASE WHEN a.atthasmissing THEN (a.attmissingval::text::text[])[1] END,
       a.attgenerated <> '' OR a.attidentity <> '', a.atthasdef, c.relkind = 'p'
FROM pg_catalog.pg_attribute AS a
JOIN pg_catalog.pg_class AS c ON c.oid = a.attrelid
JOIN pg_catalog.pg_type AS t ON t.oid = a.atttypid JOIN pg_catalog.pg_namespace AS n ON n.oid = t.typnamespace
WHERE a.attnum > 0 AND NOT a.attisdropped AND c.relkind IN ('r', 'p') AND c.oid = ANY (%s)"""

# (table oid, column number) -> the value as SQL; None if each row has a value of its own
Values = Mapping[tuple[int, int], str | None]


def values(cursor: Any, changed: Collection[int], rewritten: Collection[int]) -> Values:
    """Return the values in the columns of the tables `changed`, right after the statement that added the columns."""
    if not changed:
        return {}
    cursor.execute(COLUMNS, (sorted(changed),))
    found: dict[tuple[int, int], str | None] = {}
    for oid, number, type_, missing, is_computed, has_default, is_partitioned in cursor.fetchall():
        if missing is not None:
            found[oid, number] = f"{literal(missing)}::{type_}"
        elif is_computed or (has_default and (is_partitioned or oid in rewritten)):
            found[oid, number] = None
        else:
            found[oid, number] = f"NULL::{type_}"
    return found
