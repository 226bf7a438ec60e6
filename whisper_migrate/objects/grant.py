"""Grants: the privileges of a role, or of PUBLIC, on an object (the acl columns of many catalogs).

Owners are not compared, nor are an owner's own privileges. The owner in one database may be an ordinary role in
another, since a shadow belongs to the role that created it. A grant to the owner is therefore reported as implied, and
the other catalog's grants to that role on the object are no difference. The exception is an object without an access
list that belongs to the connected role: nobody ever granted anything on it. Nothing is implied there, and a grant to
that role in the other catalog is a difference. Privileges that PUBLIC has by default are not listed here: see `revoke`.
"""

from whisper_migrate.catalog.kind import Facts
from whisper_migrate.catalog.model import Key, Object

FACTS = Facts(
    catalog="pg_class",
    owner=None,
    attached=True,
    may_come_first=True,
    names_exactly=True,
    exports=("on", "privileges_on"),
)

NOUN = """
           CASE c.relkind WHEN 'S' THEN 'sequence' WHEN 'v' THEN 'view' WHEN 'm' THEN 'materialized view'
                          WHEN 'f' THEN 'foreign table' ELSE 'table' END"""

# All objects that have an access list or another owner than the connected role. `type` is the letter that acldefault()
# takes. Of objects that initdb or an extension created, only later grants and revokes are compared: `initial` is the
# access list from before. An extension's members have the address of the extension.
GRANTABLE = f"""
SELECT coalesce(m.refclassid, t.class) AS class, coalesce(m.refobjid, t.oid) AS oid,
       CASE WHEN m.objid IS NULL THEN t.subid ELSE 0 END AS subid,
       t.owner, t.acl, t.type, t.noun, t.name, t.column, made.initial,
       CASE WHEN t.column IS NULL THEN t.noun || ' ' || t.name
            ELSE 'column ' || t.name || '.' || t.column END AS thing
FROM (
    SELECT 'pg_catalog.pg_class'::regclass AS class, c.oid, 0 AS subid, c.relowner AS owner, c.relacl AS acl,
           CASE c.relkind WHEN 'S' THEN 's' ELSE 'r' END::"char" AS type,{NOUN} AS noun,
           c.oid::regclass::text AS name, NULL AS column
    FROM pg_catalog.pg_class AS c
    WHERE c.relkind IN ('r', 'p', 'v', 'm', 'f', 'S')
      AND (c.oid >= 16384 OR c.relacl IS NOT NULL AND c.relnamespace = 'pg_catalog'::regnamespace)
    UNION ALL
    SELECT 'pg_catalog.pg_class'::regclass, c.oid, a.attnum, c.relowner, a.attacl, 'c',{NOUN},
           c.oid::regclass::text, quote_ident(a.attname)
    FROM pg_catalog.pg_attribute AS a
    JOIN pg_catalog.pg_class AS c ON c.oid = a.attrelid
    WHERE a.attacl IS NOT NULL AND NOT a.attisdropped AND c.relkind IN ('r', 'p', 'v', 'm', 'f', 'S')
      AND (c.oid >= 16384 OR c.relnamespace = 'pg_catalog'::regnamespace)
    UNION ALL
    SELECT 'pg_catalog.pg_proc'::regclass, p.oid, 0, p.proowner, p.proacl, 'f',
           CASE p.prokind WHEN 'p' THEN 'procedure' ELSE 'function' END, p.oid::regprocedure::text, NULL
    FROM pg_catalog.pg_proc AS p WHERE p.oid >= 16384 OR p.proacl IS NOT NULL
    UNION ALL
    SELECT 'pg_catalog.pg_type'::regclass, t.oid, 0, t.typowner, t.typacl, 'T',
           'type', CASE WHEN t.oid < 16384 THEN t.typname ELSE format_type(t.oid, NULL) END, NULL
    FROM pg_catalog.pg_type AS t
    WHERE t.typacl IS NOT NULL OR t.oid >= 16384 AND t.typtype IN ('e', 'd', 'r')
    UNION ALL
    SELECT 'pg_catalog.pg_namespace'::regclass, n.oid, 0, n.nspowner, n.nspacl, 'n',
           'schema', quote_ident(n.nspname), NULL
    FROM pg_catalog.pg_namespace AS n WHERE n.oid >= 16384 OR n.nspacl IS NOT NULL
    UNION ALL
    SELECT 'pg_catalog.pg_language'::regclass, l.oid, 0, l.lanowner, l.lanacl, 'l',
           'language', quote_ident(l.lanname), NULL
    FROM pg_catalog.pg_language AS l
    UNION ALL
    SELECT 'pg_catalog.pg_foreign_data_wrapper'::regclass, w.oid, 0, w.fdwowner, w.fdwacl, 'F',
           'foreign data wrapper', quote_ident(w.fdwname), NULL
    FROM pg_catalog.pg_foreign_data_wrapper AS w
    UNION ALL
    SELECT 'pg_catalog.pg_foreign_server'::regclass, s.oid, 0, s.srvowner, s.srvacl, 'S',
           'foreign server', quote_ident(s.srvname), NULL
    FROM pg_catalog.pg_foreign_server AS s
) AS t
LEFT JOIN pg_catalog.pg_depend AS m
       ON m.classid = t.class AND m.objid = t.oid AND m.objsubid = 0
      AND m.refclassid = 'pg_catalog.pg_extension'::regclass AND m.deptype = 'e' AND m.objid >= 16384
LEFT JOIN pg_catalog.pg_init_privs AS i ON i.classoid = t.class AND i.objoid = t.oid AND i.objsubid = t.subid
CROSS JOIN LATERAL (
    SELECT CASE WHEN m.objid IS NOT NULL OR t.oid < 16384 AND t.type <> 'l' AND (t.type, t.name) <> ('n', 'public')
                THEN coalesce(i.initprivs, acldefault(t.type, t.owner)) END
) AS made(initial)
WHERE (t.acl IS NOT NULL OR t.owner <> (SELECT quote_ident(current_user)::regrole))
  AND (made.initial IS NULL OR t.acl <> made.initial)"""

# An identity's sequence has the address of its column, a row type that of its table.
PART = """
LEFT JOIN LATERAL (
    SELECT d.refclassid AS class, d.refobjid AS oid, d.refobjsubid AS subid FROM pg_catalog.pg_depend AS d
    WHERE d.classid = t.class AND d.objid = t.oid AND d.objsubid = 0 AND d.deptype = 'i'
    LIMIT 1
) AS part ON true"""

QUERY = f"""
SELECT coalesce(part.class, t.class)::regclass::text AS class, coalesce(part.oid, t.oid) AS oid,
       coalesce(part.subid, t.subid) AS subid,
       'on ' || t.thing || coalesce(' by ' || g.grantor, '') || ' to ' || g.grantee AS identity,
       t.noun AS object, t.name, t.column, g.grantee, g.grantor AS granted_by, g.privileges
FROM ({GRANTABLE}) AS t
CROSS JOIN LATERAL (
    SELECT CASE a.grantee WHEN 0 THEN 'PUBLIC' ELSE quote_ident(pg_get_userbyid(a.grantee)) END AS grantee,
           CASE WHEN t.owner NOT IN (a.grantor, a.grantee) THEN quote_ident(pg_get_userbyid(a.grantor)) END AS grantor,
           CASE WHEN a.grantee <> t.owner
                THEN array_agg(a.privilege_type || CASE WHEN a.is_grantable THEN ' WITH GRANT OPTION' ELSE '' END
                               ORDER BY a.privilege_type) END AS privileges
    FROM (SELECT * FROM aclexplode(coalesce(t.acl, acldefault(t.type, t.owner)))
          EXCEPT SELECT * FROM aclexplode(t.initial)) AS a
    WHERE a.grantee <> 0 OR t.type NOT IN ('f', 'T', 'l') OR t.initial IS NOT NULL
    GROUP BY a.grantee, 2
) AS g{PART}
"""

# The words of GRANT ... ON, where they differ.
WORDS = {"view": "TABLE", "materialized view": "TABLE", "foreign table": "TABLE"}
OPTION = " WITH GRANT OPTION"


def implied(item: Object) -> bool:
    """Whether the grant is the owner's."""
    return item["privileges"] is None


def needs(item: Object) -> list[Key]:
    """Return the grants that this grant ends with: the role's on the table, and those of the role that granted it."""
    relation, to = f"{item['object']} {item['name']}", f"to {item['grantee']}"
    thing = f"column {item['name']}.{item['column']}" if item["column"] else relation
    by, giver = (f"by {item['granted_by']} ", f"to {item['granted_by']}") if item["granted_by"] else ("", None)
    found = [f"on {relation} {by}{to}"] if item["column"] else []
    found += [f"on {place} {giver}" for place in {thing, relation}] if giver else []
    return [("grant", identity) for identity in found]


def create(item: Object) -> list[str]:
    return _granted(item, item["privileges"])


def drop(item: Object) -> list[str]:
    names = [name.removesuffix(OPTION) for name in item["privileges"]]
    revoke = f"REVOKE {privileges_on(item, names)} ON {on(item)} FROM {item['grantee']} CASCADE"
    return _as_grantor(item, [revoke])


def alter(before: Object, after: Object) -> list[str] | None:
    """Return the added grants; None if a privilege is revoked.

    A REVOKE ends dependent grants too, which have to be granted again.
    """
    more = set(after["privileges"]) - set(before["privileges"])
    less = {name for name in set(before["privileges"]) - set(after["privileges"]) if name + OPTION not in more}
    return None if less else _granted(after, sorted(more))


def on(item: Object) -> str:
    """Return the object as GRANT takes it."""
    return f"{WORDS.get(item['object'], item['object'].upper())} {item['name']}"


def _granted(item: Object, privileges: list[str]) -> list[str]:
    statements = []
    for option in ("", OPTION):
        chosen = [name.removesuffix(OPTION) for name in privileges if name.endswith(OPTION) == bool(option)]
        if chosen:
            statements.append(f"GRANT {privileges_on(item, chosen)} ON {on(item)} TO {item['grantee']}{option}")
    return _as_grantor(item, statements)


def privileges_on(item: Object, names: list[str]) -> str:
    """Return privileges as GRANT takes them: `SELECT (email)` for a column."""
    return ", ".join(f"{name} ({item['column']})" if item["column"] else name for name in names)


def _as_grantor(item: Object, statements: list[str]) -> list[str]:
    if not item["granted_by"] or not statements:
        return statements
    return [f"SET ROLE {item['granted_by']}", *statements, "RESET ROLE"]
