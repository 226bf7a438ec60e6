"""Recognize a pooler between the engine and the database, and whether it lends its connections by transaction.

A pooler that lends by session is no problem. One that lends by transaction gives the settings, locks and prepared
statements of a session to another client.

A pooler gives each client a process number for cancel requests that differs from the server process's. If the numbers
are equal, there is no pooler. Otherwise a second client begins a transaction. If it gets the first client's server
process, or the first client then gets another one, the pooler lends by transaction.
"""

from __future__ import annotations

from collections.abc import Callable, Hashable
from contextlib import closing
from typing import Any

from sqlalchemy import Connection

from whisper_migrate.databases.session_settings import AT_ONCE
from whisper_migrate.errors import Failure

PROBES = 10  # attempts: other clients of the pooler may take the server process that the second client should get

# Keys of each connection's info: whether a pooler lends it by transaction, and the server process that served it first.
LENT, BACKEND = "lent by the transaction", "backend"

_known: dict[Hashable, bool] = {}


def is_pooled(driver: Any, backend: int) -> bool:
    """Whether a psycopg2 connection, served by the process `backend`, goes through a pooler."""
    return bool(driver.info.backend_pid != backend)


def lends_by_transaction(driver: Any, connect: Callable[[], Any], address: Hashable) -> bool:
    """Whether the pooler at `address` lends by transaction.

    `driver` is a connection in autocommit; `connect` opens another one through the pooler.
    """
    if address not in _known:
        _known[address] = any(_is_shared(driver, connect) for _ in range(PROBES))
    return _known[address]


def require_session(connection: Connection) -> None:
    """Raise Failure for a connection that a pooler lends by transaction."""
    if connection.info.get(LENT):
        raise Failure(
            "The database is reached through a pooler that lends its connections by the transaction:"
            " a lock, a time-out and a search_path would be somebody else's.",
            "Let DATABASE_URL lead to PostgreSQL's own port, or to a pool with pool_mode = session.",
        )


def backend(driver: Any) -> int:
    """Return the number of the server process that serves a psycopg2 connection."""
    with driver.cursor() as cursor:
        cursor.execute(f"{AT_ONCE}SELECT pg_catalog.pg_backend_pid()")
        return int(cursor.fetchone()[0])


def _is_shared(driver: Any, connect: Callable[[], Any]) -> bool:
    before = backend(driver)
    with closing(connect()) as other:
        return backend(other) == before or backend(driver) != before  # the second client's transaction is still open
