"""Whatever else somebody made that no kind knows: operator classes, languages, base types ... (any catalog).

It is noticed and named; only a person can write it. What a catalog's row says besides names and owners is compared.
"""

from whisper_migrate.catalog import Object
from whisper_migrate.errors import Failure

CATALOG = "pg_depend"
AFTER = ("function", "operator", "cast", "trigger")

OPERATORS = """
SELECT string_agg(concat_ws(' ', o.amopstrategy, o.amopopr::regoperator, o.amoppurpose), ', '
                  ORDER BY o.amopstrategy, o.amopopr::regoperator::text)
FROM pg_catalog.pg_amop AS o WHERE o.amopfamily = x.oid"""
FUNCTIONS = """
SELECT string_agg(concat_ws(' ', p.amprocnum, p.amproclefttype::regtype, p.amproc::regprocedure), ', '
                  ORDER BY p.amprocnum, p.amproclefttype::regtype::text, p.amproc::regprocedure::text)
FROM pg_catalog.pg_amproc AS p WHERE p.amprocfamily = x.oid"""

# Catalogs of objects with an identity of their own, and what is compared of a row `x`.
DEFINITIONS = {
    "pg_am": ["x.amtype", "x.amhandler"],
    "pg_conversion": ["x.conforencoding", "x.contoencoding", "x.conproc", "x.condefault"],
    "pg_language": [
        "x.lanpltrusted",
        *(f"x.{name}::regproc" for name in ("lanplcallfoid", "laninline", "lanvalidator")),
    ],
    "pg_opclass": ["x.opcintype::regtype", "x.opcdefault", "nullif(x.opckeytype, 0)::regtype"],
    "pg_opfamily": [f"({OPERATORS})", f"({FUNCTIONS})"],
    "pg_transform": ["x.trffromsql::regproc", "x.trftosql::regproc"],
    "pg_ts_parser": ["x.prsstart", "x.prstoken", "x.prsend", "x.prsheadline", "x.prslextype"],
    "pg_ts_template": ["x.tmplinit", "x.tmpllexize"],
}
# What an extension brings along is left out; to name it first would take time.
NOT_MEMBER = "(x.tableoid, x.oid) NOT IN (SELECT m.classid, m.objid FROM member AS m)"
# Of types, the kinds know all but base types, and shells of them.
BASE_TYPES = f"""
SELECT 'pg_catalog.pg_type'::regclass AS class, x.oid,
       concat_ws(' ', x.typlen, x.typbyval, x.typcategory, x.typinput, x.typoutput, x.typreceive, x.typsend, x.typmodin,
                 x.typmodout, x.typanalyze, x.typalign, x.typstorage, x.typdelim, x.typdefault) AS definition
FROM pg_catalog.pg_type AS x
WHERE x.oid >= 16384 AND x.typtype IN ('b', 'p') AND {NOT_MEMBER}
  AND NOT EXISTS (SELECT FROM pg_catalog.pg_type AS e WHERE e.typarray = x.oid)"""
# Parts of other objects, each seen with its own.
PARTS = ("pg_amop", "pg_amproc", "pg_attrdef", "pg_publication_namespace", "pg_publication_rel")


def query(version: int) -> str:
    from whisper_migrate.objects import KINDS  # which imports this module

    known = {module.CATALOG for kind, module in KINDS.items() if kind != "unknown"}
    listed = {catalog: definition for catalog, definition in DEFINITIONS.items() if catalog not in known}
    branches = [BASE_TYPES] + [
        f"SELECT 'pg_catalog.{catalog}'::regclass, x.oid, concat_ws(' ', {', '.join(definition)})"
        f" FROM pg_catalog.{catalog} AS x WHERE x.oid >= 16384 AND {NOT_MEMBER}"
        for catalog, definition in listed.items()
    ]
    seen = ", ".join(f"'{catalog}'" for catalog in sorted({*known, *listed, *PARTS}))
    branches.append(
        "SELECT DISTINCT d.classid::regclass, d.objid, NULL FROM pg_catalog.pg_depend AS d"
        " WHERE d.objid >= 16384 AND d.classid NOT IN (SELECT c.oid FROM pg_catalog.pg_class AS c"
        f" WHERE c.relnamespace = 'pg_catalog'::regnamespace AND c.relname IN ({seen}))"
    )
    return f"""
WITH member AS MATERIALIZED (
    SELECT e.classid, e.objid FROM pg_catalog.pg_depend AS e
    WHERE e.refclassid = 'pg_catalog.pg_extension'::regclass AND e.deptype = 'e'
)
SELECT u.class::text AS class, u.oid, o.type || ' ' || o.identity AS identity,
       o.type AS class_of_object, o.identity AS name, u.definition
FROM ({" UNION ALL ".join(branches)}) AS u
CROSS JOIN LATERAL pg_identify_object(u.class, u.oid, 0) AS o
"""


def create(item: Object) -> list[str]:
    raise Failure(f"No SQL can be written for {item.identity}: objects of this class are noticed, but not known.")


def drop(item: Object) -> list[str]:
    name = item["name"].replace(" on language ", " language ")  # as PostgreSQL says it of a transform before 18
    return [f"DROP {item['class_of_object'].upper()} {name}"]
