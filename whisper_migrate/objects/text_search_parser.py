"""Text search parsers (pg_ts_parser)."""

from whisper_migrate.catalog.kind import Facts
from whisper_migrate.catalog.model import Object

FACTS = Facts(
    catalog="pg_ts_parser",
    owner=None,
    exists="pg_ts_parser WHERE oid >= 16384",
    after=("function",),
)

QUERY = """
SELECT p.oid, quote_ident(n.nspname) || '.' || quote_ident(p.prsname) AS identity,
       p.prsstart::text AS start, p.prstoken::text AS gettoken, p.prsend::text AS "end",
       p.prslextype::text AS lextypes, nullif(p.prsheadline, 0)::regproc::text AS headline
FROM pg_catalog.pg_ts_parser AS p
JOIN pg_catalog.pg_namespace AS n ON n.oid = p.prsnamespace
WHERE p.oid >= 16384
"""


def create(item: Object) -> list[str]:
    words = ", ".join(f"{name.upper()} = {value}" for name, value in item.attributes.items() if value)
    return [f"CREATE TEXT SEARCH PARSER {item.identity} ({words})"]


def drop(item: Object) -> list[str]:
    return [f"DROP TEXT SEARCH PARSER {item.identity}"]
