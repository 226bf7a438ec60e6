"""Functions and procedures (pg_proc). The identity holds the argument types: an overload is another object."""

from whisper_migrate.catalog import Object

CATALOG = "pg_proc"
AFTER = ("table", "domain", "composite_type", "range_type")

QUERY = """
SELECT p.oid, p.oid::regprocedure::text AS identity,
       CASE p.prokind WHEN 'p' THEN 'PROCEDURE' ELSE 'FUNCTION' END AS type,
       pg_get_function_arguments(p.oid) AS arguments,
       pg_get_function_result(p.oid) AS returns,
       pg_get_functiondef(p.oid) AS definition
FROM pg_catalog.pg_proc AS p
WHERE p.prokind <> 'a' AND p.oid >= 16384
  -- a range type makes its own constructors
  AND NOT EXISTS (SELECT FROM pg_catalog.pg_depend AS d WHERE d.classid = 'pg_catalog.pg_proc'::regclass
                  AND d.objid = p.oid AND d.deptype = 'i')
"""


def create(item: Object) -> list[str]:
    return [item["definition"].rstrip()]


def drop(item: Object) -> list[str]:
    return [f"DROP {item['type']} {item.identity}"]


def alter(before: Object, after: Object) -> list[str] | None:
    """In place unless what callers see has changed: PostgreSQL replaces a body, not a signature."""
    if any(before[name] != after[name] for name in ("type", "arguments", "returns")):
        return None
    return [after["definition"].rstrip()]
