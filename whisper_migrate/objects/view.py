"""Views (pg_class, pg_rewrite)."""

from whisper_migrate.catalog.kind import Facts
from whisper_migrate.catalog.model import Object
from whisper_migrate.catalog.sql import option_changes, options

FACTS = Facts(
    catalog="pg_class",
    owner="VIEW",
    exists="pg_class WHERE relkind = 'v' AND oid >= 16384",
    seen=("columns",),
    after=("column", "function"),
    is_relation=True,
    has_parts=True,
    is_replaceable=True,
    is_unique_in_schema=True,
)

QUERY = """
SELECT c.oid, c.oid::regclass::text AS identity,
       (SELECT array_agg(quote_ident(a.attname) || ' ' || format_type(a.atttypid, a.atttypmod)
                         || CASE WHEN a.attcollation <> t.typcollation
                                 THEN ' COLLATE ' || a.attcollation::regcollation ELSE '' END ORDER BY a.attnum)
        FROM pg_catalog.pg_attribute AS a
        JOIN pg_catalog.pg_type AS t ON t.oid = a.atttypid
        WHERE a.attrelid = c.oid AND a.attnum > 0) AS columns,
       (SELECT array_agg(option ORDER BY option) FROM unnest(c.reloptions) AS o(option)) AS options,
       rtrim(pg_get_viewdef(c.oid), ';') AS definition
FROM pg_catalog.pg_class AS c
WHERE c.relkind = 'v' AND c.oid >= 16384 AND c.relpersistence <> 't'
"""


def create(item: Object) -> list[str]:
    with_options = f" WITH ({options(item['options'])})" if item["options"] else ""
    return [f"CREATE VIEW {item.identity}{with_options} AS\n{item['definition']}"]


def drop(item: Object) -> list[str]:
    return [f"DROP VIEW {item.identity}"]


def alter(before: Object, after: Object) -> list[str] | None:
    """Return None unless the existing columns keep their names, types and order."""
    old, new = before["columns"] or (), after["columns"] or ()
    if new[: len(old)] != old:
        return None
    if before["definition"] == after["definition"]:
        return option_changes(f"ALTER VIEW {after.identity}", before["options"], after["options"])
    # CREATE OR REPLACE sets all options again; a check option is valid only if the query allows it.
    return [statement.replace("CREATE", "CREATE OR REPLACE", 1) for statement in create(after)]
