"""What PUBLIC may do with any function, type or language unless it is revoked, and where it was (the acl columns)."""

from whisper_migrate.catalog import Object
from whisper_migrate.objects.grant import GRANTABLE, PART, on

CATALOG = "pg_proc"
ATTACHED = True

QUERY = f"""
SELECT coalesce(part.class, t.class)::regclass::text AS class, coalesce(part.oid, t.oid) AS oid,
       coalesce(part.subid, t.subid) AS subid,
       'of ' || a.privilege_type || ' on ' || t.thing || ' from PUBLIC' AS identity,
       t.noun AS object, t.name, a.privilege_type AS privilege
FROM ({GRANTABLE}) AS t
CROSS JOIN LATERAL aclexplode(acldefault(t.type, t.owner)) AS a{PART}
WHERE t.type IN ('f', 'T', 'l') AND a.grantee = 0 AND t.acl IS NOT NULL
  AND NOT EXISTS (SELECT FROM aclexplode(t.acl) AS b WHERE b.grantee = 0 AND b.privilege_type = a.privilege_type)
"""


def create(item: Object) -> list[str]:
    return [f"REVOKE {item['privilege']} ON {on(item)} FROM PUBLIC"]


def drop(item: Object) -> list[str]:
    return [f"GRANT {item['privilege']} ON {on(item)} TO PUBLIC"]
