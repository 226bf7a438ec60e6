"""Extension versions other than the server's default, stated by models or history (pg_available_extension_versions).

A shadow has the server's default version unless models or history state another. A database often has another version
because it is older than the server. Such a version is implied: it is reported, and compared only if the history states
a version.
"""

from whisper_migrate.catalog.kind import Facts
from whisper_migrate.catalog.model import Object
from whisper_migrate.catalog.sql import literal
from whisper_migrate.databases.shadow_name import PREFIX

FACTS = Facts(
    catalog="pg_available_extension_versions",
    owner=None,
    exists="pg_extension WHERE oid >= 16384",
    after=("schema",),
)

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
    # Runs before the plain CREATE EXTENSION: the newest version cannot always be changed to an older one.
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
    """Whether the version is a database's own: in a shadow, models or history stated it."""
    return not item["stated"]
