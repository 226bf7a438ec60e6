"""Operator classes, with the operators and functions of their own (pg_opclass, pg_amop, pg_amproc)."""

from whisper_migrate.catalog.kind import Facts
from whisper_migrate.catalog.model import Object
from whisper_migrate.catalog.sql import NOT_AN_EXTENSIONS
from whisper_migrate.objects.operator_family import FUNCTIONS, OPERATORS

FACTS = Facts(
    catalog="pg_opclass",
    owner="OPERATOR CLASS",
    exists=f"pg_opclass AS x WHERE x.oid >= 16384 AND {NOT_AN_EXTENSIONS}",
    after=("operator_family",),
)

OWN = """(o.tableoid, o.oid) IN (SELECT d.classid, d.objid FROM pg_catalog.pg_depend AS d
                         WHERE d.refclassid = x.tableoid AND d.refobjid = x.oid AND d.deptype = 'i')"""

QUERY = f"""
SELECT x.oid, quote_ident(n.nspname) || '.' || quote_ident(x.opcname) || ' USING ' || quote_ident(m.amname) AS identity,
       format_type(x.opcintype, NULL) AS type, x.opcdefault AS is_default,
       quote_ident(fn.nspname) || '.' || quote_ident(f.opfname) AS family,
       CASE WHEN x.opckeytype <> 0 THEN format_type(x.opckeytype, NULL) END AS storage,
       {OPERATORS.format(found=OWN)} AS operators,
       {FUNCTIONS.format(found=OWN)} AS functions
FROM pg_catalog.pg_opclass AS x
JOIN pg_catalog.pg_namespace AS n ON n.oid = x.opcnamespace
JOIN pg_catalog.pg_am AS m ON m.oid = x.opcmethod
JOIN pg_catalog.pg_opfamily AS f ON f.oid = x.opcfamily
JOIN pg_catalog.pg_namespace AS fn ON fn.oid = f.opfnamespace
WHERE x.oid >= 16384 AND {NOT_AN_EXTENSIONS}
"""


def create(item: Object) -> list[str]:
    name, _, method = item.identity.rpartition(" USING ")
    default = " DEFAULT" if item["is_default"] else ""
    members = [f"STORAGE {item['storage'] or item['type']}", *(item["operators"] or ()), *(item["functions"] or ())]
    head = f"CREATE OPERATOR CLASS {name}{default} FOR TYPE {item['type']} USING {method} FAMILY {item['family']} AS"
    return [f"{head}\n    " + ",\n    ".join(members)]


def drop(item: Object) -> list[str]:
    return [f"DROP OPERATOR CLASS {item.identity}"]
