"""Open every connection of the engine, with its parameters and its first settings."""

from __future__ import annotations

import os
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from typing import Any

import psycopg2
import sqlalchemy
from sqlalchemy import URL, Connection
from sqlalchemy.exc import OperationalError, ProgrammingError
from sqlalchemy.pool import NullPool

from whisper_migrate.addresses.connection_failures import connection_failure, sourced
from whisper_migrate.addresses.url import DRIVER
from whisper_migrate.databases import lost_connections, pooler, reached, silence
from whisper_migrate.databases.driver import DriverConnection
from whisper_migrate.databases.interruption import interruptible
from whisper_migrate.databases.lent_search_path import search_nothing
from whisper_migrate.databases.session_settings import autocommit, prepare
from whisper_migrate.errors import Failure

# By default libpq waits for minutes for a server that does not answer, and for ever for one that stops answering.
CLIENT = {
    "application_name": "whisper-migrate",
    "client_encoding": "utf8",  # object names may have any characters, whatever encoding is set
    "connect_timeout": 10,
    "keepalives": 1,
    "keepalives_idle": 15,
    "keepalives_interval": 5,
    "keepalives_count": 3,
    "tcp_user_timeout": 30_000,  # milliseconds
}


@contextmanager
def connected(url: URL, *, read_only: bool = False, snapshot: bool = True) -> Iterator[Connection]:
    """Connect to `url`; with `read_only`, PostgreSQL refuses all writes and shows a single `snapshot`.

    Without a snapshot, each query sees the present. A caller that locks a table and then reads the catalog needs that.
    Raises Failure in plain words if the database cannot be reached.
    """
    level = "REPEATABLE READ" if snapshot else "READ COMMITTED"
    options = {"postgresql_readonly": True, "isolation_level": level} if read_only else {}
    try:
        connection = engine(url).connect()
    except (OperationalError, ProgrammingError) as error:  # the latter for a parameter that libpq does not know
        raise connection_failure(url, error) from error
    with connection:
        yield connection.execution_options(**options) if read_only else connection


def engine(url: URL, **options: Any) -> sqlalchemy.Engine:
    """Return an engine without a pool that prepares each connection it opens, including those of user code.

    `options` are those of SQLAlchemy's create_engine. Parameters in the URL take precedence over `CLIENT`.
    """
    url = url.set(drivername=DRIVER)
    said = set(url.query) | ({"connect_timeout"} if os.environ.get("PGCONNECT_TIMEOUT") else set())
    arguments: dict[str, Any] = {key: value for key, value in CLIENT.items() if key not in said}
    arguments |= {"connection_factory": DriverConnection, **options.pop("connect_args", {})}
    level = options.pop("isolation_level", None)
    pool = {"poolclass": NullPool, "pool_reset_on_return": None}
    made = sqlalchemy.create_engine(url, **{**pool, "connect_args": arguments, "hide_parameters": True, **options})

    def leave(connection: Any, *_: object) -> None:
        """Roll back before a connection is closed. SQLAlchemy would log a traceback if the server is gone."""
        with suppress(psycopg2.Error):
            connection.rollback()

    def go_there(_: object, __: object, ___: object, parameters: dict[str, Any]) -> None:
        parameters.update(reached.server(url))

    def opened(connection: Any, record: Any) -> None:
        interruptible(connection)
        silence.watch(connection, again)
        reached.remember(url, connection)
        with autocommit(connection):
            backend = pooler.backend(connection)
            lent = pooler.is_pooled(connection, backend) and pooler.lends_by_transaction(connection, again, url)
            record.info.update({pooler.BACKEND: backend, pooler.LENT: lent})
            if lent:
                silence.leave(connection)
            else:  # otherwise the settings would reach another client of the pooler
                silence.know(connection, backend)
                prepare(connection, url)

    def again() -> Any:
        _, parameters = made.dialect.create_connect_args(url)
        return made.dialect.connect(**{**parameters, **arguments, **reached.server(url)})

    def default_schema(*_: object) -> None:
        """Set the default schema, which SQLAlchemy takes from the search_path: it is empty here."""
        if made.dialect.default_schema_name is None:
            made.dialect.default_schema_name = "public"

    sqlalchemy.event.listen(made, "reset", leave)
    sqlalchemy.event.listen(made, "do_connect", go_there)
    sqlalchemy.event.listen(made, "handle_error", lambda context: lost_connections.note(url, context))
    search_nothing(made)
    # Before SQLAlchemy's first look at the connection: if the role has standard_conforming_strings off, SQLAlchemy
    # doubles every backslash.
    sqlalchemy.event.listen(made, "connect", opened, insert=True)
    sqlalchemy.event.listen(made, "connect", default_schema)
    # Set after SQLAlchemy's first queries, which need a transaction on a lent connection.
    return made.execution_options(isolation_level=level) if level else made


def require_reachable(url: URL, source: str) -> URL:
    """Connect to `url` once, and return it. Raises Failure with a remedy that names `source`, such as SHADOW_URL."""
    try:
        with connected(url, read_only=True):
            return url
    except Failure as failure:
        raise sourced(failure, source) from failure
