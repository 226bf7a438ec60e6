"""Extended statistics: what is to be gathered, not what was (pg_statistic_ext)."""

from whisper_migrate.catalog import Object

CATALOG = "pg_statistic_ext"
AFTER = ("column", "function", "materialized_view")


def query(version: int) -> str:
    """-1 stood for "no target of its own" until PostgreSQL 17 made it NULL."""
    return QUERY.format(target="s.stxstattarget" if version >= 17 else "nullif(s.stxstattarget, -1)")


QUERY = """
SELECT s.oid, s.stxrelid::regclass::text AS parent,
       quote_ident(n.nspname) || '.' || quote_ident(s.stxname) AS identity,
       pg_get_statisticsobjdef(s.oid) AS definition,
       {target} AS target
FROM pg_catalog.pg_statistic_ext AS s
JOIN pg_catalog.pg_namespace AS n ON n.oid = s.stxnamespace
"""


def create(item: Object) -> list[str]:
    return [item["definition"], *([] if item["target"] is None else _target(item))]


def drop(item: Object) -> list[str]:
    return [f"DROP STATISTICS {item.identity}"]


def alter(before: Object, after: Object) -> list[str] | None:
    return _target(after) if before["definition"] == after["definition"] else None


def _target(item: Object) -> list[str]:
    target = -1 if item["target"] is None else item["target"]
    return [f"ALTER STATISTICS {item.identity} SET STATISTICS {target}"]
