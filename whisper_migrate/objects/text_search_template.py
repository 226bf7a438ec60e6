"""Text search templates, which dictionaries are based on (pg_ts_template)."""

from whisper_migrate.catalog.kind import Facts
from whisper_migrate.catalog.model import Object

FACTS = Facts(
    catalog="pg_ts_template",
    owner=None,
    exists="pg_ts_template WHERE oid >= 16384",
    after=("function",),
)

QUERY = """
SELECT t.oid, quote_ident(n.nspname) || '.' || quote_ident(t.tmplname) AS identity,
       nullif(t.tmplinit, 0)::regproc::text AS init, t.tmpllexize::text AS lexize
FROM pg_catalog.pg_ts_template AS t
JOIN pg_catalog.pg_namespace AS n ON n.oid = t.tmplnamespace
WHERE t.oid >= 16384
"""


def create(item: Object) -> list[str]:
    words = ", ".join(f"{name.upper()} = {value}" for name, value in item.attributes.items() if value)
    return [f"CREATE TEXT SEARCH TEMPLATE {item.identity} ({words})"]


def drop(item: Object) -> list[str]:
    return [f"DROP TEXT SEARCH TEMPLATE {item.identity}"]
