"""Default privileges: grants on objects that a role will create (pg_default_acl).

The default privileges of the role that runs the revisions are stored without a role name, since databases may use
different roles. In a database, this role is the owner of `alembic_version`; in a shadow, the role that created the
shadow. Any other role (FOR ROLE) is part of the identity.
"""

from whisper_migrate.catalog.kind import Facts
from whisper_migrate.catalog.model import Object

FACTS = Facts(
    catalog="pg_default_acl",
    owner=None,
    exists="pg_default_acl",
    # Last, so that objects created in the same plan get the planned grants, not these.
    after=("trigger", "foreign_table", "cast", "operator", "publication", "text_search_configuration"),
    may_come_first=True,
)

QUERY = """
SELECT d.oid, concat('for role ' || d.role || ' ', 'in schema ' || d.schema || ' ', 'on ', lower(d.objects),
                     CASE WHEN a.revoked THEN ' from ' ELSE ' to ' END, a.grantee) AS identity,
       d.role, d.schema, d.objects, a.grantee, a.revoked, a.privileges
FROM (
    SELECT d.oid, d.defaclrole AS owner, d.defaclobjtype AS type, d.defaclacl AS acl,
           CASE WHEN d.defaclrole <> coalesce((SELECT min(v.relowner) FROM pg_catalog.pg_class AS v
                                               WHERE v.relname = 'alembic_version' AND v.relkind = 'r'),
                                              quote_ident(current_user)::regrole::oid)
                THEN quote_ident(pg_get_userbyid(d.defaclrole)) END AS role,
           quote_ident(n.nspname) AS schema,
           CASE d.defaclobjtype WHEN 'r' THEN 'TABLES' WHEN 'S' THEN 'SEQUENCES' WHEN 'f' THEN 'FUNCTIONS'
                                WHEN 'T' THEN 'TYPES' WHEN 'n' THEN 'SCHEMAS' ELSE 'LARGE OBJECTS' END AS objects,
           -- a schema's come on top of everyone's, which replace what PostgreSQL has built in
           d.defaclnamespace = 0 AND d.defaclobjtype IN ('f', 'T') AS public_by_default
    FROM pg_catalog.pg_default_acl AS d
    LEFT JOIN pg_catalog.pg_namespace AS n ON n.oid = d.defaclnamespace
) AS d
CROSS JOIN LATERAL (
    SELECT CASE e.grantee WHEN 0 THEN 'PUBLIC' ELSE quote_ident(pg_get_userbyid(e.grantee)) END AS grantee,
           false AS revoked,
           array_agg(e.privilege_type || CASE WHEN e.is_grantable THEN ' WITH GRANT OPTION' ELSE '' END
                     ORDER BY e.privilege_type) AS privileges
    FROM aclexplode(d.acl) AS e
    WHERE e.grantee <> d.owner AND NOT (e.grantee = 0 AND d.public_by_default)
    GROUP BY e.grantee
    UNION ALL
    SELECT 'PUBLIC', true, array_agg(b.privilege_type)
    FROM aclexplode(acldefault(d.type, d.owner)) AS b
    WHERE d.public_by_default AND b.grantee = 0 AND NOT EXISTS (SELECT FROM aclexplode(d.acl) AS e WHERE e.grantee = 0)
    HAVING count(*) > 0
) AS a
"""

OPTION = " WITH GRANT OPTION"


def create(item: Object) -> list[str]:
    return _revoked(item, item["privileges"]) if item["revoked"] else _granted(item, item["privileges"])


def drop(item: Object) -> list[str]:
    return _granted(item, item["privileges"]) if item["revoked"] else _revoked(item, ["ALL"])


def alter(before: Object, after: Object) -> list[str]:
    return [*_revoked(after, ["ALL"]), *_granted(after, after["privileges"])]


def _granted(item: Object, privileges: list[str]) -> list[str]:
    statements = []
    for option in ("", OPTION):
        chosen = [name.removesuffix(OPTION) for name in privileges if name.endswith(OPTION) == bool(option)]
        if chosen:
            words = f"GRANT {', '.join(chosen)} ON {item['objects']} TO {item['grantee']}{option}"
            statements.append(f"{_defaults(item)} {words}")
    return statements


def _revoked(item: Object, privileges: list[str]) -> list[str]:
    return [f"{_defaults(item)} REVOKE {', '.join(privileges)} ON {item['objects']} FROM {item['grantee']}"]


def _defaults(item: Object) -> str:
    words = "ALTER DEFAULT PRIVILEGES"
    words += f" FOR ROLE {item['role']}" if item["role"] else ""
    return words + (f" IN SCHEMA {item['schema']}" if item["schema"] else "")
