"""Read a database while other sessions work on it, which may lock objects or drop them meanwhile."""

from __future__ import annotations

import contextlib
from collections.abc import Callable
from typing import TypeVar

from psycopg2 import Error, errorcodes
from sqlalchemy import URL, Connection, text
from sqlalchemy.exc import DBAPIError

from whisper_migrate.databases.blockers import Blockers, of_readers
from whisper_migrate.databases.connect import connected
from whisper_migrate.databases.locked_objects import AROUND, around
from whisper_migrate.errors import Failure, reason

Found = TypeVar("Found")

TRIES = 5
LOCK_TIMEOUT = 20  # seconds; a session that only reads blocks nobody by waiting
# A role's own time-outs, meant for its queries, are too short to read a whole schema.
PATIENTLY = """
SELECT set_config(s.name, CASE s.name WHEN 'lock_timeout' THEN :seconds ELSE '0' END, true)
FROM pg_catalog.pg_settings AS s
WHERE s.name IN ('lock_timeout', 'statement_timeout', 'transaction_timeout', 'idle_in_transaction_session_timeout')"""
# PostgreSQL's errors about objects that are in the snapshot, but no longer in the catalog.
VANISHED = frozenset(
    {
        errorcodes.INTERNAL_ERROR,  # "cache lookup failed for index 4711"
        errorcodes.UNDEFINED_TABLE,
        errorcodes.UNDEFINED_COLUMN,
        errorcodes.UNDEFINED_FUNCTION,
        errorcodes.UNDEFINED_OBJECT,
        errorcodes.INVALID_SCHEMA_NAME,
    }
)


def in_snapshot(database: URL, reading: Callable[[Connection], Found], *, around_locks: bool = False) -> Found:
    """Call `reading` on a read-only connection that sees a single snapshot, and return its result.

    Repeats the call if an object was dropped meanwhile. Raises Failure if that happens TRIES times, or if another
    session keeps an object locked. With `around_locks` the locked objects are left out instead.
    """
    blockers: Blockers | None = None
    for number in range(1, TRIES + 1):
        try:
            with connected(database, read_only=True) as connection:
                connection.execute(text(PATIENTLY), {"seconds": f"{LOCK_TIMEOUT}s"})
                if blockers:
                    connection.info[AROUND] = around(connection, blockers.words)
                return reading(connection)
        except (Error, DBAPIError) as error:
            code = getattr(error.orig if isinstance(error, DBAPIError) else error, "pgcode", None)
            if code == errorcodes.LOCK_NOT_AVAILABLE:
                found = _blockers(database)
                if not around_locks or found is None or number == TRIES:
                    raise _locked(database, found) from error
                blockers = found
                continue
            if code not in VANISHED:
                raise
            if number == TRIES:
                raise Failure(
                    f"The schema of {database.database} changes all the time while it is read: {reason(error)}.",
                    "Try again when what changes it is done.",
                ) from error
    raise AssertionError


def _blockers(database: URL) -> Blockers | None:
    """Return the sessions whose locks block readers of this database."""
    with contextlib.suppress(DBAPIError, Failure), connected(database, read_only=True) as connection:
        return of_readers(lambda query, **values: connection.execute(text(query), values))
    return None


def _locked(database: URL, found: Blockers | None) -> Failure:
    return Failure(
        f"The schema of {database.database} could not be read in {LOCK_TIMEOUT} s: a part of it is locked"
        + (f" by {found.words}." if found else "."),
        found.remedy if found else "Try again when that transaction is over.",
    )
