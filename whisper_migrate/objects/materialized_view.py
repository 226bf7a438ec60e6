"""Materialized views (pg_class, pg_rewrite). Whether a view is populated is data and is not compared."""

from whisper_migrate.catalog.kind import Facts
from whisper_migrate.catalog.model import Object
from whisper_migrate.catalog.sql import option_changes, options

FACTS = Facts(
    catalog="pg_class",
    owner="MATERIALIZED VIEW",
    exists="pg_class WHERE relkind = 'm'",
    seen=("columns",),
    after=("view",),
    is_relation=True,
    has_parts=True,
    is_unique_in_schema=True,
    exports=("without_rows",),
)

QUERY = """
SELECT c.oid, c.oid::regclass::text AS identity,
       quote_ident(am.amname) AS access_method, quote_ident(ts.spcname) AS tablespace,
       (SELECT array_agg(option ORDER BY option)
        FROM (SELECT unnest(c.reloptions) UNION ALL SELECT 'toast.' || unnest(t.reloptions)) AS o(option)) AS options,
       (SELECT array_agg(quote_ident(a.attname) || ' ' || format_type(a.atttypid, a.atttypmod)
                         || CASE WHEN a.attcollation <> t.typcollation
                                 THEN ' COLLATE ' || a.attcollation::regcollation ELSE '' END ORDER BY a.attnum)
        FROM pg_catalog.pg_attribute AS a
        JOIN pg_catalog.pg_type AS t ON t.oid = a.atttypid
        WHERE a.attrelid = c.oid AND a.attnum > 0) AS columns,
       rtrim(pg_get_viewdef(c.oid), ';') AS definition
FROM pg_catalog.pg_class AS c
LEFT JOIN pg_catalog.pg_class AS t ON t.oid = c.reltoastrelid
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


def without_rows(statement: str) -> str:
    """Add WITH NO DATA to a CREATE MATERIALIZED VIEW, so that its query does not run; return other SQL as it is."""
    return f"{statement}\nWITH NO DATA" if statement.startswith("CREATE MATERIALIZED VIEW ") else statement


def drop(item: Object) -> list[str]:
    return [f"DROP MATERIALIZED VIEW {item.identity}"]


def alter(before: Object, after: Object) -> list[str] | None:
    """Return None if the query or the access method changes: PostgreSQL before 15 cannot change the latter."""
    if any(before[name] != after[name] for name in ("definition", "columns", "access_method")):
        return None
    view = f"ALTER MATERIALIZED VIEW {after.identity}"
    statements = option_changes(view, before["options"], after["options"])
    if before["tablespace"] != after["tablespace"]:
        statements.append(f"{view} SET TABLESPACE {after['tablespace'] or 'pg_default'}")
    return statements
