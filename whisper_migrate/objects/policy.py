"""Row security policies (pg_policy). Whether a table applies its policies is an attribute of the table."""

from whisper_migrate.catalog.kind import Facts
from whisper_migrate.catalog.model import Object

FACTS = Facts(
    catalog="pg_policy",
    owner=None,
    exists="pg_policy",
    after=("column", "view", "function"),
    changes_its_table=True,
)

QUERY = """
SELECT p.oid, p.polrelid::regclass::text AS parent,
       quote_ident(p.polname) || ' on ' || p.polrelid::regclass AS identity,
       quote_ident(p.polname) AS name,
       CASE WHEN p.polpermissive THEN 'PERMISSIVE' ELSE 'RESTRICTIVE' END AS type,
       CASE p.polcmd WHEN 'r' THEN 'SELECT' WHEN 'a' THEN 'INSERT' WHEN 'w' THEN 'UPDATE'
                     WHEN 'd' THEN 'DELETE' ELSE 'ALL' END AS command,
       (SELECT array_agg(coalesce(quote_ident(r.rolname), 'PUBLIC') ORDER BY r.rolname)
        FROM unnest(p.polroles) AS role(oid)
        LEFT JOIN pg_catalog.pg_roles AS r ON r.oid = role.oid) AS roles,
       pg_get_expr(p.polqual, p.polrelid) AS using,
       pg_get_expr(p.polwithcheck, p.polrelid) AS with_check
FROM pg_catalog.pg_policy AS p
"""


def create(item: Object) -> list[str]:
    return [
        f"CREATE POLICY {item['name']} ON {item.parent} AS {item['type']} FOR {item['command']}{_terms(item)}",
    ]


def drop(item: Object) -> list[str]:
    return [f"DROP POLICY {item['name']} ON {item.parent}"]


def alter(before: Object, after: Object) -> list[str] | None:
    """Return None if the type or command changes or an expression is removed: ALTER POLICY cannot do that."""
    if any(before[name] != after[name] for name in ("type", "command")):
        return None
    if any(before[name] is not None and after[name] is None for name in ("using", "with_check")):
        return None
    return [f"ALTER POLICY {after['name']} ON {after.parent}{_terms(after)}"]


def _terms(item: Object) -> str:
    terms = f" TO {', '.join(item['roles'])}"
    terms += f" USING ({item['using']})" if item["using"] is not None else ""
    return terms + (f" WITH CHECK ({item['with_check']})" if item["with_check"] is not None else "")
