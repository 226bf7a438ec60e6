"""A pooler that lends its connections for one transaction at a time: a session's lock and settings mean nothing there.

Each client of a pooler is given a number for its cancel requests that is not its backend's process. Where the two are
the same there is none, and that is all that is asked. Otherwise a second client takes up a transaction: when it gets
the backend of the first one, or the first one must do with another backend then, they are lent by the transaction.
"""

from __future__ import annotations

from sqlalchemy import URL, Connection, text
from sqlalchemy.exc import DBAPIError

from whisper_migrate.databases.connect import connected
from whisper_migrate.errors import Failure, reason

PROBES = 10  # others may use the pooler at the same time, and be given what the second client should get


def require_session(connection: Connection, url: URL) -> None:
    """Raises Failure when `connection`, in autocommit, goes through a pooler that does not keep it to one backend."""
    backend = _backend(connection)
    if connection.connection.driver_connection.info.backend_pid == backend:  # type: ignore[union-attr]
        return
    try:
        for _ in range(PROBES):
            with connected(url) as other:
                shared = _backend(other) == backend  # inside of a transaction, which is still open now
                if shared or _backend(connection) != backend:
                    raise Failure(
                        "The database is reached through a pooler that lends its connections by the transaction:"
                        " a lock, a time-out and a search_path would be somebody else's.",
                        "Let DATABASE_URL lead to PostgreSQL's own port, or to a pool with pool_mode = session.",
                    )
    except DBAPIError as error:
        raise Failure(
            f"The database is reached through a pooler, and it says: {reason(error)}.",
            "Let DATABASE_URL lead to PostgreSQL's own port, or to a pool of 3 connections with pool_mode = session.",
        ) from error


def _backend(connection: Connection) -> int:
    return int(connection.scalar(text("SELECT pg_backend_pid()")))
