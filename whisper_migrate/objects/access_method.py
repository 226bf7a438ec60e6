"""Access methods that do not belong to an extension (pg_am)."""

from whisper_migrate.catalog.kind import Facts
from whisper_migrate.catalog.model import Object

FACTS = Facts(
    catalog="pg_am",
    owner=None,
    exists="pg_am WHERE oid >= 16384",
    after=("schema", "extension"),
)

QUERY = """
SELECT a.oid, quote_ident(a.amname) AS identity,
       CASE a.amtype WHEN 't' THEN 'TABLE' ELSE 'INDEX' END AS type, a.amhandler::text AS handler
FROM pg_catalog.pg_am AS a
WHERE a.oid >= 16384
"""


def create(item: Object) -> list[str]:
    return [f"CREATE ACCESS METHOD {item.identity} TYPE {item['type']} HANDLER {item['handler']}"]


def drop(item: Object) -> list[str]:
    return [f"DROP ACCESS METHOD {item.identity}"]
