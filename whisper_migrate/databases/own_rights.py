"""Withdraw the rights that default privileges give other roles on a new bookkeeping table.

ALTER DEFAULT PRIVILEGES suits the tables of the models, also those of an application. A role with the right TRIGGER on
the stamp, the ledger or the journal could run its code with the rights of the next run. A role that may write there
could make a run skip statements. Only SELECT is left.
"""

from __future__ import annotations

# Part of a block that declares `given`. It runs in the transaction that creates the table, so that nobody can use the
# rights before. The ledger also has a sequence.
WITHDRAW = """\
    FOR given IN
        SELECT a.privilege_type || CASE c.relkind WHEN 'S' THEN ' ON SEQUENCE ' ELSE ' ON TABLE ' END
               || c.oid::pg_catalog.regclass::pg_catalog.text || ' FROM '
               || CASE WHEN a.grantee = 0 THEN 'PUBLIC' ELSE quote_ident(pg_get_userbyid(a.grantee)) END AS words
        FROM pg_catalog.pg_class AS c CROSS JOIN LATERAL pg_catalog.aclexplode(c.relacl) AS a
        WHERE a.grantee <> c.relowner AND a.privilege_type <> 'SELECT'
          AND (c.oid = to_regclass('{table}') OR c.oid IN (
              SELECT d.objid FROM pg_catalog.pg_depend AS d
              WHERE d.classid = 'pg_catalog.pg_class'::pg_catalog.regclass AND d.refclassid = d.classid
                AND d.refobjid = to_regclass('{table}') AND d.deptype IN ('a', 'i')))
    LOOP
        EXECUTE 'REVOKE ' || given.words;
    END LOOP;"""


def withdraw(table: str) -> str:
    """Return the statement that withdraws other roles' rights on a table, but for SELECT."""
    return f"DO $rights$\nDECLARE given record;\nBEGIN\n{WITHDRAW.format(table=table)}\nEND\n$rights$"
