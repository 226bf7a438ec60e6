"""Where a database says that it stands."""

from psycopg2.errorcodes import INSUFFICIENT_PRIVILEGE
from sqlalchemy import Connection, text
from sqlalchemy.exc import DBAPIError

from whisper_migrate.databases.bookkeeping import is_there
from whisper_migrate.errors import Failure, reason
from whisper_migrate.sql import run

SCHEMA = "public"  # Alembic is given it by name
TABLE = f"{SCHEMA}.alembic_version"


# As Alembic makes it.
CREATE = f"""CREATE TABLE {TABLE} (
    version_num varchar(32) NOT NULL, CONSTRAINT alembic_version_pkc PRIMARY KEY (version_num))"""


def ensure(connection: Connection) -> None:
    """Make the version table where there is none, before Alembic reads it: somebody else could put a view there."""
    if not is_there(connection, TABLE):
        run(connection, CREATE)


def stamped(connection: Connection) -> list[str] | None:
    """The revision ids that a database is stamped with; None when it has no version table at all.

    Raises Failure where the role may not read that, and where it is not safe to be read (see `bookkeeping`).
    """
    if not is_there(connection, TABLE):
        return None
    try:
        return list(connection.scalars(text(f"SELECT version_num FROM ONLY {TABLE} ORDER BY version_num")))
    except DBAPIError as error:
        if getattr(error.orig, "pgcode", None) != INSUFFICIENT_PRIVILEGE:
            raise
        raise Failure(
            f"The revision that the database stands at cannot be read: {reason(error)}.",
            f"Let the role read it: GRANT SELECT ON {TABLE} TO {connection.engine.url.username};",
        ) from error
