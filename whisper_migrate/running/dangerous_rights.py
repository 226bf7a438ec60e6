"""Warn about rights of other roles that let their code run with the rights of a revision.

These are CREATE on a schema that revisions search, and TRIGGER on the tables for bookkeeping.
"""

from __future__ import annotations

from collections.abc import Iterator

from sqlalchemy import Connection, text

from whisper_migrate.catalog.names import identifier, split_list, unquoted
from whisper_migrate.databases.version_table import names
from whisper_migrate.project.project import Project

# Left out are a schema's owner, superusers and the database's owner: they have these rights in any case.
CREATORS = """
SELECT n.nspname AS schema, r.rolname AS role
FROM pg_catalog.pg_namespace AS n
CROSS JOIN LATERAL aclexplode(n.nspacl) AS a
LEFT JOIN pg_catalog.pg_roles AS r ON r.oid = a.grantee
WHERE n.nspname = ANY (CAST(:schemas AS pg_catalog.name[])) AND a.privilege_type = 'CREATE' AND a.grantee <> n.nspowner
  AND (a.grantee = 0 OR NOT r.rolsuper AND r.rolname NOT IN (current_user, session_user)
       AND a.grantee <> (SELECT d.datdba FROM pg_catalog.pg_database AS d WHERE d.datname = current_database()))
ORDER BY 1, 2"""

FIRERS = """
SELECT format('%I.%I', n.nspname, c.relname) AS name, r.rolname AS role
FROM pg_catalog.pg_class AS c
JOIN pg_catalog.pg_namespace AS n ON n.oid = c.relnamespace
CROSS JOIN LATERAL aclexplode(c.relacl) AS a
LEFT JOIN pg_catalog.pg_roles AS r ON r.oid = a.grantee
WHERE (n.nspname = 'public' AND c.relname = ANY (CAST(:bookkeeping AS pg_catalog.name[]))
       OR format('%I.%I', n.nspname, c.relname) = :version)
  AND a.privilege_type = 'TRIGGER' AND a.grantee <> c.relowner
  AND (a.grantee = 0 OR NOT r.rolsuper AND r.rolname NOT IN (current_user, session_user)
       AND a.grantee <> (SELECT d.datdba FROM pg_catalog.pg_database AS d WHERE d.datname = current_database()))
ORDER BY 1, 2"""


def notes(project: Project, connection: Connection) -> Iterator[str]:
    """Yield a note on each such right of another role, with the REVOKE that ends it."""
    schemas = [unquoted(name) for name in split_list(project.search_path)]
    for row in connection.execute(text(CREATORS), {"schemas": schemas}).all():
        role, schema = identifier(row.role) if row.role else "PUBLIC", identifier(row.schema)
        yield (
            f"Note: {role} may create in schema {schema}, where revisions look for names: a function or an operator"
            " there can take the place of PostgreSQL's own, and would run with your rights.\n"
            f"  -> REVOKE CREATE ON SCHEMA {schema} FROM {role};"
        )
    for row in connection.execute(text(FIRERS), names()).all():
        role = identifier(row.role) if row.role else "PUBLIC"
        yield (
            f"Note: {role} may create triggers on {row.name}: their functions would run with your rights.\n"
            f"  -> REVOKE TRIGGER ON {row.name} FROM {role};"
        )
