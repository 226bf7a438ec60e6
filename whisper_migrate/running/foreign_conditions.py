"""Whether a condition that counts rows could run another role's code.

Such a condition contains a column's default, and converts values between types. A function, an operator or a type in it
may belong to another role by now, and a table's owner may have written the default.
"""

from __future__ import annotations

import re

from sqlalchemy import Connection, text

from whisper_migrate.catalog.names import unquoted
from whisper_migrate.databases.bookkeeping import MEMBERSHIPS

WORD = r'(?:"(?:[^"]|"")*+"|[\w$]++)'
# A name with its schema, as PostgreSQL prints all names but its own; strings are skipped.
QUALIFIED = re.compile(rf"'(?:[^']|'')*+'|({WORD})\.({WORD}|[-+*/<>=~!@#%^&|`?]+)")

# A type in use also brings the types that it consists of. Ranges and domains call functions of their owners.
FOREIGN = f"""{MEMBERSHIPS},
named(schema, name) AS (
    SELECT n.oid, one.name
    FROM unnest(CAST(:schemas AS pg_catalog.text[]), CAST(:names AS pg_catalog.text[])) AS one (schema, name)
    JOIN pg_catalog.pg_namespace AS n ON n.nspname = one.schema
),
used(type) AS (
    SELECT a.atttypid FROM pg_catalog.pg_attribute AS a WHERE a.attrelid = to_regclass(:table) AND a.attnum > 0
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
    SELECT c.relowner FROM pg_catalog.pg_class AS c WHERE c.oid = to_regclass(:table)
    UNION SELECT t.typowner FROM used JOIN pg_catalog.pg_type AS t ON t.oid = used.type
    UNION SELECT p.proowner FROM named
    JOIN pg_catalog.pg_proc AS p ON p.pronamespace = named.schema AND p.proname = named.name
    UNION SELECT o.oprowner FROM named
    JOIN pg_catalog.pg_operator AS o ON o.oprnamespace = named.schema AND o.oprname = named.name
)
SELECT EXISTS (
    SELECT FROM owners JOIN pg_catalog.pg_roles AS r ON r.oid = owners.role
    WHERE NOT r.rolsuper AND r.oid NOT IN (SELECT mine.role FROM mine)
      AND r.oid <> (SELECT d.datdba FROM pg_catalog.pg_database AS d WHERE d.datname = current_database()))"""


def is_foreign(connection: Connection, table: str, condition: str) -> bool:
    """Whether a role that is not trusted (see `bookkeeping`) owns the table, or anything that the condition uses."""
    found = [(unquoted(match[1]), unquoted(match[2])) for match in QUALIFIED.finditer(condition) if match[1]]
    values = {"table": table, "schemas": [schema for schema, _ in found], "names": [name for _, name in found]}
    return bool(connection.scalar(text(FOREIGN), values))
