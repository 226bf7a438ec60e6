"""Schemas (pg_namespace)."""

from whisper_migrate.catalog.kind import Facts
from whisper_migrate.catalog.model import Catalog, Object
from whisper_migrate.catalog.sql import sibling

FACTS = Facts(
    catalog="pg_namespace",
    owner="SCHEMA",
    in_metadata=True,
    seen=(),
    holds_data=True,
    is_kept=True,
    may_come_first=True,
)

QUERY = r"""
SELECT n.oid, quote_ident(n.nspname) AS identity
FROM pg_catalog.pg_namespace AS n
WHERE (n.oid >= 16384 OR n.nspname = 'public') AND n.nspname !~ '^pg_(temp|toast)'
"""


def create(item: Object) -> list[str]:
    return [f"CREATE SCHEMA {item.identity}"]


def drop(item: Object) -> list[str]:
    return [f"DROP SCHEMA {item.identity}"]


def rename(item: Object, name: str) -> list[str]:
    return [f"ALTER SCHEMA {item.identity} RENAME TO {name}"]


def look(item: Object, catalog: Catalog) -> object:
    """Return the names of the schema's tables."""
    inside = f"{item.identity}."
    return {
        table.identity.removeprefix(inside)
        for table in catalog
        if table.kind == "table" and sibling(table.identity, "") == inside
    }
