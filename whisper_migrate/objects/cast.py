"""Casts (pg_cast)."""

from whisper_migrate.catalog.kind import Facts
from whisper_migrate.catalog.model import Object

FACTS = Facts(
    catalog="pg_cast",
    owner=None,
    exists="pg_cast WHERE oid >= 16384",
    after=("function", "table", "domain", "composite_type", "range_type"),
    names_exactly=True,
)

QUERY = """
SELECT c.oid, '(' || format_type(c.castsource, NULL) || ' AS ' || format_type(c.casttarget, NULL) || ')' AS identity,
       CASE c.castmethod WHEN 'f' THEN 'WITH FUNCTION ' || c.castfunc::regprocedure
                         WHEN 'i' THEN 'WITH INOUT' ELSE 'WITHOUT FUNCTION' END AS method,
       CASE c.castcontext WHEN 'i' THEN 'AS IMPLICIT' WHEN 'a' THEN 'AS ASSIGNMENT' ELSE 'explicit' END AS context
FROM pg_catalog.pg_cast AS c
WHERE c.oid >= 16384
  AND format_type(c.castsource, NULL) !~ '^pg_temp' AND format_type(c.casttarget, NULL) !~ '^pg_temp'
  -- a range type makes its own cast to its multirange
  AND c.oid NOT IN (SELECT d.objid FROM pg_catalog.pg_depend AS d
                    WHERE d.classid = 'pg_catalog.pg_cast'::regclass AND d.deptype = 'i')
"""


def create(item: Object) -> list[str]:
    context = "" if item["context"] == "explicit" else f" {item['context']}"
    return [f"CREATE CAST {item.identity} {item['method']}{context}"]


def drop(item: Object) -> list[str]:
    return [f"DROP CAST {item.identity}"]
