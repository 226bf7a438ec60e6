"""Operator families, with the operators and functions that belong to no class (pg_opfamily, pg_amop, pg_amproc)."""

from whisper_migrate.catalog.kind import Facts
from whisper_migrate.catalog.model import Object
from whisper_migrate.catalog.sql import NOT_AN_EXTENSIONS

FACTS = Facts(
    catalog="pg_opfamily",
    owner="OPERATOR FAMILY",
    exists=f"pg_opfamily AS x WHERE x.oid >= 16384 AND {NOT_AN_EXTENSIONS}",
    after=("function", "operator"),
)

# Operators and functions of the family or class `x`, as the statements list them; {found} is the condition for them.
OPERATORS = """
(SELECT array_agg(concat('OPERATOR ', o.amopstrategy, ' ', o.amopopr::regoperator,
                         ' FOR ORDER BY ' || CASE WHEN o.amopsortfamily <> 0
                                                  THEN quote_ident(sn.nspname) || '.' || quote_ident(s.opfname) END)
                  ORDER BY o.amopstrategy, o.amopopr::regoperator::text)
 FROM pg_catalog.pg_amop AS o
 LEFT JOIN pg_catalog.pg_opfamily AS s ON s.oid = o.amopsortfamily
 LEFT JOIN pg_catalog.pg_namespace AS sn ON sn.oid = s.opfnamespace
 WHERE {found})"""
FUNCTIONS = """
(SELECT array_agg(format('FUNCTION %s (%s, %s) %s', o.amprocnum, format_type(o.amproclefttype, NULL),
                         format_type(o.amprocrighttype, NULL), o.amproc::regprocedure)
                  ORDER BY o.amprocnum, format_type(o.amproclefttype, NULL), format_type(o.amprocrighttype, NULL))
 FROM pg_catalog.pg_amproc AS o
 WHERE {found})"""

OWN = """o.{column} = x.oid
   AND NOT EXISTS (SELECT FROM pg_catalog.pg_depend AS d
                   WHERE d.classid = o.tableoid AND d.objid = o.oid AND d.deptype = 'i')"""

QUERY = f"""
SELECT x.oid, quote_ident(n.nspname) || '.' || quote_ident(x.opfname) || ' USING ' || quote_ident(m.amname) AS identity,
       {OPERATORS.format(found=OWN.format(column="amopfamily"))} AS operators,
       {FUNCTIONS.format(found=OWN.format(column="amprocfamily"))} AS functions
FROM pg_catalog.pg_opfamily AS x
JOIN pg_catalog.pg_namespace AS n ON n.oid = x.opfnamespace
JOIN pg_catalog.pg_am AS m ON m.oid = x.opfmethod
WHERE x.oid >= 16384 AND {NOT_AN_EXTENSIONS}
"""


def create(item: Object) -> list[str]:
    return [f"CREATE OPERATOR FAMILY {item.identity}", *alter(item.but(operators=None, functions=None), item)]


def drop(item: Object) -> list[str]:
    return [f"DROP OPERATOR FAMILY {item.identity}"]


def alter(before: Object, after: Object) -> list[str]:
    """Drop the old members before the new are added: a new member may take the place of an old one."""
    old, new = ((*(item["operators"] or ()), *(item["functions"] or ())) for item in (before, after))
    gone, come = (
        ", ".join(_place(one) for one in old if one not in new),
        ", ".join(one for one in new if one not in old),
    )
    family = f"ALTER OPERATOR FAMILY {after.identity}"
    return [*([f"{family} DROP {gone}"] if gone else []), *([f"{family} ADD {come}"] if come else [])]


def _place(member: str) -> str:
    """Return a member as DROP takes it.

    `OPERATOR 1 <(int,bigint)` -> `OPERATOR 1 (int,bigint)`, `FUNCTION 1 (a, b) f(a,b)` -> `FUNCTION 1 (a, b)`.
    """
    kind, number, rest = member.split(" ", 2)
    start = rest.index("(")
    return f"{kind} {number} {rest[start : rest.index(')', start) + 1]}"
