"""Views (pg_class, pg_rewrite)."""

from whisper_migrate.catalog import Object
from whisper_migrate.sql import option_changes, options

CATALOG = "pg_class"
AFTER = ("column", "function")

QUERY = """
SELECT c.oid, c.oid::regclass::text AS identity,
       (SELECT array_agg(quote_ident(a.attname) || ' ' || format_type(a.atttypid, a.atttypmod) ORDER BY a.attnum)
        FROM pg_catalog.pg_attribute AS a WHERE a.attrelid = c.oid AND a.attnum > 0) AS columns,
       c.reloptions AS options,
       rtrim(pg_get_viewdef(c.oid), ';') AS definition
FROM pg_catalog.pg_class AS c
WHERE c.relkind = 'v' AND c.oid >= 16384 AND c.relpersistence <> 't'
"""


def create(item: Object) -> list[str]:
    return [f"CREATE VIEW {item.identity}{_with(item)} AS\n{item['definition']}"]


def drop(item: Object) -> list[str]:
    return [f"DROP VIEW {item.identity}"]


def alter(before: Object, after: Object) -> list[str] | None:
    """In place while the columns that there were keep their names, types and order."""
    old, new = before["columns"] or (), after["columns"] or ()
    if tuple(new[: len(old)]) != tuple(old):
        return None
    statements = option_changes(f"ALTER VIEW {after.identity}", before["options"], after["options"])
    if before["definition"] != after["definition"]:
        statements.append(f"CREATE OR REPLACE VIEW {after.identity}{_with(after)} AS\n{after['definition']}")
    return statements


def _with(item: Object) -> str:
    return f" WITH ({options(item['options'])})" if item["options"] else ""
