"""Primary key, unique, check, foreign key and exclusion constraints of tables (pg_constraint)."""

from whisper_migrate.catalog import Object
from whisper_migrate.sql import option_changes

CATALOG = "pg_constraint"
AFTER = ("column", "function")

# An internal trigger that is switched off (DISABLE TRIGGER ALL) means a foreign key that PostgreSQL no longer keeps.
QUERY = """
SELECT con.oid, con.conrelid::regclass::text AS parent,
       quote_ident(con.conname) || ' on ' || con.conrelid::regclass AS identity,
       quote_ident(con.conname) AS name,
       CASE con.contype WHEN 'p' THEN 'primary key' WHEN 'u' THEN 'unique' WHEN 'c' THEN 'check'
                        WHEN 'f' THEN 'foreign key' WHEN 'x' THEN 'exclusion' END AS type,
       pg_get_constraintdef(con.oid) AS definition,
       CASE WHEN con.contype = 'f' THEN con.confrelid::regclass::text END AS references,
       off.tables AS not_enforced_by,
       CASE WHEN i.indexrelid IS NOT NULL THEN quote_ident(x.relname) END AS index,
       x.reloptions AS index_options, ts.spcname AS tablespace,
       i.indisclustered AS clustered, NOT (i.indisvalid AND i.indisready) AS invalid,
       NOT con.conislocal AS inherited
FROM pg_catalog.pg_constraint AS con
LEFT JOIN pg_catalog.pg_index AS i ON i.indexrelid = con.conindid AND con.contype IN ('p', 'u', 'x')
LEFT JOIN pg_catalog.pg_class AS x ON x.oid = i.indexrelid
LEFT JOIN pg_catalog.pg_tablespace AS ts ON ts.oid = x.reltablespace
LEFT JOIN (
    SELECT g.tgconstraint, array_agg(DISTINCT g.tgrelid::regclass::text) AS tables
    FROM pg_catalog.pg_trigger AS g
    WHERE g.tgisinternal AND g.tgenabled <> 'O'
    GROUP BY g.tgconstraint
) AS off ON off.tgconstraint = con.oid
WHERE con.oid >= 16384 AND con.conrelid <> 0 AND con.contype IN ('p', 'u', 'c', 'f', 'x')
"""

NOT_VALID = " NOT VALID"


def create(item: Object) -> list[str]:
    table = f"ALTER TABLE {item.parent}"
    statements = [f"{table} ADD CONSTRAINT {item['name']} {item['definition']}"]
    statements += option_changes(f"ALTER INDEX {_index(item)}", (), item["index_options"])
    if item["tablespace"]:
        statements.append(f"ALTER INDEX {_index(item)} SET TABLESPACE {item['tablespace']}")
    if item["clustered"]:
        statements.append(f"{table} CLUSTER ON {item['index']}")
    return statements + [f"ALTER TABLE {name} DISABLE TRIGGER ALL" for name in item["not_enforced_by"] or ()]


def fits_inside(item: Object) -> bool:
    """Whether CREATE TABLE can say all of it."""
    extra = ("not_enforced_by", "index_options", "tablespace", "clustered", "invalid")
    return not any(item[name] for name in extra) and not item["definition"].endswith(NOT_VALID)


def drop(item: Object) -> list[str]:
    return [f"ALTER TABLE {item.parent} DROP CONSTRAINT {item['name']}"]


def alter(before: Object, after: Object) -> list[str] | None:
    table = f"ALTER TABLE {after.parent}"
    statements = []
    if before["definition"] != after["definition"]:
        if before["definition"] != after["definition"] + NOT_VALID:
            return None
        statements.append(f"{table} VALIDATE CONSTRAINT {after['name']}")
    if (before["type"], before["index"]) != (after["type"], after["index"]) or before["inherited"] != after[
        "inherited"
    ]:
        return None
    if before["invalid"] and not after["invalid"]:
        statements.append(f"REINDEX INDEX {_index(after)}")
    statements += option_changes(f"ALTER INDEX {_index(after)}", before["index_options"], after["index_options"])
    if before["tablespace"] != after["tablespace"]:
        statements.append(f"ALTER INDEX {_index(after)} SET TABLESPACE {after['tablespace'] or 'pg_default'}")
    if before["clustered"] != after["clustered"]:
        statements.append(
            f"{table} CLUSTER ON {after['index']}" if after["clustered"] else f"{table} SET WITHOUT CLUSTER"
        )
    old, new = before["not_enforced_by"] or (), after["not_enforced_by"] or ()
    statements += [f"ALTER TABLE {name} ENABLE TRIGGER ALL" for name in old if name not in new]
    return statements + [f"ALTER TABLE {name} DISABLE TRIGGER ALL" for name in new if name not in old]


def _index(item: Object) -> str:
    schema = str(item.parent).rpartition(".")[0]
    return f"{schema}.{item['index']}" if schema else str(item["index"])
