"""Wait for a database that answers and accepts writes."""

from __future__ import annotations

import time
from collections.abc import Callable

from sqlalchemy import URL
from sqlalchemy.exc import DBAPIError

from whisper_migrate.databases.connect import connected
from whisper_migrate.databases.writable import require_writable
from whisper_migrate.errors import Failure, reason
from whisper_migrate.running.patience import pause


def await_database(url: URL, seconds: float, say: Callable[[str], None]) -> None:
    """Return once the database accepts writes; an open port is not enough.

    Raises Failure after `seconds`. `say` is called with the obstacle, once and whenever it changes.
    """
    deadline = time.monotonic() + seconds
    attempt, said = 0, ""
    while (failure := _obstacle(url)) is not None:
        left = deadline - time.monotonic()
        if left <= 0:
            raise Failure(f"No answer within {seconds:g} s. {failure.what}", failure.remedy)
        if failure.what != said:
            said = failure.what
            say(f"Waiting for the database, {left:.0f} s at most: {said}")
        time.sleep(min(pause(attempt) / 4, left))
        attempt += 1


def _obstacle(url: URL) -> Failure | None:
    try:
        with connected(url) as connection:
            require_writable(connection)
    except Failure as failure:
        return failure
    except DBAPIError as error:
        return Failure(f"PostgreSQL says: {reason(error)}.")
    return None
