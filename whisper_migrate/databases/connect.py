"""Connections to the database that a command works on."""

from collections.abc import Iterator
from contextlib import contextmanager

from sqlalchemy import URL, Connection
from sqlalchemy.exc import OperationalError

from whisper_migrate.databases.settings import connection_failure, engine


@contextmanager
def connected(url: URL, *, read_only: bool = False) -> Iterator[Connection]:
    """A connection to `url`; `read_only` makes PostgreSQL itself refuse every write and keep to one snapshot.

    Raises Failure in plain words when the database cannot be reached.
    """
    options = {"postgresql_readonly": True, "isolation_level": "REPEATABLE READ"} if read_only else {}
    try:
        connection = engine(url).connect()
    except OperationalError as error:
        raise connection_failure(url, error) from error
    with connection:
        yield connection.execution_options(**options) if read_only else connection
