"""Schemas (pg_namespace)."""

from whisper_migrate.catalog.model import Object

CATALOG = "pg_namespace"
OWNER = "SCHEMA"
IN_METADATA = True
SEEN = ()

QUERY = r"""
SELECT n.oid, quote_ident(n.nspname) AS identity
FROM pg_catalog.pg_namespace AS n
WHERE (n.oid >= 16384 OR n.nspname = 'public') AND n.nspname !~ '^pg_(temp|toast)'
"""


def create(item: Object) -> list[str]:
    return [f"CREATE SCHEMA {item.identity}"]


def drop(item: Object) -> list[str]:
    return [f"DROP SCHEMA {item.identity}"]
