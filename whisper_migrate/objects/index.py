"""Indexes that are not a constraint's own (pg_index)."""

from whisper_migrate.catalog import Object
from whisper_migrate.errors import Failure

CATALOG = "pg_class"
AFTER = ("constraint", "materialized_view")


# -1 stood for no statistics target until PostgreSQL 17 made it NULL.
QUERY = """
SELECT i.indexrelid AS oid, i.indrelid::regclass::text AS parent, i.indexrelid::regclass::text AS identity,
       quote_ident(x.relname) AS name,
       pg_get_indexdef(i.indexrelid) AS definition,
       NOT (i.indisvalid AND i.indisready AND i.indislive) AS invalid,
       i.indisclustered AS clustered,
       i.indisreplident AS replica_identity,
       ts.spcname AS tablespace,
       keys.statistics,
       CASE WHEN NOT up.indisvalid THEN up.indexrelid::regclass::text END AS attached_to,
       coalesce(up.indisvalid, false) AS derived
FROM pg_catalog.pg_index AS i
JOIN pg_catalog.pg_class AS x ON x.oid = i.indexrelid
LEFT JOIN pg_catalog.pg_inherits AS part ON part.inhrelid = i.indexrelid AND x.relispartition
LEFT JOIN pg_catalog.pg_index AS up ON up.indexrelid = part.inhparent
LEFT JOIN pg_catalog.pg_tablespace AS ts ON ts.oid = x.reltablespace
LEFT JOIN (
    SELECT a.attrelid, array_agg(a.attnum || '=' || a.attstattarget ORDER BY a.attnum) AS statistics
    FROM pg_catalog.pg_attribute AS a
    WHERE nullif(a.attstattarget, -1) IS NOT NULL
    GROUP BY a.attrelid
) AS keys ON keys.attrelid = i.indexrelid
WHERE i.indexrelid >= 16384 AND i.indrelid >= 16384 AND x.relpersistence <> 't'
  AND x.relnamespace <> 'pg_toast'::regnamespace
  AND i.indexrelid NOT IN (SELECT con.conindid FROM pg_catalog.pg_constraint AS con
                           WHERE con.contype IN ('p', 'u', 'x'))
"""


def create(item: Object) -> list[str]:
    """Raises Failure for an invalid one: only a failed CREATE INDEX CONCURRENTLY leaves that."""
    definition, only = item["definition"], f" ON ONLY {item.parent} "
    if only in definition:
        # PostgreSQL prints a partitioned table's index so, which leaves it invalid until every partition has its part.
        definition = definition if item["invalid"] else definition.replace(only, f" ON {item.parent} ", 1)
    elif item["invalid"]:
        raise Failure(f"No statement makes the index {item.identity} invalid, as it is on the other side.")
    plain = item.but(attached_to=None, clustered=False, tablespace=None, statistics=None)
    return [definition, *_settings(plain, item)]


def drop(item: Object) -> list[str]:
    return [] if item["attached_to"] else [f"DROP INDEX {item.identity}"]  # it goes along with its parent's


def renamed(item: Object, name: str) -> list[str]:
    return [f"ALTER INDEX {item.identity} RENAME TO {name}"]


def alter(before: Object, after: Object) -> list[str] | None:
    """None for another definition; an index that a failed CONCURRENTLY left invalid is built again as well."""
    if any(before[name] != after[name] for name in ("definition", "invalid")) or _let_go(before, after):
        return None
    return _settings(before, after)


def finish(item: Object, before: Object | None = None) -> list[str]:
    """A table can point to one index: this comes when the others have let go."""
    statements = []
    if item["clustered"] and not (before and before["clustered"]):
        statements.append(f"ALTER TABLE {item.parent} CLUSTER ON {item['name']}")
    if item["replica_identity"] and not (before and before["replica_identity"]):
        statements.append(f"ALTER TABLE {item.parent} REPLICA IDENTITY USING INDEX {item['name']}")
    return statements


def _let_go(before: Object, after: Object) -> bool:
    return bool(before["attached_to"] and before["attached_to"] != after["attached_to"])


def _settings(before: Object, after: Object) -> list[str]:
    index, statements = f"ALTER INDEX {after.identity}", []
    if before["attached_to"] != after["attached_to"]:
        statements.append(f"ALTER INDEX {after['attached_to']} ATTACH PARTITION {after.identity}")
    if before["tablespace"] != after["tablespace"]:
        statements.append(f"{index} SET TABLESPACE {after['tablespace'] or 'pg_default'}")
    if before["clustered"] and not after["clustered"]:
        statements.append(f"ALTER TABLE {after.parent} SET WITHOUT CLUSTER")
    old, new = (dict(pair.split("=") for pair in item["statistics"] or ()) for item in (before, after))
    return statements + [
        f"{index} ALTER COLUMN {number} SET STATISTICS {new.get(number, -1)}"
        for number in sorted(old | new)
        if old.get(number) != new.get(number)
    ]
