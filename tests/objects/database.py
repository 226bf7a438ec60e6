"""An empty database for each case: the one that was there before, when all that was made in it can be taken back."""

from collections.abc import Iterator
from contextlib import contextmanager

from sqlalchemy import URL, Connection
from sqlalchemy.exc import DBAPIError

from tests.conftest import MakeDatabase
from whisper_migrate.catalog import Catalog, diff
from whisper_migrate.databases.connect import engine
from whisper_migrate.errors import Failure
from whisper_migrate.inspect import inspect
from whisper_migrate.planning.plan import plan, statements
from whisper_migrate.sql import run

# What a case may have left in the session.
SESSION = ("RESET SESSION AUTHORIZATION", "RESET ALL", "DISCARD TEMP")
LAST = "the catalog as it was last read"

# By server: a connection to the database, and its catalog while that is empty.
_kept: dict[URL, tuple[Connection, Catalog]] = {}


def apply(connection: Connection, *sql: str) -> None:
    """Execute SQL as it is and commit."""
    connection.info.pop(LAST, None)
    for statement in sql:
        run(connection, statement)
    connection.commit()


def catalog(connection: Connection) -> Catalog:
    """The catalog with what depends on what."""
    found = inspect(connection, requires=True)
    connection.rollback()
    connection.info[LAST] = found
    return found


@contextmanager
def an_empty_database(make_database: MakeDatabase) -> Iterator[Connection]:
    """A connection to a database that is kept for the next case on the same server, unless something of this one stays.

    To make another would take longer than a case; and this session knows PostgreSQL's own objects by now.
    """
    if make_database.url not in _kept:
        url = make_database()
        made = engine(url).connect()
        apply(made, *SESSION)  # names without a schema are those of public here
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
    """Take back what was made, and whether that left nothing behind."""
    try:
        found = connection.info.get(LAST) or catalog(connection)
        apply(connection, *SESSION, *statements(plan(found, empty)))
    except (DBAPIError, Failure):
        return False
    return not diff(catalog(connection), empty)
