"""Versions of extensions that somebody chose (pg_available_extension_versions): models or history state one.

A shadow that nobody told otherwise has the version that its server installs, so another one in it was stated. In a
database another one is only older than the server, as a rule: it goes without saying, is reported, and is looked for
only where the history states one.
"""

from whisper_migrate.catalog import Object
from whisper_migrate.databases.shadow_name import PREFIX
from whisper_migrate.sql import literal

CATALOG = "pg_available_extension_versions"
OWNER = None
EXISTS = "pg_extension WHERE oid >= 16384"
AFTER = ("schema",)

QUERY = f"""
SELECT e.oid, quote_ident(e.extname) || ' ' || e.extversion AS identity,
       quote_ident(e.extname) AS extension, e.extversion AS version, quote_ident(n.nspname) AS schema,
       current_database() ~ '^{PREFIX}_' AS stated
FROM pg_catalog.pg_extension AS e
JOIN pg_catalog.pg_namespace AS n ON n.oid = e.extnamespace
JOIN pg_catalog.pg_available_extensions() AS a ON a.name = e.extname
WHERE e.oid >= 16384 AND e.extversion <> a.default_version
"""


def create(item: Object) -> list[str]:
    # Before the extension is made without a version: there is not always a way from the newest one back to this.
    extension, version = item["extension"], literal(item["version"])
    return [
        f"CREATE EXTENSION IF NOT EXISTS {extension} SCHEMA {item['schema']} VERSION {version}",
        f"ALTER EXTENSION {extension} UPDATE TO {version}",
    ]


def drop(item: Object) -> list[str]:
    return [
        f"""DO $$BEGIN
    IF EXISTS (SELECT FROM pg_catalog.pg_extension WHERE quote_ident(extname) = {literal(item["extension"])}) THEN
        ALTER EXTENSION {item["extension"]} UPDATE;
    END IF;
END$$"""
    ]


def implied(item: Object) -> bool:
    """A database's own."""
    return not item["stated"]
