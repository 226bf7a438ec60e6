"""Indexes, except those of constraints (pg_index)."""

from dataclasses import replace

from whisper_migrate.catalog.kind import Facts
from whisper_migrate.catalog.model import Object
from whisper_migrate.catalog.partition_parts import INDEXES, NAME, with_names
from whisper_migrate.catalog.sql import sibling
from whisper_migrate.errors import Failure

FACTS = Facts(
    catalog="pg_class",
    owner=None,
    in_metadata=True,
    seen=(),
    after=("constraint", "materialized_view"),
    follows_type=True,
    concerns_rows=True,
    is_replaceable=True,
    is_unique_in_schema=True,
)


# `plain`: btree (403) indexes on columns with default operator classes. Their definition is put together here as
# pg_get_indexdef() prints it, because that function scans all operator classes for each column. (The default class of
# varchar is that of text, unless varchar has its own.) Before PostgreSQL 17, a statistics target of -1 meant none.
QUERY = f"""
WITH relation AS MATERIALIZED (
    SELECT c.oid, quote_ident(n.nspname) AS schema, quote_ident(c.relname) AS name
    FROM pg_catalog.pg_class AS c
    JOIN pg_catalog.pg_namespace AS n ON n.oid = c.relnamespace
    WHERE c.relkind IN ('r', 'p', 'm') AND c.relpersistence <> 't' AND c.oid >= 16384
), plain AS MATERIALIZED (
    SELECT k.oid, string_agg(quote_ident(a.attname) || CASE k.option WHEN 3 THEN ' DESC' WHEN 2 THEN ' NULLS FIRST'
                                                       WHEN 1 THEN ' DESC NULLS LAST' ELSE '' END,
                             ', ' ORDER BY k.number) AS columns
    FROM (SELECT i.indexrelid AS oid, i.indrelid, generate_series(1, i.indnatts) AS number, unnest(i.indkey) AS key,
                 unnest(i.indclass) AS class, unnest(i.indcollation) AS collation, unnest(i.indoption) AS option
          FROM pg_catalog.pg_index AS i
          WHERE i.indexprs IS NULL AND i.indnatts = i.indnkeyatts AND NOT i.indisunique AND i.indexrelid >= 16384) AS k
    JOIN pg_catalog.pg_attribute AS a ON a.attrelid = k.indrelid AND a.attnum = k.key AND a.attrelid >= 16384
    LEFT JOIN pg_catalog.pg_opclass AS o
           ON o.oid = k.class AND o.opcdefault AND o.opcmethod = 403 AND o.oid < 16384
          AND k.collation IN (0, a.attcollation)
          AND (o.opcintype = a.atttypid
               OR o.opcintype = 'text'::regtype AND a.atttypid = 'varchar'::regtype
                  AND NOT EXISTS (SELECT FROM pg_catalog.pg_opclass AS own
                                  WHERE own.opcdefault AND own.opcmethod = 403 AND own.opcintype = 'varchar'::regtype))
    GROUP BY k.oid
    HAVING bool_and(o.oid IS NOT NULL)
), part AS MATERIALIZED ({INDEXES})
SELECT i.indexrelid AS oid, t.schema || '.' || t.name AS parent,
       coalesce(part.identity, t.schema || '.' || quote_ident(x.relname)) AS identity,
       coalesce(part.name, quote_ident(x.relname)) AS name,
       CASE WHEN part.oid IS NOT NULL THEN quote_ident(x.relname) END AS called,
       part.part_of,
       CASE WHEN part.oid IS NOT NULL
            THEN concat('CREATE ', CASE WHEN i.indisunique THEN 'UNIQUE ' END, 'INDEX ON ',
                        substr(pg_get_indexdef(i.indexrelid),
                               length(concat('CREATE ', CASE WHEN i.indisunique THEN 'UNIQUE ' END, 'INDEX ',
                                             quote_ident(x.relname), ' ON ')) + 1))
            WHEN plain.columns IS NULL OR x.relkind <> 'i' OR x.reloptions IS NOT NULL
            THEN pg_get_indexdef(i.indexrelid)
            ELSE concat('CREATE INDEX ', quote_ident(x.relname), ' ON ', t.schema, '.', t.name, ' USING btree (',
                        plain.columns, ')', ' WHERE ' || pg_get_expr(i.indpred, i.indrelid)) END AS definition,
       NOT (i.indisvalid AND i.indisready AND i.indislive) AS invalid,
       i.indisclustered AS clustered,
       i.indisreplident AS replica_identity,
       ts.spcname AS tablespace,
       CASE WHEN i.indexprs IS NOT NULL
            THEN (SELECT array_agg(a.attnum || '=' || a.attstattarget ORDER BY a.attnum)
                  FROM pg_catalog.pg_attribute AS a
                  WHERE a.attrelid = i.indexrelid AND nullif(a.attstattarget, -1) IS NOT NULL) END AS statistics,
       CASE WHEN NOT up.indisvalid THEN up.indexrelid::regclass::text END AS attached_to,
       part.oid IS NOT NULL AS derived
FROM pg_catalog.pg_index AS i
JOIN pg_catalog.pg_class AS x ON x.oid = i.indexrelid
JOIN relation AS t ON t.oid = i.indrelid
LEFT JOIN plain ON plain.oid = i.indexrelid
LEFT JOIN part ON part.oid = i.indexrelid
LEFT JOIN pg_catalog.pg_inherits AS h ON h.inhrelid = i.indexrelid AND x.relispartition
LEFT JOIN pg_catalog.pg_index AS up ON up.indexrelid = h.inhparent
LEFT JOIN pg_catalog.pg_tablespace AS ts ON ts.oid = x.reltablespace
WHERE i.indexrelid >= 16384
  AND i.indexrelid NOT IN (SELECT con.conindid FROM pg_catalog.pg_constraint AS con
                           WHERE con.contype IN ('p', 'u', 'x'))
"""


def create(item: Object) -> list[str]:
    """Raises Failure for an invalid index: only a failed CREATE INDEX CONCURRENTLY leaves one."""
    name = "" if item["part_of"] else f"{item['name']} "
    definition, only = item["definition"], f"INDEX {name}ON ONLY {item.parent} "
    if definition.startswith((f"CREATE {only}", f"CREATE UNIQUE {only}")):
        # PostgreSQL prints ON ONLY, which creates an index that is invalid until each partition has its index.
        whole = f"INDEX {name}ON {item.parent} "
        definition = definition if item["invalid"] else definition.replace(only, whole, 1)
    elif item["invalid"]:
        raise Failure(f"No statement makes the index {item.identity} invalid, as it is on the other side.")
    if item["part_of"]:  # the partition is not attached yet, so PostgreSQL may choose the name
        return [definition]
    return [definition, *_settings(item.but(**PLAIN), item)]


PLAIN = {"attached_to": None, "clustered": False, "tablespace": None, "statistics": None}


def drop(item: Object) -> list[str]:
    return [] if item["attached_to"] else [f"DROP INDEX {_named(item)}"]  # the parent's DROP INDEX drops it too


def rename(item: Object, name: str) -> list[str]:
    return with_names(item, [f"ALTER INDEX {_named(item)} RENAME TO {name}"])


def alter(before: Object, after: Object) -> list[str] | None:
    """Return None if the definition changes, or the index is invalid after a failed CREATE INDEX CONCURRENTLY."""
    if any(before[name] != after[name] for name in ("definition", "invalid")) or _let_go(before, after):
        return None
    return _settings(before, after)


def finish(item: Object, before: Object | None = None) -> list[str]:
    """Mark the index for CLUSTER and replica identity, once partitions are attached.

    A table can mark one index only, so the mark of another index has to be removed before.
    """
    statements = []
    if item["part_of"]:
        item = replace(item, derived=True)
        statements += [] if before else _settings(item.but(**PLAIN), item)
    name = _own_name(item)
    if item["clustered"] and not (before and before["clustered"]):
        statements.append(f"ALTER TABLE {item.parent} CLUSTER ON {name}")
    if item["replica_identity"] and not (before and before["replica_identity"]):
        statements.append(f"ALTER TABLE {item.parent} REPLICA IDENTITY USING INDEX {name}")
    return with_names(item, statements)


def _let_go(before: Object, after: Object) -> bool:
    return bool(before["attached_to"] and before["attached_to"] != after["attached_to"])


def _settings(before: Object, after: Object) -> list[str]:
    index, statements = f"ALTER INDEX {_named(before)}", []
    if before["attached_to"] != after["attached_to"]:
        statements.append(f"ALTER INDEX {after['attached_to']} ATTACH PARTITION {after.identity}")
    if before["tablespace"] != after["tablespace"]:
        statements.append(f"{index} SET TABLESPACE {after['tablespace'] or 'pg_default'}")
    if before["clustered"] and not after["clustered"]:
        statements.append(f"ALTER TABLE {after.parent} SET WITHOUT CLUSTER")
    old, new = (dict(pair.split("=") for pair in item["statistics"] or ()) for item in (before, after))
    statements += [
        f"{index} ALTER COLUMN {number} SET STATISTICS {new.get(number, -1)}"
        for number in sorted(old | new)
        if old.get(number) != new.get(number)
    ]
    return with_names(before, statements)


def _own_name(item: Object) -> str:
    """Return the index's name; NAME, to be looked up, for a partition index unless the partition is detached."""
    return NAME if item.derived else str(item.called or item["name"])


def _named(item: Object) -> str:
    return sibling(str(item.parent), _own_name(item))
