"""Procedural languages that do not belong to an extension (pg_language)."""

from whisper_migrate.catalog.kind import Facts
from whisper_migrate.catalog.model import Object

FACTS = Facts(
    catalog="pg_language",
    owner="LANGUAGE",
    exists="pg_language WHERE oid >= 16384",
    seen=(),
    after=("schema", "extension"),
)

QUERY = """
SELECT l.oid, quote_ident(l.lanname) AS identity, l.lanpltrusted AS trusted,
       nullif(l.lanplcallfoid, 0)::regproc::text AS handler, nullif(l.laninline, 0)::regproc::text AS inline,
       nullif(l.lanvalidator, 0)::regproc::text AS validator
FROM pg_catalog.pg_language AS l
WHERE l.oid >= 16384
"""


def create(item: Object) -> list[str]:
    words = "".join(f" {word.upper()} {item[word]}" for word in ("handler", "inline", "validator") if item[word])
    return [f"CREATE {'TRUSTED ' if item['trusted'] else ''}LANGUAGE {item.identity}{words}"]


def drop(item: Object) -> list[str]:
    return [f"DROP LANGUAGE {item.identity}"]
