"""Whether a query that counts rows could run another role's code.

Its condition contains a column's default, and converts values between types. A function, an operator or a type in it
may belong to another role by now, and a table's owner may have written the default.

The planner computes the constant parts of expressions that the query does not name: those of indexes, statistics
and keys of partitions. Reading a table is therefore as dangerous as its most dangerous expression.
"""

from __future__ import annotations

import re

from sqlalchemy import Connection, text

from whisper_migrate.catalog.names import unquoted
from whisper_migrate.catalog.sql import run
from whisper_migrate.databases.bookkeeping import MEMBERSHIPS

WORD = r'(?:"(?:[^"]|"")*+"|[\w$]++)'
# A name with its schema, as PostgreSQL prints all names but its own; strings and other words are skipped.
QUALIFIED = re.compile(rf"'(?:[^']|'')*+'|(?<![\w$])({WORD})(?:\.({WORD}|[-+*/<>=~!@#%^&|`?]+))?")

# A condition on the oid of a role that is not trusted (see `bookkeeping`).
STRANGE = """NOT EXISTS (
    SELECT FROM pg_catalog.pg_roles AS r
    WHERE r.oid = {} AND (r.rolsuper OR r.oid IN (SELECT mine.role FROM mine) OR r.oid = (
        SELECT d.datdba FROM pg_catalog.pg_database AS d WHERE d.datname = current_database())))"""

# The oid of a table. to_regclass() would be an error for a role that may not use the table's schema.
TABLE = """(
    SELECT c.oid FROM pg_catalog.pg_class AS c JOIN pg_catalog.pg_namespace AS n ON n.oid = c.relnamespace
    WHERE format('%I.%I', n.nspname, c.relname) = :table)"""

# A type in use also brings the types that it consists of. Ranges and domains call functions of their owners.
FOREIGN = f"""{MEMBERSHIPS},
named(schema, name) AS (
    SELECT n.oid, one.name
    FROM unnest(CAST(:schemas AS pg_catalog.text[]), CAST(:names AS pg_catalog.text[])) AS one (schema, name)
    JOIN pg_catalog.pg_namespace AS n ON n.nspname = one.schema
),
used(type) AS (
    SELECT a.atttypid FROM pg_catalog.pg_attribute AS a WHERE a.attrelid = {TABLE} AND a.attnum > 0
    UNION
    SELECT t.oid FROM pg_catalog.pg_type AS t JOIN named ON t.typnamespace = named.schema AND t.typname = named.name
    UNION
    SELECT part.type FROM used JOIN pg_catalog.pg_type AS t ON t.oid = used.type
    CROSS JOIN LATERAL (
        SELECT t.typbasetype
        UNION ALL SELECT t.typelem
        UNION ALL SELECT r.rngsubtype FROM pg_catalog.pg_range AS r WHERE t.oid IN (r.rngtypid, r.rngmultitypid)
        UNION ALL SELECT a.atttypid FROM pg_catalog.pg_attribute AS a WHERE a.attrelid = t.typrelid AND a.attnum > 0
    ) AS part (type)
),
owners(role) AS (
    SELECT c.relowner FROM pg_catalog.pg_class AS c WHERE c.oid = {TABLE}
    UNION SELECT t.typowner FROM used JOIN pg_catalog.pg_type AS t ON t.oid = used.type
    UNION SELECT p.proowner FROM named
    JOIN pg_catalog.pg_proc AS p ON p.pronamespace = named.schema AND p.proname = named.name
    UNION SELECT o.oprowner FROM named
    JOIN pg_catalog.pg_operator AS o ON o.oprnamespace = named.schema AND o.oprname = named.name
)
SELECT EXISTS (SELECT FROM owners WHERE {STRANGE.format("owners.role")})"""

# A table with its partitions and children; their expressions; and the functions, operators and types in these. The
# value of a domain is checked by its constraints.
READ = f"""{MEMBERSHIPS},
tree(oid) AS (
    SELECT to_regclass(:table)::oid
    UNION SELECT i.inhrelid FROM tree JOIN pg_catalog.pg_inherits AS i ON i.inhparent = tree.oid
),
expression(classid, objid) AS (
    SELECT 'pg_catalog.pg_class'::regclass::oid, i.indexrelid
    FROM tree JOIN pg_catalog.pg_index AS i ON i.indrelid = tree.oid
    WHERE i.indexprs IS NOT NULL OR i.indpred IS NOT NULL
    UNION ALL SELECT 'pg_catalog.pg_statistic_ext'::regclass, s.oid
    FROM tree JOIN pg_catalog.pg_statistic_ext AS s ON s.stxrelid = tree.oid WHERE s.stxexprs IS NOT NULL
    UNION ALL SELECT 'pg_catalog.pg_class'::regclass, p.partrelid
    FROM tree JOIN pg_catalog.pg_partitioned_table AS p ON p.partrelid = tree.oid WHERE p.partexprs IS NOT NULL
),
used(classid, objid) AS (
    SELECT e.classid, e.objid FROM expression AS e
    UNION
    SELECT more.classid, more.objid FROM used CROSS JOIN LATERAL (
        SELECT d.refclassid, d.refobjid FROM pg_catalog.pg_depend AS d
        WHERE d.classid = used.classid AND d.objid = used.objid AND d.refclassid IN (
            'pg_catalog.pg_proc'::regclass, 'pg_catalog.pg_operator'::regclass, 'pg_catalog.pg_type'::regclass)
        UNION ALL SELECT 'pg_catalog.pg_constraint'::regclass, k.oid FROM pg_catalog.pg_constraint AS k
        WHERE used.classid = 'pg_catalog.pg_type'::regclass AND k.contypid = used.objid
    ) AS more (classid, objid)
),
owners(role) AS (
    SELECT p.proowner FROM used JOIN pg_catalog.pg_proc AS p
    ON used.classid = 'pg_catalog.pg_proc'::regclass AND p.oid = used.objid
    UNION SELECT o.oprowner FROM used JOIN pg_catalog.pg_operator AS o
    ON used.classid = 'pg_catalog.pg_operator'::regclass AND o.oid = used.objid
    UNION SELECT t.typowner FROM used JOIN pg_catalog.pg_type AS t
    ON used.classid = 'pg_catalog.pg_type'::regclass AND t.oid = used.objid
)
SELECT EXISTS (SELECT FROM tree JOIN pg_catalog.pg_class AS c ON c.oid = tree.oid
               WHERE {STRANGE.format("c.relowner")}) AS is_anothers,
       EXISTS (SELECT FROM expression)
       OR EXISTS (SELECT FROM tree JOIN pg_catalog.pg_class AS c ON c.oid = tree.oid WHERE c.relkind = 'f')
       AS has_expressions,
       EXISTS (SELECT FROM owners WHERE {STRANGE.format("owners.role")}) AS uses_anothers"""


def is_foreign(connection: Connection, table: str, condition: str) -> bool:
    """Whether a role that is not trusted (see `bookkeeping`) owns the table, or anything that the condition uses."""
    found = [(unquoted(match[1]), unquoted(match[2])) for match in QUALIFIED.finditer(condition) if match[2]]
    values = {"table": table, "schemas": [schema for schema, _ in found], "names": [name for _, name in found]}
    return bool(connection.scalar(text(FOREIGN), values))


def may_be_read(connection: Connection, table: str) -> bool:
    """Whether reading a table, which is locked already, runs no code of a role that is not trusted.

    From now on, the planner ignores checks in this transaction or savepoint. Another role's table may be read if it has
    no expressions. A stronger lock then keeps its owner from adding one, as CREATE INDEX and CREATE STATISTICS do not
    wait for a reader. In a transaction with a snapshot of its own, no table may be read: this query would not see
    an index that was made after the snapshot, which the planner sees.
    """
    if connection.scalar(text("SHOW transaction_isolation")) != "read committed":
        return False
    run(connection, "SET LOCAL constraint_exclusion = off")
    found = connection.execute(text(READ), {"table": table}).one()
    if not found.is_anothers:
        return not found.uses_anothers
    if found.has_expressions:
        return False
    run(connection, f"LOCK TABLE {table} IN SHARE UPDATE EXCLUSIVE MODE")
    return not connection.execute(text(READ), {"table": table}).one().has_expressions
