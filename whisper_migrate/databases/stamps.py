"""Read the revisions that a database is stamped with."""

from sqlalchemy import Connection, text

from whisper_migrate.catalog.names import identifier
from whisper_migrate.catalog.sql import run
from whisper_migrate.databases.bookkeeping import is_there, require_schemas
from whisper_migrate.databases.own_rights import missing, withdraw
from whisper_migrate.databases.version_table import version_table
from whisper_migrate.errors import Failure

# The same table as Alembic creates.
CREATE = """CREATE TABLE {table} (
    version_num varchar(32) NOT NULL, CONSTRAINT {key} PRIMARY KEY (version_num))"""

SCHEMA = "SELECT true FROM pg_catalog.pg_namespace AS n WHERE n.nspname = :schema"


def ensure(connection: Connection) -> bool:
    """Create the version table unless it exists, before Alembic reads it: another role could put a view there.

    Returns whether it was created.
    """
    kept = version_table()
    require_schemas(connection)
    if is_there(connection, kept.identity):
        return False
    create = CREATE.format(table=kept.identity, key=identifier(f"{kept.name}_pkc"))
    # PostgreSQL requires CREATE on the database even if the schema exists.
    is_made = connection.scalar(text(SCHEMA), {"schema": kept.schema})
    schema = "" if is_made else kept.create_schema
    run(connection, f"{schema}{create}; {withdraw(kept.identity)}")
    return True


def remove_created(connection: Connection) -> None:
    """Drop a version table that this run has created, if it has no row: programs take one for an unfinished install."""
    if stamped(connection) == []:
        run(connection, f"DROP TABLE {version_table().identity}")


class Unreadable(Failure):
    """The version table exists, but the role may not read it."""


def stamped(connection: Connection) -> list[str] | None:
    """Return the revision ids that a database is stamped with; None if it has no version table.

    Raises Unreadable if the role may not read the table, and Failure if reading it would be dangerous (see
    `bookkeeping`).
    """
    table = version_table().identity
    if not is_there(connection, table):
        return None
    if lacks := missing(connection, table, "SELECT"):
        role, grant = lacks
        raise Unreadable(f"The role {role} may not read {table}, which says which revision the database is at.", grant)
    return list(run(connection, f"SELECT version_num FROM ONLY {table} ORDER BY version_num").scalars())
