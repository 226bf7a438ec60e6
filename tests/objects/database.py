"""An empty database for each case: the previous case's, if everything in it could be dropped."""

from collections.abc import Iterator
from contextlib import contextmanager

from sqlalchemy import URL, Connection
from sqlalchemy.exc import DBAPIError

from tests.conftest import MakeDatabase
from whisper_migrate.catalog.model import Catalog, diff
from whisper_migrate.catalog.sql import run
from whisper_migrate.databases.connect import engine
from whisper_migrate.errors import Failure
from whisper_migrate.inspecting.inspect import inspect
from whisper_migrate.planning.plan import plan, statements

# Reverts changes that a case may have made in the session.
SESSION = ("RESET SESSION AUTHORIZATION", "RESET ALL", "DISCARD TEMP")
LAST = "the catalog as it was last read"

# By server: a connection to the database, and the catalog of the empty database.
_kept: dict[URL, tuple[Connection, Catalog]] = {}


def apply(connection: Connection, *sql: str) -> None:
    """Execute SQL unchanged, and commit."""
    connection.info.pop(LAST, None)
    for statement in sql:
        run(connection, statement)
    connection.commit()


def catalog(connection: Connection) -> Catalog:
    """Return the catalog with its dependencies."""
    found = inspect(connection, requires=True)
    connection.rollback()
    connection.info[LAST] = found
    return found


@contextmanager
def an_empty_database(make_database: MakeDatabase) -> Iterator[Connection]:
    """Yield a connection to an empty database. The database is kept for the next case unless objects remain.

    Creating a database would take longer than a case, and this session has PostgreSQL's own objects cached.
    """
    if make_database.url not in _kept:
        url = make_database()
        made = engine(url).connect()
        apply(made, *SESSION)  # restores the search_path with public
        _kept[make_database.url] = made, catalog(made)
        make_database.keep(url)
    connection, empty = _kept.pop(make_database.url)
    try:
        yield connection
        if _cleared(connection, empty):
            _kept[make_database.url] = connection, empty
    finally:
        if make_database.url not in _kept:
            connection.close()
            make_database.give_up(connection.engine.url)


def _cleared(connection: Connection, empty: Catalog) -> bool:
    """Drop all objects that a case has created; return whether the database is empty again."""
    try:
        found = connection.info.get(LAST) or catalog(connection)
        apply(connection, *SESSION, *statements(plan(found, empty)))
    except (DBAPIError, Failure):
        return False
    return not diff(catalog(connection), empty)
