"""Limit the number of locks that a transaction takes: a server has a fixed number of locks for all sessions."""

import itertools
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

from sqlalchemy import Connection, event

HALF_OF_THE_LOCKS = """
SELECT count(*) * 2 > current_setting('max_locks_per_transaction')::int * current_setting('max_connections')::int
FROM pg_catalog.pg_locks WHERE pid = pg_backend_pid()"""


class TooManyLocks(Exception):
    """A transaction is about to use up the server's locks, which other sessions need as well."""


@contextmanager
def few_locks(connection: Connection) -> Iterator[None]:
    """Raise TooManyLocks as soon as the transaction holds half of the server's locks.

    A transaction keeps a lock on each table and index that it creates, until its end.
    """
    executed = itertools.count(1)

    def count(_: Connection, cursor: Any, *__: Any) -> None:
        if next(executed) % 250 == 0:
            with cursor.connection.cursor() as other:
                other.execute(HALF_OF_THE_LOCKS)
                if other.fetchone()[0]:
                    raise TooManyLocks

    event.listen(connection, "after_cursor_execute", count)
    try:
        yield
    finally:
        event.remove(connection, "after_cursor_execute", count)
