"""Whether the tables for bookkeeping (stamp, ledger and journal) can be read and written without danger.

A role that may create in the schema public can plant a relation with the name of such a table. Reading a view runs the
functions that the view calls; row-level security, an index on an expression and extended statistics do as much. Writing
also runs triggers, rules, defaults and checks. The engine therefore uses only a plain table whose owner is trusted:
this role or a role that it is a member of, the database's owner, or a superuser.
"""

from __future__ import annotations

from sqlalchemy import Connection, text

from whisper_migrate.catalog.names import identifier, split_name
from whisper_migrate.catalog.sql import literal
from whisper_migrate.databases.version_table import version_table
from whisper_migrate.errors import Failure
from whisper_migrate.wording.hidden_characters import failure_on_one_line

# The defaults that the engine itself writes. No other one is trusted, as some functions execute a text as SQL.
DEFAULTS = "'clock_timestamp()', 'SESSION_USER'"

# Whoever administers a role can make another role a member of it, without that role's consent; before PostgreSQL 16
# every role administers itself. A membership counts only if granted by a superuser, by a role that may create roles, or
# by the member.
MEMBERSHIPS = """
WITH RECURSIVE mine(role) AS (
    SELECT r.oid FROM pg_catalog.pg_roles AS r WHERE r.rolname IN (current_user, session_user)
    UNION
    SELECT m.roleid FROM pg_catalog.pg_auth_members AS m JOIN mine ON m.member = mine.role
    LEFT JOIN pg_catalog.pg_roles AS g ON g.oid = m.grantor
    WHERE g.oid IS NULL OR m.grantor = mine.role OR (g.rolsuper OR g.rolcreaterole) AND m.grantor <> m.roleid
)"""

RELATION = f"""{MEMBERSHIPS}
SELECT c.relname AS name, n.nspname AS schema, c.relkind::text AS kind, o.rolname AS owner,
       quote_ident(o.rolname) AS quoted,
       o.rolsuper OR c.relowner IN (SELECT mine.role FROM mine)
       OR c.relowner = (SELECT d.datdba FROM pg_catalog.pg_database AS d WHERE d.datname = current_database())
       AS is_trusted,
       (SELECT r.rolname FROM pg_catalog.pg_roles AS r WHERE r.oid = n.nspowner AND NOT (
           r.rolsuper OR r.rolname = 'pg_database_owner' OR r.oid IN (SELECT mine.role FROM mine)
           OR r.oid = (SELECT d.datdba FROM pg_catalog.pg_database AS d WHERE d.datname = current_database())
       )) AS schema_owner,
       CASE
       WHEN c.relispartition OR EXISTS (
           SELECT FROM pg_catalog.pg_inherits AS i WHERE c.oid IN (i.inhrelid, i.inhparent)
       ) THEN 'has parents or children by inheritance'
       WHEN row_security_active(c.oid) THEN 'has row-level security'
       WHEN EXISTS (SELECT FROM pg_catalog.pg_rewrite AS r WHERE r.ev_class = c.oid) THEN 'has a rule'
       WHEN EXISTS (SELECT FROM pg_catalog.pg_trigger AS t WHERE t.tgrelid = c.oid) THEN 'has a trigger'
       WHEN EXISTS (
           SELECT FROM pg_catalog.pg_attribute AS a JOIN pg_catalog.pg_type AS t ON t.oid = a.atttypid
           WHERE a.attrelid = c.oid AND a.attnum > 0 AND NOT a.attisdropped
             AND (t.typnamespace <> 'pg_catalog'::regnamespace OR t.oid >= 16384)
       ) THEN 'has a column of a type that is not PostgreSQL''s own'
       WHEN EXISTS (
           SELECT FROM pg_catalog.pg_attribute AS a
           LEFT JOIN pg_catalog.pg_attrdef AS d ON d.adrelid = a.attrelid AND d.adnum = a.attnum
           WHERE a.attrelid = c.oid AND (a.attgenerated <> '' OR pg_get_expr(d.adbin, d.adrelid) NOT IN ({DEFAULTS}))
       ) THEN 'has a column with a foreign default'
       WHEN EXISTS (
           SELECT FROM pg_catalog.pg_constraint AS k WHERE k.conrelid = c.oid AND k.contype NOT IN ('p', 'u', 'n')
       ) THEN 'has a constraint that is no key'
       WHEN EXISTS (
           SELECT FROM pg_catalog.pg_index AS i
           WHERE i.indrelid = c.oid AND (i.indexprs IS NOT NULL OR i.indpred IS NOT NULL)
       ) THEN 'has an index on an expression'
       WHEN EXISTS (SELECT FROM pg_catalog.pg_statistic_ext AS s WHERE s.stxrelid = c.oid)
       THEN 'has extended statistics'
       END AS flaw
FROM pg_catalog.pg_class AS c
JOIN pg_catalog.pg_namespace AS n ON n.oid = c.relnamespace
JOIN pg_catalog.pg_roles AS o ON o.oid = c.relowner
WHERE n.nspname = :schema AND c.relname = :name"""

# The schemas that bookkeeping is in, with the owner who could replace what is made there.
SCHEMAS = f"""{MEMBERSHIPS}
SELECT n.nspname AS schema, o.rolname AS owner
FROM pg_catalog.pg_namespace AS n JOIN pg_catalog.pg_roles AS o ON o.oid = n.nspowner
WHERE n.nspname IN (:schema, 'public') AND NOT (
    o.rolsuper OR o.rolname = 'pg_database_owner' OR o.oid IN (SELECT mine.role FROM mine)
    OR o.oid = (SELECT d.datdba FROM pg_catalog.pg_database AS d WHERE d.datname = current_database()))"""

# A type of the table's name, which is not a table's row type: CREATE TABLE would fail, as it makes such a type.
TAKEN = """
SELECT CASE t.typtype WHEN 'd' THEN 'domain' ELSE 'type' END AS word, o.rolname AS owner
FROM pg_catalog.pg_type AS t
JOIN pg_catalog.pg_namespace AS n ON n.oid = t.typnamespace
JOIN pg_catalog.pg_roles AS o ON o.oid = t.typowner
WHERE n.nspname = :schema AND t.typname = :name"""

KINDS = {
    "v": "view",
    "m": "materialized view",
    "f": "foreign table",
    "S": "sequence",
    "i": "index",
    "I": "index",
    "c": "type",
    "p": "partitioned table",
}


_THESE = "(n.nspname, c.relname) IN ({version}, ('public', 'whisper_ledger'), ('public', 'whisper_journal'))"
_GUARD = f"""FOR found IN {RELATION.replace("n.nspname = :schema AND c.relname = :name", _THESE)} LOOP
        IF found.kind <> 'r' OR NOT found.is_trusted OR found.schema_owner IS NOT NULL
            OR found.flaw IS NOT NULL THEN
            RAISE EXCEPTION '%.% of the role % is not safe to read: see migrate.py status.',
                found.schema, found.name, found.owner;
        END IF;
    END LOOP;"""


def guard() -> str:
    """Return the same check in a script for psql, whose block declares `found`."""
    return _GUARD.replace("{version}", f"({literal(version_table().schema)}, {literal(version_table().name)})")


def is_there(connection: Connection, table: str) -> bool:
    """Whether the database has this bookkeeping table, such as `public.alembic_version`.

    Raises Failure if a relation of that name could run another role's code now, or could be replaced so that it does.
    The failure names the relation, its owner, and the statement that removes it.
    """
    schema, name = split_name(table)
    found = connection.execute(text(RELATION), {"schema": schema, "name": name}).one_or_none()
    if found is None:
        taken = connection.execute(text(TAKEN), {"schema": schema, "name": name}).one_or_none()
        if taken:
            raise failure_on_one_line(
                f"Nothing was done: {table} is a {taken.word} of the role {taken.owner}; no table can be called that.",
                f"DROP {taken.word.upper()} {table};",
            )
        return False
    word = KINDS.get(found.kind, "table")
    if found.kind != "r":
        what = f"is no ordinary table but a {word}" if word[0] not in "aei" else f"is no table but an {word}"
        raise _refused(
            f"{table} {what} of the role {found.owner}", f"DROP {word.upper().removeprefix('PARTITIONED ')} {table};"
        )
    if not found.is_trusted:
        raise _refused(
            f"{table} belongs to the role {found.owner}, which is neither this role, nor one that it is a member of,"
            " nor the database's owner, nor a superuser",
            f"DROP TABLE {table}; or, if {found.owner} is to run revisions here:"
            f" ALTER DATABASE {_database(connection)} OWNER TO {found.quoted};",
        )
    if found.schema_owner:  # the owner of a schema can drop any table in it
        raise _refused(
            f"{table} is in a schema of the role {found.schema_owner}, which can put something else in its place",
            _to_own(schema, found.quoted),
        )
    if found.flaw:
        raise _refused(f"{table} {found.flaw}", f"See what it is: \\d+ {table}; then drop it.")
    return True


def require_schemas(connection: Connection) -> None:
    """Raise Failure if bookkeeping would be made in a schema whose owner could put something else in its place."""
    for schema, owner in connection.execute(text(SCHEMAS), {"schema": version_table().schema}):
        raise failure_on_one_line(
            f"Nothing was done: the tables for bookkeeping would be in schema {identifier(schema)} of the role {owner},"
            " which can put something else in their place: reading that could run its code.",
            _to_own(schema, str(connection.scalar(text("SELECT quote_ident(current_user)")))),
        )


def _to_own(schema: str, owner: str) -> str:
    if schema == "public":
        return "ALTER SCHEMA public OWNER TO pg_database_owner; (before PostgreSQL 15: to the database's owner)"
    return f"ALTER SCHEMA {identifier(schema)} OWNER TO {owner};"


def _refused(what: str, remedy: str) -> Failure:
    return failure_on_one_line(f"Nothing was done: {what}, so that reading it could run another role's code.", remedy)


def _database(connection: Connection) -> str:
    return str(connection.scalar(text("SELECT quote_ident(current_database())")))
