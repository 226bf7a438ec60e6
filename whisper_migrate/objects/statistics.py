"""Extended statistics: their definitions, not the gathered values (pg_statistic_ext)."""

from whisper_migrate.catalog.kind import Facts
from whisper_migrate.catalog.model import Object

FACTS = Facts(
    catalog="pg_statistic_ext",
    owner="STATISTICS",
    exists="pg_statistic_ext",
    after=("column", "function", "materialized_view"),
    follows_type=True,
    is_replaceable=True,
)


def query(version: int) -> str:
    """Before PostgreSQL 17, a target of -1 meant none."""
    return QUERY.format(target="s.stxstattarget" if version >= 17 else "nullif(s.stxstattarget, -1)")


# PostgreSQL keeps the columns in the table's order, which is not compared, so they are sorted by name. Kind `e` is
# implied by an expression.
QUERY = """
SELECT s.oid, s.stxrelid::regclass::text AS parent,
       quote_ident(n.nspname) || '.' || quote_ident(s.stxname) AS identity,
       s.stxrelid::regclass::text AS table,
       (SELECT array_agg(CASE kind WHEN 'd' THEN 'ndistinct' WHEN 'f' THEN 'dependencies' ELSE 'mcv' END ORDER BY kind)
        FROM unnest(s.stxkind) AS kind WHERE kind <> 'e') AS kinds,
       (SELECT array_agg(quote_ident(a.attname) ORDER BY a.attname)
        FROM pg_catalog.pg_attribute AS a
        WHERE a.attrelid = s.stxrelid AND a.attnum = ANY (s.stxkeys)) AS columns,
       pg_get_statisticsobjdef_expressions(s.oid) AS expressions,
       {target} AS target
FROM pg_catalog.pg_statistic_ext AS s
JOIN pg_catalog.pg_namespace AS n ON n.oid = s.stxnamespace
"""


def create(item: Object) -> list[str]:
    kinds = f" ({', '.join(item['kinds'])})" if item["kinds"] else ""
    of = ", ".join([*(item["columns"] or ()), *(f"({expression})" for expression in item["expressions"] or ())])
    statement = f"CREATE STATISTICS {item.identity}{kinds} ON {of} FROM {item['table']}"
    return [statement, *([] if item["target"] is None else _target(item))]


def drop(item: Object) -> list[str]:
    return [f"DROP STATISTICS {item.identity}"]


def alter(before: Object, after: Object) -> list[str] | None:
    if any(before[name] != after[name] for name in ("table", "kinds", "columns", "expressions")):
        return None
    return _target(after)


def _target(item: Object) -> list[str]:
    target = -1 if item["target"] is None else item["target"]
    return [f"ALTER STATISTICS {item.identity} SET STATISTICS {target}"]
