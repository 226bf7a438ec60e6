"""Tables, ordinary and partitioned (pg_class)."""

from collections.abc import Sequence

from whisper_migrate.catalog import Object
from whisper_migrate.objects import column
from whisper_migrate.sql import option_changes, options

CATALOG = "pg_class"
AFTER = ("schema", "extension", "enum", "sequence")

QUERY = """
SELECT c.oid, c.oid::regclass::text AS identity,
       CASE c.relpersistence WHEN 'u' THEN true ELSE false END AS unlogged,
       pg_get_partkeydef(c.oid) AS partition_key,
       pg_get_expr(c.relpartbound, c.oid) AS partition_bound,
       (SELECT array_agg(i.inhparent::regclass::text ORDER BY i.inhseqno)
        FROM pg_catalog.pg_inherits AS i WHERE i.inhrelid = c.oid) AS parents,
       CASE WHEN c.reloftype <> 0 THEN c.reloftype::regtype::text END AS of_type,
       (SELECT array_agg(option ORDER BY option)
        FROM (SELECT unnest(c.reloptions) UNION ALL SELECT 'toast.' || unnest(t.reloptions)) AS o(option)) AS options,
       am.amname AS access_method,
       ts.spcname AS tablespace,
       CASE c.relreplident WHEN 'd' THEN 'DEFAULT' WHEN 'n' THEN 'NOTHING' WHEN 'f' THEN 'FULL'
            ELSE 'USING INDEX ' || (SELECT quote_ident(x.relname) FROM pg_catalog.pg_index AS i
                                    JOIN pg_catalog.pg_class AS x ON x.oid = i.indexrelid
                                    WHERE i.indrelid = c.oid AND i.indisreplident)
       END AS replica_identity,
       c.relrowsecurity AS row_security,
       c.relforcerowsecurity AS force_row_security
FROM pg_catalog.pg_class AS c
LEFT JOIN pg_catalog.pg_class AS t ON t.oid = c.reltoastrelid
LEFT JOIN pg_catalog.pg_am AS am ON am.oid = c.relam
LEFT JOIN pg_catalog.pg_tablespace AS ts ON ts.oid = c.reltablespace
WHERE c.relkind IN ('r', 'p') AND c.relpersistence <> 't' AND c.oid >= 16384
"""


def create(item: Object, inside: Sequence[Object] = ()) -> list[str]:
    """With the columns and constraints of `inside`."""
    columns = [part for part in inside if part.kind == "column"]
    parts = [column.definition(part) for part in columns]
    parts += [f"CONSTRAINT {part['name']} {part['definition']}" for part in inside if part.kind == "constraint"]
    lines = ",\n    ".join(parts)
    unlogged = "UNLOGGED " if item["unlogged"] else ""
    if item["partition_bound"]:
        statement = f"CREATE {unlogged}TABLE {item.identity} PARTITION OF {item['parents'][0]}"
        # Its columns are the parent's; constraints of its own come first, its bound after them.
        statement += f" (\n    {lines}\n)" if parts and not columns else ""
        statement += f" {item['partition_bound']}"
    elif item["of_type"]:
        statement = f"CREATE {unlogged}TABLE {item.identity} OF {item['of_type']}"
    else:
        statement = f"CREATE {unlogged}TABLE {item.identity} (" + (f"\n    {lines}\n)" if lines else ")")
        if item["parents"]:
            statement += f" INHERITS ({', '.join(item['parents'])})"
    if item["partition_key"]:
        statement += f" PARTITION BY {item['partition_key']}"
    if item["access_method"] not in (None, "heap"):
        statement += f" USING {item['access_method']}"
    if item["options"]:
        statement += f" WITH ({options(item['options'])})"
    if item["tablespace"]:
        statement += f" TABLESPACE {item['tablespace']}"
    extra = [s for c in columns for s in column.settings(c)]
    return [statement, *extra, *_security(None, item)]


def finish(item: Object, before: Object | None = None) -> list[str]:
    """Once its indexes are there."""
    if item["replica_identity"] == (before["replica_identity"] if before else "DEFAULT"):
        return []
    return [f"ALTER TABLE {item.identity} REPLICA IDENTITY {item['replica_identity']}"]


def drop(item: Object) -> list[str]:
    return [f"DROP TABLE {item.identity}"]


def alter(before: Object, after: Object) -> list[str] | None:
    """Everything but what a table is made of: its partitioning key and its type are for life."""
    if before["partition_key"] != after["partition_key"] or before["of_type"] != after["of_type"]:
        return None
    table = f"ALTER TABLE {after.identity}"
    statements = _parents(before, after)
    if before["unlogged"] != after["unlogged"]:
        statements.append(f"{table} SET {'UNLOGGED' if after['unlogged'] else 'LOGGED'}")
    statements += option_changes(table, before["options"], after["options"])
    if before["access_method"] != after["access_method"] and after["access_method"]:
        statements.append(f"{table} SET ACCESS METHOD {after['access_method']}")
    if before["tablespace"] != after["tablespace"]:
        statements.append(f"{table} SET TABLESPACE {after['tablespace'] or 'pg_default'}")
    return statements + _security(before, after)


def _parents(before: Object, after: Object) -> list[str]:
    table = f"ALTER TABLE {after.identity}"
    old, new = before["parents"] or (), after["parents"] or ()
    if before["partition_bound"] == after["partition_bound"] and old == new:
        return []
    if before["partition_bound"] or after["partition_bound"]:
        statements = [f"ALTER TABLE {old[0]} DETACH PARTITION {before.identity}"] if old else []
        if new:
            statements.append(f"ALTER TABLE {new[0]} ATTACH PARTITION {after.identity} {after['partition_bound']}")
        return statements
    return [f"{table} NO INHERIT {p}" for p in old if p not in new] + [
        f"{table} INHERIT {p}" for p in new if p not in old
    ]


def _security(before: Object | None, after: Object) -> list[str]:
    table, statements = f"ALTER TABLE {after.identity}", []
    if (before["row_security"] if before else False) != after["row_security"]:
        statements.append(f"{table} {'ENABLE' if after['row_security'] else 'DISABLE'} ROW LEVEL SECURITY")
    if (before["force_row_security"] if before else False) != after["force_row_security"]:
        statements.append(f"{table} {'FORCE' if after['force_row_security'] else 'NO FORCE'} ROW LEVEL SECURITY")
    return statements
