"""A pooler between us and the database: by the session its connections are as good as our own.

One that lends them for a transaction at a time gives a session's settings, locks and prepared statements to somebody
else. Each client of a pooler is given a number for its cancel requests that is not its backend's process. Where the two
are equal there is no pooler, and nothing more is asked. Otherwise a second client takes up a transaction: when it gets
the backend of the first one, or the first one must do with another backend then, they are lent by the transaction.
"""

from __future__ import annotations

from collections.abc import Callable, Hashable
from contextlib import closing
from typing import Any

from sqlalchemy import Connection

from whisper_migrate.errors import Failure

PROBES = 10  # others may use the pooler at the same time, and be given what the second client should get

# In the info of each of our connections: whether it is lent by the transaction, and which process serves it first.
LENT, BACKEND = "lent by the transaction", "backend"

_known: dict[Hashable, bool] = {}


def is_pooled(driver: Any, backend: int) -> bool:
    """Whether a connection of psycopg2's, which `backend` serves, goes through a pooler."""
    return bool(driver.info.backend_pid != backend)


def lends_by_transaction(driver: Any, connect: Callable[[], Any], address: Hashable) -> bool:
    """Whether the pooler at `address` does so. `driver` is in autocommit; `connect` makes another connection to it."""
    if address not in _known:
        _known[address] = any(_is_shared(driver, connect) for _ in range(PROBES))
    return _known[address]


def require_session(connection: Connection) -> None:
    """Raises Failure for a connection that is lent by the transaction."""
    if connection.info.get(LENT):
        raise Failure(
            "The database is reached through a pooler that lends its connections by the transaction:"
            " a lock, a time-out and a search_path would be somebody else's.",
            "Let DATABASE_URL lead to PostgreSQL's own port, or to a pool with pool_mode = session.",
        )


def backend(driver: Any) -> int:
    """The number of the process that serves a connection of psycopg2's."""
    with driver.cursor() as cursor:
        cursor.execute("SELECT pg_catalog.pg_backend_pid()")
        return int(cursor.fetchone()[0])


def _is_shared(driver: Any, connect: Callable[[], Any]) -> bool:
    before = backend(driver)
    with closing(connect()) as other:
        return backend(other) == before or backend(driver) != before  # the other's transaction is still open
