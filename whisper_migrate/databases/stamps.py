"""Where a database says that it stands."""

from psycopg2.errorcodes import INSUFFICIENT_PRIVILEGE
from sqlalchemy import Connection, text
from sqlalchemy.exc import DBAPIError

from whisper_migrate.errors import Failure, reason


def stamped(connection: Connection, version_table: str = "public.alembic_version") -> list[str] | None:
    """The revision ids that a database is stamped with; None when it has no version table at all."""
    if connection.scalar(text("SELECT to_regclass(:name)"), {"name": version_table}) is None:
        return None
    try:
        return list(connection.scalars(text(f"SELECT version_num FROM {version_table} ORDER BY version_num")))
    except DBAPIError as error:
        if getattr(error.orig, "pgcode", None) != INSUFFICIENT_PRIVILEGE:
            raise
        raise Failure(
            f"The revision that the database stands at cannot be read: {reason(error)}.",
            f"Let the role read it: GRANT SELECT ON {version_table} TO {connection.engine.url.username};",
        ) from error
