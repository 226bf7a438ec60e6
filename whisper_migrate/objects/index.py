"""Indexes that are not a constraint's own (pg_index)."""

from whisper_migrate.catalog import Object

CATALOG = "pg_class"
AFTER = ("constraint", "materialized_view")


def query(version: int) -> str:
    """-1 stood for "no statistics target" until PostgreSQL 17 made it NULL."""
    return QUERY.format(target="a.attstattarget" if version >= 17 else "nullif(a.attstattarget, -1)")


QUERY = """
SELECT i.indexrelid AS oid, i.indrelid::regclass::text AS parent, i.indexrelid::regclass::text AS identity,
       quote_ident(x.relname) AS name,
       pg_get_indexdef(i.indexrelid) AS definition,
       NOT (i.indisvalid AND i.indisready AND i.indislive) AS invalid,
       i.indisclustered AS clustered,
       ts.spcname AS tablespace,
       (SELECT array_agg(a.attnum || '=' || a.attstattarget ORDER BY a.attnum)
        FROM pg_catalog.pg_attribute AS a
        WHERE a.attrelid = i.indexrelid AND {target} IS NOT NULL) AS statistics,
       x.relispartition AS inherited
FROM pg_catalog.pg_index AS i
JOIN pg_catalog.pg_class AS x ON x.oid = i.indexrelid
LEFT JOIN pg_catalog.pg_tablespace AS ts ON ts.oid = x.reltablespace
WHERE i.indexrelid >= 16384 AND i.indrelid >= 16384 AND x.relpersistence <> 't'
  AND x.relnamespace <> 'pg_toast'::regnamespace
  AND i.indexrelid NOT IN (SELECT con.conindid FROM pg_catalog.pg_constraint AS con
                           WHERE con.contype IN ('p', 'u', 'x'))
"""


def create(item: Object) -> list[str]:
    # PostgreSQL prints a partitioned table's index as ON ONLY, which would leave it without its parts.
    definition = item["definition"].replace(" ON ONLY ", " ON ", 1)
    return [definition, *_settings(None, item)]


def drop(item: Object) -> list[str]:
    return [f"DROP INDEX {item.identity}"]


def alter(before: Object, after: Object) -> list[str] | None:
    """None for another definition; an index that a failed CONCURRENTLY left invalid is built again as well."""
    if before["definition"] != after["definition"] or before["invalid"] or before["inherited"] != after["inherited"]:
        return None
    return _settings(before, after)


def _settings(before: Object | None, after: Object) -> list[str]:
    statements = []
    if (before["tablespace"] if before else None) != after["tablespace"]:
        statements.append(f"ALTER INDEX {after.identity} SET TABLESPACE {after['tablespace'] or 'pg_default'}")
    if (before["clustered"] if before else False) != after["clustered"]:
        cluster = f"CLUSTER ON {after['name']}" if after["clustered"] else "SET WITHOUT CLUSTER"
        statements.append(f"ALTER TABLE {after.parent} {cluster}")
    old = dict(pair.split("=") for pair in (before["statistics"] if before else None) or ())
    new = dict(pair.split("=") for pair in after["statistics"] or ())
    for number in sorted(old | new):
        if old.get(number) != new.get(number):
            statements.append(
                f"ALTER INDEX {after.identity} ALTER COLUMN {number} SET STATISTICS {new.get(number, -1)}"
            )
    return statements
