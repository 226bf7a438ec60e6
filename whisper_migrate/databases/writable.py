"""Whether a database accepts writes: a standby does not, nor a connection with read-only options in its URL."""

from __future__ import annotations

from sqlalchemy import Connection, text

from whisper_migrate.errors import Failure


def is_standby(connection: Connection) -> bool:
    """Whether the connected server is a standby."""
    return bool(connection.scalar(text("SELECT pg_catalog.pg_is_in_recovery()")))


def require_writable(connection: Connection) -> None:
    """Raise Failure for a database that accepts no writes."""
    if is_standby(connection):
        raise Failure(
            "The database is on a standby, which accepts no writes.",
            "Let DATABASE_URL lead to the primary: with several hosts in it, target_session_attrs=read-write does;"
            " --wait SECONDS waits for a standby that is about to be promoted.",
        )
    if connection.scalar(text("SHOW default_transaction_read_only")) == "on":
        raise Failure(
            "The database accepts no writes: the options that the connection is given make it read-only.",
            "Take default_transaction_read_only out of DATABASE_URL and PGOPTIONS.",
        )
