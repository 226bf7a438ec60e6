"""Transforms between a type and a language (pg_transform)."""

from whisper_migrate.catalog.kind import Facts
from whisper_migrate.catalog.model import Object

FACTS = Facts(
    catalog="pg_transform",
    owner=None,
    exists="pg_transform WHERE oid >= 16384",
    after=("function", "language", "domain", "composite_type"),
)

QUERY = """
SELECT t.oid, 'for ' || format_type(t.trftype, NULL) || ' language ' || quote_ident(l.lanname) AS identity,
       CASE WHEN t.trffromsql <> 0 THEN t.trffromsql::regprocedure::text END AS from_sql,
       CASE WHEN t.trftosql <> 0 THEN t.trftosql::regprocedure::text END AS to_sql
FROM pg_catalog.pg_transform AS t
JOIN pg_catalog.pg_language AS l ON l.oid = t.trflang
WHERE t.oid >= 16384
"""


def create(item: Object) -> list[str]:
    given = [f"FROM SQL WITH FUNCTION {item['from_sql']}"] if item["from_sql"] else []
    given += [f"TO SQL WITH FUNCTION {item['to_sql']}"] if item["to_sql"] else []
    return [f"CREATE TRANSFORM {item.identity} ({', '.join(given)})"]


def drop(item: Object) -> list[str]:
    return [f"DROP TRANSFORM {item.identity}"]
