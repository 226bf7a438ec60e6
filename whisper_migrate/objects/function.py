"""Functions and procedures (pg_proc). The identity contains the argument types, so each overload is an object."""

from whisper_migrate.catalog.kind import Facts
from whisper_migrate.catalog.model import Object

FACTS = Facts(
    catalog="pg_proc",
    owner="ROUTINE",
    exists="pg_proc WHERE prokind <> 'a' AND oid >= 16384",
    seen=("type", "window", "arguments", "returns"),
    after=("table", "domain", "composite_type", "range_type"),
    is_overloaded=True,
    used_by_defaults=True,
    is_replaceable=True,
    is_as_written=True,
    is_unique_in_schema=True,
)

QUERY = r"""
SELECT p.oid, p.oid::regprocedure::text AS identity,
       CASE p.prokind WHEN 'p' THEN 'PROCEDURE' ELSE 'FUNCTION' END AS type,
       p.prokind = 'w' AS window,
       pg_get_function_arguments(p.oid) AS arguments,
       pg_get_function_result(p.oid) AS returns,
       quote_ident(l.lanname) AS language,
       CASE p.provolatile WHEN 'i' THEN 'IMMUTABLE' WHEN 's' THEN 'STABLE' ELSE 'VOLATILE' END AS volatility,
       CASE p.proparallel WHEN 's' THEN 'SAFE' WHEN 'r' THEN 'RESTRICTED' ELSE 'UNSAFE' END AS parallel,
       p.proisstrict AS strict, p.prosecdef AS security_definer, p.proleakproof AS leakproof,
       p.procost::text AS cost, p.prorows::text AS rows,
       nullif(p.prosupport::oid, 0)::regproc::text AS support,
       p.protrftypes::regtype[]::text[] AS transforms,
       p.proconfig AS settings,
       coalesce(pg_get_function_sqlbody(p.oid), p.prosrc) AS body,
       rtrim(pg_get_functiondef(p.oid), E'\n') AS definition
FROM pg_catalog.pg_proc AS p
JOIN pg_catalog.pg_language AS l ON l.oid = p.prolang
WHERE p.prokind <> 'a' AND p.oid >= 16384
  -- a range type makes its own constructors, and an extension its functions
  AND NOT EXISTS (SELECT FROM pg_catalog.pg_depend AS d WHERE d.classid = 'pg_catalog.pg_proc'::regclass
                  AND d.objid = p.oid AND d.deptype IN ('i', 'e'))
"""


def create(item: Object) -> list[str]:
    return [item["definition"]]


def drop(item: Object) -> list[str]:
    return [f"DROP {item['type']} {item.identity}"]


def alter(before: Object, after: Object) -> list[str] | None:
    """Return CREATE OR REPLACE; None if the signature changes, which PostgreSQL cannot replace."""
    if any(before[name] != after[name] for name in ("type", "window", "arguments", "returns")):
        return None
    return create(after)
