"""The values that rows which exist already have in a column that a revision adds."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from typing import Any

from whisper_migrate.catalog.sql import literal

# The value of a domain is asked as one of its base type, whose constants fail at no check. A generated column, and the
# constant default of a domain, have their expression as the value: its columns have the names of this moment.
# A table that ALTER TABLE changes stays locked until the transaction ends.
COLUMNS = """
SELECT a.attrelid::bigint, a.attnum::int,
       CASE WHEN t.oid < 16384 THEN format_type(t.oid, coalesce(base.mod, a.atttypmod))
            ELSE format('%%I.%%I', n.nspname, t.typname) END,
       CASE WHEN a.atthasmissing THEN (a.attmissingval::text::text[])[1] END,
       a.attidentity <> '', a.atthasdef, c.relkind = 'p',
       CASE WHEN a.attgenerated <> '' THEN e.text
            WHEN base.mod IS NOT NULL AND e.text !~ '[(]' THEN regexp_replace(e.text, '::[^'']+$', '') END
FROM pg_catalog.pg_attribute AS a
JOIN pg_catalog.pg_class AS c ON c.oid = a.attrelid
LEFT JOIN pg_catalog.pg_attrdef AS d ON d.adrelid = a.attrelid AND d.adnum = a.attnum
LEFT JOIN LATERAL pg_get_expr(d.adbin, d.adrelid) AS e(text) ON true
LEFT JOIN LATERAL (
    WITH RECURSIVE under(type, mod) AS (
        SELECT d.typbasetype, d.typtypmod FROM pg_catalog.pg_type AS d WHERE d.oid = a.atttypid AND d.typtype = 'd'
        UNION ALL
        SELECT d.typbasetype, d.typtypmod FROM under JOIN pg_catalog.pg_type AS d
               ON d.oid = under.type AND d.typtype = 'd')
    SELECT under.type, under.mod FROM under JOIN pg_catalog.pg_type AS d ON d.oid = under.type AND d.typtype <> 'd'
) AS base ON true
JOIN pg_catalog.pg_type AS t ON t.oid = coalesce(base.type, a.atttypid)
JOIN pg_catalog.pg_namespace AS n ON n.oid = t.typnamespace
WHERE a.attnum > 0 AND NOT a.attisdropped AND c.relkind IN ('r', 'p') AND c.oid = ANY (%s)"""

# (table oid, column number) -> the value as SQL; None if each row has a value of its own
Values = Mapping[tuple[int, int], str | None]


def values(cursor: Any, changed: Collection[int], rewritten: Collection[int]) -> Values:
    """Return the values in the columns of the tables `changed`, right after the statement that added the columns."""
    if not changed:
        return {}
    cursor.execute(COLUMNS, (sorted(changed),))
    found: dict[tuple[int, int], str | None] = {}
    for oid, number, type_, missing, is_computed, has_default, is_partitioned, expression in cursor.fetchall():
        if expression is not None:
            found[oid, number] = f"({expression})::{type_}"
        elif missing is not None:
            found[oid, number] = f"{literal(missing)}::{type_}"
        elif is_computed or (has_default and (is_partitioned or oid in rewritten)):
            found[oid, number] = None
        else:
            found[oid, number] = f"NULL::{type_}"
    return found
