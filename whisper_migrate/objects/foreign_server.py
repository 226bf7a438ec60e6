"""Foreign servers (pg_foreign_server)."""

from whisper_migrate.catalog.kind import Facts
from whisper_migrate.catalog.model import Object
from whisper_migrate.catalog.sql import foreign_option_changes, foreign_options, literal

FACTS = Facts(
    catalog="pg_foreign_server",
    owner="SERVER",
    exists="pg_foreign_server",
    after=("foreign_data_wrapper",),
)

QUERY = """
SELECT s.oid, quote_ident(s.srvname) AS identity,
       quote_ident(w.fdwname) AS wrapper, s.srvtype AS type, s.srvversion AS version, s.srvoptions AS options
FROM pg_catalog.pg_foreign_server AS s
JOIN pg_catalog.pg_foreign_data_wrapper AS w ON w.oid = s.srvfdw
WHERE s.oid >= 16384
"""


def create(item: Object) -> list[str]:
    words = "".join(f" {word.upper()} {literal(item[word])}" for word in ("type", "version") if item[word])
    wrapper = f"FOREIGN DATA WRAPPER {item['wrapper']}"
    return [f"CREATE SERVER {item.identity}{words} {wrapper}{foreign_options(item['options'])}"]


def drop(item: Object) -> list[str]:
    return [f"DROP SERVER {item.identity}"]


def alter(before: Object, after: Object) -> list[str] | None:
    """Return None if the wrapper or type changes or the version is removed: PostgreSQL cannot do that."""
    if any(before[name] != after[name] for name in ("wrapper", "type")) or (before["version"] and not after["version"]):
        return None
    server = f"ALTER SERVER {after.identity}"
    statements = [f"{server} VERSION {literal(after['version'])}"] if before["version"] != after["version"] else []
    return statements + foreign_option_changes(server, before["options"], after["options"])
