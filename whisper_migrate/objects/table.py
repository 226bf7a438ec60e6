"""Tables, ordinary and partitioned (pg_class)."""

from collections.abc import Sequence

from whisper_migrate.catalog.kind import Facts
from whisper_migrate.catalog.model import Catalog, Object
from whisper_migrate.catalog.sql import option_changes, options
from whisper_migrate.errors import Failure
from whisper_migrate.objects import column

FACTS = Facts(
    catalog="pg_class",
    owner="TABLE",
    in_metadata=True,
    seen=(),
    after=("schema", "extension", "enum", "sequence"),
    is_relation=True,
    is_table=True,
    has_parts=True,
    holds_data=True,
    is_kept=True,
    moves=True,
    concerns_rows=True,
    is_unique_in_schema=True,
    exports=("toasted",),
)

QUERY = """
SELECT c.oid, c.oid::regclass::text AS identity,
       CASE c.relpersistence WHEN 'u' THEN true ELSE false END AS unlogged,
       pg_get_partkeydef(c.oid) AS partition_key,
       pg_get_expr(c.relpartbound, c.oid) AS partition_bound,
       up.parents, coalesce(up.detaching, false) AS detaching,
       CASE WHEN c.reloftype <> 0 THEN c.reloftype::regtype::text END AS of_type,
       (SELECT array_agg(option ORDER BY option)
        FROM (SELECT unnest(c.reloptions) UNION ALL SELECT 'toast.' || unnest(t.reloptions)) AS o(option)) AS options,
       am.amname AS access_method,
       ts.spcname AS tablespace,
       CASE WHEN c.relreplident = 'd' THEN 'DEFAULT' WHEN c.relreplident = 'f' THEN 'FULL'
            WHEN c.relreplident = 'i' AND EXISTS (SELECT FROM pg_catalog.pg_index AS i
                                                  WHERE i.indrelid = c.oid AND i.indisreplident) THEN 'INDEX'
            ELSE 'NOTHING' END AS replica_identity,
       c.relrowsecurity AS row_security,
       c.relforcerowsecurity AS force_row_security
FROM pg_catalog.pg_class AS c
LEFT JOIN pg_catalog.pg_class AS t ON t.oid = c.reltoastrelid
LEFT JOIN pg_catalog.pg_am AS am ON am.oid = c.relam
LEFT JOIN pg_catalog.pg_tablespace AS ts ON ts.oid = c.reltablespace
LEFT JOIN (
    SELECT i.inhrelid, array_agg(i.inhparent::regclass::text ORDER BY i.inhseqno) AS parents,
           bool_or(i.inhdetachpending) AS detaching
    FROM pg_catalog.pg_inherits AS i
    GROUP BY i.inhrelid
) AS up ON up.inhrelid = c.oid
WHERE c.relkind IN ('r', 'p') AND c.relpersistence <> 't' AND c.oid >= 16384
"""


def create(item: Object, inside: Sequence[Object] = ()) -> list[str]:
    """Create the table with the columns and constraints in `inside`."""
    columns = [part for part in inside if part.kind == "column"]
    if item["of_type"]:
        parts = [f"{c['name']} WITH OPTIONS {' '.join(words)}" for c in columns if (words := column.qualities(c))]
    else:
        parts = [column.definition(part) for part in columns]
    parts += [f"CONSTRAINT {part['name']} {part['definition']}" for part in inside if part.kind == "constraint"]
    listed = " (\n    " + ",\n    ".join(parts) + "\n)" if parts else ""
    unlogged = "UNLOGGED " if item["unlogged"] else ""
    if item["partition_bound"]:
        statement = f"CREATE {unlogged}TABLE {item.identity} PARTITION OF {item['parents'][0]}"
        # A partition has its parent's columns; its own constraints come before its bound.
        statement += f"{listed} {item['partition_bound']}"
    elif item["of_type"]:
        statement = f"CREATE {unlogged}TABLE {item.identity} OF {item['of_type']}{listed}"
    else:
        statement = f"CREATE {unlogged}TABLE {item.identity}{listed or ' ()'}"
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
    return [statement, *extra, *_identity_and_security(item.but(**PLAIN), item)]


PLAIN = {"replica_identity": "DEFAULT", "row_security": False, "force_row_security": False}


def rename(item: Object, name: str) -> list[str]:
    return [f"ALTER TABLE {item.identity} RENAME TO {name}"]


def look(item: Object, catalog: Catalog) -> object:
    """Return the table's columns and their types."""
    return {(column["name"], column["type"]) for column in catalog.children(item.identity, "column")}


def drop(item: Object) -> list[str]:
    """Detach a partition first: PostgreSQL refuses to drop one that a foreign key refers to."""
    alone = item.but(parents=None, partition_bound=None) if item["partition_bound"] else item
    return [*_let_go(item, alone), f"DROP TABLE {item.identity}"]


def without_references(before: Object, after: Object, tied: bool) -> Object:
    """Return the table without parents and type if `tied`. Partitions exchange bounds only when all are detached."""
    return before.but(parents=None, partition_bound=None, detaching=False, of_type=None) if tied else before


def alter(before: Object, after: Object) -> list[str] | None:
    """Return None if the partition key changes. `finish` gives the table its parents and its type."""
    if before["partition_key"] != after["partition_key"]:
        return None
    if after["detaching"] and not before["detaching"]:
        raise Failure(f"No statement leaves {after.identity} half detached, as it is on the other side.")
    table = f"ALTER TABLE {after.identity}"
    statements = _let_go(before, after)
    if before["of_type"] and not after["of_type"]:
        statements.append(f"{table} NOT OF")
    if before["unlogged"] != after["unlogged"]:
        statements.append(f"{table} SET {'UNLOGGED' if after['unlogged'] else 'LOGGED'}")
    statements += option_changes(table, before["options"], after["options"])
    if before["access_method"] != after["access_method"]:
        statements.append(f"{table} SET ACCESS METHOD {after['access_method'] or 'DEFAULT'}")
    if before["tablespace"] != after["tablespace"]:
        statements.append(f"{table} SET TABLESPACE {after['tablespace'] or 'pg_default'}")
    return statements + _identity_and_security(before, after)


def _let_go(before: Object, after: Object) -> list[str]:
    if after["parents"]:
        return []
    if before["partition_bound"]:
        finalize = " FINALIZE" if before["detaching"] else ""
        return [f"ALTER TABLE {before['parents'][0]} DETACH PARTITION {before.identity}{finalize}"]
    return [f"ALTER TABLE {before.identity} NO INHERIT {parent}" for parent in before["parents"] or ()]


def toasted(item: Object) -> list[str]:
    """Return the TOAST options again: a changed column may have created the TOAST table only now."""
    toast = [option for option in item["options"] or () if option.startswith("toast.")]
    return [f"ALTER TABLE {item.identity} SET ({options(toast)})"] if toast else []


def finish(item: Object, before: Object | None = None) -> list[str]:
    """Attach an existing table to its parents and type when all its columns and constraints exist."""
    if before is None:
        return []
    statements = [f"ALTER TABLE {item.identity} OF {item['of_type']}"] if item["of_type"] else []
    statements = statements if before["of_type"] != item["of_type"] else []
    if before["parents"] == item["parents"]:
        return statements
    if item["partition_bound"]:
        return [
            *statements,
            f"ALTER TABLE {item['parents'][0]} ATTACH PARTITION {item.identity} {item['partition_bound']}",
        ]
    return statements + [f"ALTER TABLE {item.identity} INHERIT {parent}" for parent in item["parents"] or ()]


def _identity_and_security(before: Object, after: Object) -> list[str]:
    table, statements = f"ALTER TABLE {after.identity}", []
    # The kind `index` or `constraint` sets a replica identity that uses an index.
    if before["replica_identity"] != after["replica_identity"] != "INDEX":
        statements.append(f"{table} REPLICA IDENTITY {after['replica_identity']}")
    if before["row_security"] != after["row_security"]:
        statements.append(f"{table} {'ENABLE' if after['row_security'] else 'DISABLE'} ROW LEVEL SECURITY")
    if before["force_row_security"] != after["force_row_security"]:
        statements.append(f"{table} {'FORCE' if after['force_row_security'] else 'NO FORCE'} ROW LEVEL SECURITY")
    return statements
