"""Materialized views (pg_class, pg_rewrite). Whether one is populated is data, not schema."""

from whisper_migrate.catalog import Object
from whisper_migrate.sql import option_changes, options

CATALOG = "pg_class"
AFTER = ("view",)

QUERY = """
SELECT c.oid, c.oid::regclass::text AS identity,
       am.amname AS access_method, ts.spcname AS tablespace, c.reloptions AS options,
       (SELECT array_agg(quote_ident(a.attname) || ' ' || format_type(a.atttypid, a.atttypmod) ORDER BY a.attnum)
        FROM pg_catalog.pg_attribute AS a WHERE a.attrelid = c.oid AND a.attnum > 0) AS columns,
       rtrim(pg_get_viewdef(c.oid), ';') AS definition
FROM pg_catalog.pg_class AS c
LEFT JOIN pg_catalog.pg_am AS am ON am.oid = c.relam
LEFT JOIN pg_catalog.pg_tablespace AS ts ON ts.oid = c.reltablespace
WHERE c.relkind = 'm' AND c.oid >= 16384
"""


def create(item: Object) -> list[str]:
    words = [f"CREATE MATERIALIZED VIEW {item.identity}"]
    if item["access_method"] not in (None, "heap"):
        words.append(f"USING {item['access_method']}")
    if item["options"]:
        words.append(f"WITH ({options(item['options'])})")
    if item["tablespace"]:
        words.append(f"TABLESPACE {item['tablespace']}")
    return [f"{' '.join(words)} AS\n{item['definition']}"]


def drop(item: Object) -> list[str]:
    return [f"DROP MATERIALIZED VIEW {item.identity}"]


def alter(before: Object, after: Object) -> list[str] | None:
    if (before["definition"], before["columns"]) != (after["definition"], after["columns"]):
        return None
    view = f"ALTER MATERIALIZED VIEW {after.identity}"
    statements = option_changes(view, before["options"], after["options"])
    if before["access_method"] != after["access_method"]:
        statements.append(f"{view} SET ACCESS METHOD {after['access_method']}")
    if before["tablespace"] != after["tablespace"]:
        statements.append(f"{view} SET TABLESPACE {after['tablespace'] or 'pg_default'}")
    return statements
