"""Default privileges that were revoked: PUBLIC's on functions, types and languages (the acl columns).

A privilege that PostgreSQL or an extension granted on its own objects counts as well.
"""

from whisper_migrate.catalog.kind import Facts
from whisper_migrate.catalog.model import Object
from whisper_migrate.objects.grant import GRANTABLE, PART, on, privileges_on

FACTS = Facts(
    catalog="pg_proc",
    owner=None,
    attached=True,
    may_come_first=True,
)

QUERY = f"""
SELECT coalesce(part.class, t.class)::regclass::text AS class, coalesce(part.oid, t.oid) AS oid,
       coalesce(part.subid, t.subid) AS subid,
       'of ' || a.privilege_type || ' on ' || t.thing || ' from ' || role.name AS identity,
       t.noun AS object, t.name, t.column, a.privilege_type AS privilege, role.name AS grantee
FROM ({GRANTABLE}) AS t
CROSS JOIN LATERAL aclexplode(coalesce(t.initial, acldefault(t.type, t.owner))) AS a
CROSS JOIN LATERAL (
    SELECT CASE a.grantee WHEN 0 THEN 'PUBLIC' ELSE quote_ident(pg_get_userbyid(a.grantee)) END
) AS role(name){PART}
WHERE t.acl IS NOT NULL AND a.grantee <> t.owner
  AND NOT EXISTS (SELECT FROM aclexplode(t.acl) AS b
                  WHERE b.grantee = a.grantee AND b.privilege_type = a.privilege_type)
"""


def create(item: Object) -> list[str]:
    return [f"REVOKE {privileges_on(item, [item['privilege']])} ON {on(item)} FROM {item['grantee']}"]


def drop(item: Object) -> list[str]:
    return [f"GRANT {privileges_on(item, [item['privilege']])} ON {on(item)} TO {item['grantee']}"]
