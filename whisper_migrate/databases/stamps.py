"""Read the revisions that a database is stamped with."""

from sqlalchemy import Connection, text

from whisper_migrate.databases.bookkeeping import is_there
from whisper_migrate.databases.own_rights import missing, withdraw
from whisper_migrate.errors import Failure
from whisper_migrate.sql import run

SCHEMA = "public"  # passed to Alembic explicitly
TABLE = f"{SCHEMA}.alembic_version"

# The same table as Alembic creates.
CREATE = f"""CREATE TABLE {TABLE} (
    version_num varchar(32) NOT NULL, CONSTRAINT alembic_version_pkc PRIMARY KEY (version_num))"""


def ensure(connection: Connection) -> None:
    """Create the version table unless it exists, before Alembic reads it: another role could put a view there."""
    if not is_there(connection, TABLE):
        run(connection, f"{CREATE}; {withdraw(TABLE)}")


class Unreadable(Failure):
    """The version table exists, but the role may not read it."""


def stamped(connection: Connection) -> list[str] | None:
    """Return the revision ids that a database is stamped with; None if it has no version table.

    Raises Unreadable if the role may not read the table, and Failure if reading it would be dangerous (see
    `bookkeeping`).
    """
    if not is_there(connection, TABLE):
        return None
    if lacks := missing(connection, TABLE, "SELECT"):
        role, grant = lacks
        raise Unreadable(f"The role {role} may not read {TABLE}, which says which revision the database is at.", grant)
    return list(connection.scalars(text(f"SELECT version_num FROM ONLY {TABLE} ORDER BY version_num")))
