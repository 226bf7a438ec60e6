"""The rights on the bookkeeping tables: whether this role has them, and that other roles get none.

ALTER DEFAULT PRIVILEGES suits the tables of the models, also those of an application. A role with the right TRIGGER on
the stamp, the ledger or the journal could run its code with the rights of the next run. A role that may write there
could make a run skip statements. Only SELECT is left.
"""

from __future__ import annotations

from sqlalchemy import Connection, text

from whisper_migrate.catalog.names import identifier, split_name
from whisper_migrate.catalog.sql import literal

# Finds the table without its name: PostgreSQL refuses to look for a name in a schema that the role may not use.
MISSING = """
SELECT quote_ident(current_user) AS role, NOT has_schema_privilege(n.oid, 'USAGE') AS is_closed,
       ARRAY(SELECT one FROM unnest(CAST(:rights AS pg_catalog.text[])) AS one
             WHERE NOT has_table_privilege(c.oid, one)) AS rights
FROM pg_catalog.pg_class AS c JOIN pg_catalog.pg_namespace AS n ON n.oid = c.relnamespace
WHERE n.nspname = :schema AND c.relname = :name"""

# Part of a block that declares `given`. It runs in the transaction that creates the table, so that nobody can use the
# rights before. The ledger also has a sequence.
WITHDRAW = """\
    FOR given IN
        SELECT a.privilege_type || CASE c.relkind WHEN 'S' THEN ' ON SEQUENCE ' ELSE ' ON TABLE ' END
               || c.oid::pg_catalog.regclass::pg_catalog.text || ' FROM '
               || CASE WHEN a.grantee = 0 THEN 'PUBLIC' ELSE quote_ident(pg_get_userbyid(a.grantee)) END AS words
        FROM pg_catalog.pg_class AS c CROSS JOIN LATERAL pg_catalog.aclexplode(c.relacl) AS a
        WHERE a.grantee <> c.relowner AND a.privilege_type <> 'SELECT'
          AND (c.oid = to_regclass({table}) OR c.oid IN (
              SELECT d.objid FROM pg_catalog.pg_depend AS d
              WHERE d.classid = 'pg_catalog.pg_class'::pg_catalog.regclass AND d.refclassid = d.classid
                AND d.refobjid = to_regclass({table}) AND d.deptype IN ('a', 'i')))
    LOOP
        EXECUTE 'REVOKE ' || given.words;
    END LOOP;"""


def withdraw(table: str) -> str:
    """Return the statement that withdraws other roles' rights on a table, but for SELECT."""
    return f"DO $rights$\nDECLARE given record;\nBEGIN\n{WITHDRAW.format(table=literal(table))}\nEND\n$rights$"


def missing(connection: Connection, table: str, *rights: str) -> tuple[str, str] | None:
    """Return this role and the statement that grants it the missing rights on a table; None if it has these rights.

    None also if there is no such table.
    """
    schema, name = split_name(table)
    found = connection.execute(text(MISSING), {"schema": schema, "name": name, "rights": list(rights)}).one_or_none()
    if found is None or not (found.is_closed or found.rights):
        return None
    grants = [f"GRANT USAGE ON SCHEMA {identifier(schema)} TO {found.role};"] if found.is_closed else []
    grants += [f"GRANT {', '.join(rights)} ON {table} TO {found.role};"] if found.rights else []
    return found.role, " ".join(grants)
