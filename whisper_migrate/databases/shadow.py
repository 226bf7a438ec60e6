"""Create throwaway databases (shadows) and drop them in the same run; no other database is ever dropped."""

import os
import secrets
import socket
import zlib
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from threading import Lock

from psycopg2.errors import InsufficientPrivilege
from sqlalchemy import URL, Connection, Engine, text
from sqlalchemy.exc import DBAPIError, OperationalError, ProgrammingError

from whisper_migrate.catalog.sql import run
from whisper_migrate.databases import lost_connections
from whisper_migrate.databases.connect import connected, engine
from whisper_migrate.databases.shadow_name import NAME, PREFIX
from whisper_migrate.databases.subscriptions import give_up, of_database
from whisper_migrate.databases.version_table import version_table
from whisper_migrate.databases.writable import is_standby
from whisper_migrate.errors import Failure
from whisper_migrate.wording.sign_of_life import doing

HALF_DROPPED = -2  # PostgreSQL's connection limit of a database whose DROP was interrupted

# In PostgreSQL 14 every role may create in the schema public, in real databases too, and shadows are compared with
# them. There, only the missing right to connect keeps other roles out of a shadow.
CLOSED_SCHEMA = 150000
# Whether a superuser has another role here by a setting of the database.
LENT_ROLE = """
SELECT r.rolsuper AND EXISTS (
    SELECT FROM pg_catalog.pg_db_role_setting AS s, unnest(s.setconfig) AS one
    WHERE s.setrole = 0 AND one LIKE 'role=%'
      AND s.setdatabase = (SELECT oid FROM pg_catalog.pg_database WHERE datname = current_database()))
FROM pg_catalog.pg_roles AS r WHERE r.rolname = session_user AND session_user <> current_user"""


@dataclass
class Shadows:
    """The shadows of one run on one server. `maker` identifies the run: host, process and a random number."""

    server: URL
    keeper: Connection
    maker: str
    names: list[str] = field(default_factory=list)
    lock: Lock = field(default_factory=Lock)

    def create(self, purpose: str, template: str | None = None) -> URL:
        """Create a database named after its `purpose`: empty, or a copy of another shadow of this run.

        Nobody can connect until PUBLIC has lost the right to; then only its owner, members of the owner, and superusers
        can.
        """
        name = f"{PREFIX}_{self.maker}_{purpose}"
        encoding = "" if template else " ENCODING 'UTF8'"
        # Two threads create the shadows of the models and of the history at the same time.
        with doing("creating a throwaway database"), self.lock:
            self.names.append(name)
            if template:
                self._leave(template)
            for statement in (
                f'CREATE DATABASE "{name}" TEMPLATE "{template or "template0"}"{encoding}'
                f" ALLOW_CONNECTIONS false CONNECTION LIMIT {marker(name)}",
                f'REVOKE ALL ON DATABASE "{name}" FROM PUBLIC',
                f'ALTER DATABASE "{name}" ALLOW_CONNECTIONS true',
            ):
                self.keeper.execute(text(statement))
        url = self.server.set(database=name)
        if self.version >= CLOSED_SCHEMA:
            with connected(url) as first:
                first.execute(text("REVOKE CREATE ON SCHEMA public FROM PUBLIC"))
                first.commit()
        if version_table().create_schema and not template:
            with connected(url) as first:
                run(first, version_table().create_schema)
                first.commit()
        return url

    def _leave(self, template: str) -> None:
        """End connections that a pooler keeps to a shadow: PostgreSQL copies only databases without connections."""
        self.keeper.execute(
            text("SELECT pg_terminate_backend(pid) FROM pg_catalog.pg_stat_activity WHERE datname = :name"),
            {"name": template},
        )

    @property
    def version(self) -> int:
        """The server's version, such as 180001."""
        driver = self.keeper.connection.driver_connection
        assert driver is not None
        return int(driver.server_version)

    def drop(self, name: str) -> None:
        """Drop a shadow, even if sessions are connected to it."""
        statement = f'DROP DATABASE IF EXISTS "{name}"'
        if subscriptions := of_database(self.keeper, name):
            with connected(self.server.set(database=name)) as shadow:
                give_up(shadow, subscriptions)
        try:
            self.keeper.execute(text(f"{statement} WITH (FORCE)"))
        except ProgrammingError as error:
            if not isinstance(error.orig, InsufficientPrivilege):
                raise
            # An autovacuum worker is connected, which only a superuser may end; without FORCE, PostgreSQL ends it
            # itself.
            self.keeper.execute(text(statement))


def marker(name: str) -> int:
    """Return the connection limit that marks a shadow; it is too high to limit anything.

    A real database with a similar name lacks this limit. CREATE DATABASE sets name and limit together, so a killed run
    leaves no shadow without the mark.
    """
    return 1 << 30 | zlib.crc32(name.encode()) & (1 << 30) - 1


@contextmanager
def shadows(server: URL) -> Iterator[Shadows]:
    """Create shadows on `server`, and drop them at the end in every case.

    A killed run leaves its shadows behind, and the next run drops them. A run is alive while a connection with its
    `maker` as application_name exists.

    Raises Failure if the role may not create databases.
    """
    host = f"{zlib.crc32(socket.gethostname().encode()):08x}"
    maker = f"{host}_{os.getpid()}_{secrets.token_hex(6)}"
    keeping: Engine = engine(
        server, isolation_level="AUTOCOMMIT", connect_args={"application_name": f"{PREFIX}_{maker}"}
    )
    with _kept(keeping) as keeper:
        made = Shadows(server, keeper, maker)
        _require_createdb(keeper, server)
        _sweep(made)
        failed = True
        try:
            yield made
            lost_connections.require_none(made.names)
            failed = False
        except Exception:
            # Whatever a lost connection leads to is no result: statements are expected to fail in a shadow.
            lost_connections.require_none(made.names)
            raise
        finally:
            _drop_all(keeping, made, failed)


@contextmanager
def _kept(keeping: Engine) -> Iterator[Connection]:
    """Yield a connection that creates and drops shadows.

    A superuser stays one, so that the shadows belong to nobody else: a database's owner can set another role for every
    session in it.
    """
    with keeping.connect() as connection:
        if connection.scalar(text(LENT_ROLE)):
            connection.execute(text("SET ROLE NONE"))
        yield connection


def _drop_all(keeping: Engine, made: Shadows, failed: bool) -> None:
    """Drop the shadows of a run; if it has `failed`, a lost connection is no other failure: the next run drops them."""
    try:
        # A new connection, since an interruption in the middle of a statement leaves the keeper unusable.
        with _kept(keeping) as made.keeper:
            for name in made.names:
                made.drop(name)
    except OperationalError:
        if not failed:
            raise


def may_create(connection: Connection) -> bool:
    """Whether the connected role may create databases and the server is no standby."""
    return not is_standby(connection) and bool(
        connection.scalar(text("SELECT rolcreatedb OR rolsuper FROM pg_catalog.pg_roles WHERE rolname = current_user"))
    )


def _require_createdb(keeper: Connection, server: URL) -> None:
    if is_standby(keeper):
        raise Failure(
            "A check needs throwaway databases, and none can be made on a standby, which accepts no writes.",
            "Set SHADOW_URL to another PostgreSQL server of the same major version.",
        )
    if not may_create(keeper):
        raise Failure(
            f"Role {server.username} may not create databases on this server, and a check needs throwaway ones.",
            f"ALTER ROLE {server.username} CREATEDB; or set SHADOW_URL to a server where it may.",
        )


def _sweep(shadows: Shadows) -> None:
    """Drop this role's shadows of runs that are gone. Only databases with a shadow's name and marker are dropped."""
    mine = shadows.keeper.execute(
        text(
            "SELECT d.datname, d.datconnlimit FROM pg_catalog.pg_database AS d"
            " JOIN pg_catalog.pg_roles AS r ON r.oid = d.datdba WHERE r.rolname = current_user"
        )
    ).all()
    # Must come after the query for databases: a run that begins in between has no shadows in that list yet.
    alive = set(
        shadows.keeper.scalars(
            text("SELECT application_name FROM pg_catalog.pg_stat_activity WHERE usename = session_user")
        )
    )
    for name, limit in mine:
        match = NAME.fullmatch(name)
        marked = limit in (marker(name), HALF_DROPPED)
        if match and marked and f"{PREFIX}_{match['maker']}" not in alive:
            # Another run may drop the same shadow.
            with suppress(ProgrammingError, DBAPIError):
                shadows.drop(name)


__all__ = ["Shadows", "may_create", "shadows"]
