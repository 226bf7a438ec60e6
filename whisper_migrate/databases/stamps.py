"""Where a database says that it stands."""

from sqlalchemy import Connection, text

from whisper_migrate.databases.bookkeeping import is_there
from whisper_migrate.errors import Failure
from whisper_migrate.sql import run

SCHEMA = "public"  # Alembic is given it by name
TABLE = f"{SCHEMA}.alembic_version"
MAY_READ = f"SELECT quote_ident(current_user), has_table_privilege('{TABLE}', 'SELECT')"

# As Alembic makes it.
CREATE = f"""CREATE TABLE {TABLE} (
    version_num varchar(32) NOT NULL, CONSTRAINT alembic_version_pkc PRIMARY KEY (version_num))"""


def ensure(connection: Connection) -> None:
    """Make the version table where there is none, before Alembic reads it: somebody else could put a view there."""
    if not is_there(connection, TABLE):
        run(connection, CREATE)


class Unreadable(Failure):
    """The role may not read the version table, which is there."""


def stamped(connection: Connection) -> list[str] | None:
    """The revision ids that a database is stamped with; None when it has no version table at all.

    Raises Unreadable where the role may not read that, and Failure where it is not safe to be read (see `bookkeeping`).
    """
    if not is_there(connection, TABLE):
        return None
    role, may = connection.execute(text(MAY_READ)).one()
    if not may:
        raise Unreadable(
            f"The role {role} may not read {TABLE}, which says which revision the database is at.",
            f"GRANT SELECT ON {TABLE} TO {role};",
        )
    return list(connection.scalars(text(f"SELECT version_num FROM ONLY {TABLE} ORDER BY version_num")))
