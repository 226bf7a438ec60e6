"""Objects of no known kind: base types, and objects that a later PostgreSQL introduces (any catalog).

Such an object is reported by name, but only a person can create it. Of a base type, the attributes other than names and
owners are compared.
"""

from whisper_migrate.catalog.kind import Facts
from whisper_migrate.catalog.model import Object
from whisper_migrate.errors import Failure

FACTS = Facts(
    catalog="pg_depend",
    owner=None,
    after=("function", "operator", "cast", "trigger"),
)

# Base types and shell types: other types have kinds of their own. Members of extensions are left out here, because
# naming them first would take time.
BASE_TYPES = """
SELECT 'pg_catalog.pg_type'::regclass AS class, x.oid,
       concat_ws(' ', x.typlen, x.typbyval, x.typcategory, x.typinput, x.typoutput, x.typreceive, x.typsend, x.typmodin,
                 x.typmodout, x.typanalyze, x.typalign, x.typstorage, x.typdelim, x.typdefault) AS definition
FROM pg_catalog.pg_type AS x
WHERE x.oid >= 16384 AND x.typtype IN ('b', 'p')
  AND NOT EXISTS (SELECT FROM pg_catalog.pg_depend AS m
                  WHERE m.classid = x.tableoid AND m.objid = x.oid AND m.deptype = 'e')
  AND NOT EXISTS (SELECT FROM pg_catalog.pg_type AS e WHERE e.typarray = x.oid)"""
# Catalogs of parts, which are read with the objects that they belong to.
PARTS = ("pg_amop", "pg_amproc", "pg_attrdef", "pg_publication_namespace", "pg_publication_rel")


def query(version: int) -> str:
    from whisper_migrate.objects import KINDS  # the package imports this module

    known = {kind.catalog for name, kind in KINDS.items() if name != "unknown"}
    seen = ", ".join(f"'{catalog}'" for catalog in sorted({*known, *PARTS}))
    return f"""
SELECT u.class::text AS class, u.oid, o.type || ' ' || o.identity AS identity,
       o.type AS class_of_object, o.identity AS name, u.definition
FROM ({BASE_TYPES}
UNION ALL
SELECT DISTINCT d.classid::regclass, d.objid, NULL FROM pg_catalog.pg_depend AS d
WHERE d.objid >= 16384
  AND d.classid NOT IN (SELECT c.oid FROM pg_catalog.pg_class AS c
                        WHERE c.relnamespace = 'pg_catalog'::regnamespace AND c.relname IN ({seen}))
) AS u
CROSS JOIN LATERAL pg_identify_object(u.class, u.oid, 0) AS o
"""


def create(item: Object) -> list[str]:
    raise Failure(f"No SQL can be written for {item.identity}: objects of this class are noticed, but not known.")


def drop(item: Object) -> list[str]:
    """CASCADE drops a base type's input and output functions too, which cannot be dropped before the type."""
    cascade = " CASCADE" if item["class_of_object"] == "type" else ""
    return [f"DROP {item['class_of_object'].upper()} {item['name']}{cascade}"]
