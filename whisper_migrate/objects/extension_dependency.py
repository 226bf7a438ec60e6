"""Objects that are dropped with an extension: ALTER ... DEPENDS ON EXTENSION (pg_depend)."""

from whisper_migrate.catalog.kind import Facts
from whisper_migrate.catalog.model import Object

FACTS = Facts(
    catalog="pg_depend",
    owner=None,
    attached=True,
    exists="pg_depend WHERE deptype = 'x'",
    after=("extension", "trigger", "index", "materialized_view"),
)

QUERY = """
SELECT d.classid::regclass::text AS class, d.objid AS oid,
       o.type || ' ' || o.identity || ' on ' || quote_ident(e.extname) AS identity,
       upper(o.type) || ' ' || o.identity AS dependent, quote_ident(e.extname) AS extension
FROM pg_catalog.pg_depend AS d
JOIN pg_catalog.pg_extension AS e ON e.oid = d.refobjid
CROSS JOIN LATERAL pg_identify_object(d.classid, d.objid, d.objsubid) AS o
WHERE d.refclassid = 'pg_catalog.pg_extension'::regclass AND d.deptype = 'x'
"""


def create(item: Object) -> list[str]:
    return [f"ALTER {item['dependent']} DEPENDS ON EXTENSION {item['extension']}"]


def drop(item: Object) -> list[str]:
    return [f"ALTER {item['dependent']} NO DEPENDS ON EXTENSION {item['extension']}"]
