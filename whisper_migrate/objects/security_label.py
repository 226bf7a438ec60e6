"""Security labels (pg_seclabel). Only a label provider that the server has loaded can write one."""

from whisper_migrate.catalog.kind import Facts
from whisper_migrate.catalog.model import Object
from whisper_migrate.catalog.sql import literal
from whisper_migrate.objects.comment import named

FACTS = Facts(
    catalog="pg_seclabel",
    owner=None,
    attached=True,
    exists="pg_seclabel",
)

QUERY = """
SELECT l.classoid::regclass::text AS class, l.objoid AS oid, l.objsubid AS subid,
       quote_ident(l.provider) || ' on ' || o.type || ' ' || o.identity AS identity,
       quote_ident(l.provider) AS provider, o.type AS type, o.identity AS name, l.label
FROM pg_catalog.pg_seclabel AS l
CROSS JOIN LATERAL pg_identify_object(l.classoid, l.objoid, l.objsubid) AS o
WHERE l.objoid >= 16384
"""


def create(item: Object) -> list[str]:
    return [f"SECURITY LABEL FOR {item['provider']} ON {named(item)} IS {literal(item['label'])}"]


def drop(item: Object) -> list[str]:
    return [f"SECURITY LABEL FOR {item['provider']} ON {named(item)} IS NULL"]


def alter(before: Object, after: Object) -> list[str]:
    return create(after)
