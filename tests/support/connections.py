"""A connection of the engine's in which a test may use table names without a schema."""

from collections.abc import Iterator
from contextlib import contextmanager

from sqlalchemy import URL, Connection

from whisper_migrate.databases import connect


@contextmanager
def connected(url: URL, *, read_only: bool = False) -> Iterator[Connection]:
    with connect.connected(url, read_only=read_only) as connection:
        connection.exec_driver_sql("SET search_path = public")
        connection.commit()
        yield connection
