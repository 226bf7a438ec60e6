"""Extensions (pg_extension). The version is the server's business: reported by `status`, not compared."""

from whisper_migrate.catalog import Object

CATALOG = "pg_extension"
AFTER = ("schema",)

QUERY = """
SELECT e.oid, quote_ident(e.extname) AS identity, quote_ident(n.nspname) AS schema
FROM pg_catalog.pg_extension AS e
JOIN pg_catalog.pg_namespace AS n ON n.oid = e.extnamespace
WHERE e.oid >= 16384
"""


def create(item: Object) -> list[str]:
    return [f"CREATE EXTENSION {item.identity} SCHEMA {item['schema']}"]


def drop(item: Object) -> list[str]:
    return [f"DROP EXTENSION {item.identity}"]


def alter(before: Object, after: Object) -> list[str]:
    return [f"ALTER EXTENSION {after.identity} SET SCHEMA {after['schema']}"]
