"""Conversions between encodings (pg_conversion)."""

from whisper_migrate.catalog.kind import Facts
from whisper_migrate.catalog.model import Object
from whisper_migrate.catalog.sql import literal

FACTS = Facts(
    catalog="pg_conversion",
    owner="CONVERSION",
    exists="pg_conversion WHERE oid >= 16384",
    after=("function",),
)

QUERY = """
SELECT c.oid, quote_ident(n.nspname) || '.' || quote_ident(c.conname) AS identity,
       pg_encoding_to_char(c.conforencoding) AS source, pg_encoding_to_char(c.contoencoding) AS target,
       c.conproc::text AS function, c.condefault AS is_default
FROM pg_catalog.pg_conversion AS c
JOIN pg_catalog.pg_namespace AS n ON n.oid = c.connamespace
WHERE c.oid >= 16384
"""


def create(item: Object) -> list[str]:
    default = "DEFAULT " if item["is_default"] else ""
    way = f"FOR {literal(item['source'])} TO {literal(item['target'])}"
    return [f"CREATE {default}CONVERSION {item.identity} {way} FROM {item['function']}"]


def drop(item: Object) -> list[str]:
    return [f"DROP CONVERSION {item.identity}"]
