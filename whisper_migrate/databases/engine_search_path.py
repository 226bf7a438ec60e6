"""Run the engine's own statements in the middle of a revision, while the session has the project's search_path.

A role that may create in a searched schema could add a function or operator that matches such a statement better than
PostgreSQL's own. Temporary types, which another role's code may have left in the session, come last.
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

from psycopg2.extensions import TRANSACTION_STATUS_IDLE, TRANSACTION_STATUS_INERROR

OURS = """
SELECT pg_catalog.current_setting('search_path'),
       pg_catalog.set_config('search_path', 'pg_catalog, pg_temp', %s)"""
THEIRS = "SELECT pg_catalog.set_config('search_path', %s, %s)"
# The same for a block of PL/pgSQL in a script: its declaration, its first statement and its last one.
KEEP = "theirs text := pg_catalog.current_setting('search_path');"
ENTER = "PERFORM pg_catalog.set_config('search_path', 'pg_catalog, pg_temp', true);"
LEAVE = "PERFORM pg_catalog.set_config('search_path', theirs, true);"


@contextmanager
def engine_search_path(cursor: Any) -> Iterator[None]:
    """Search only PostgreSQL's own schema inside, and restore the search_path afterwards.

    A rollback of a failed transaction restores it too.
    """
    local = cursor.connection.info.transaction_status != TRANSACTION_STATUS_IDLE
    cursor.execute(OURS, (local,))
    before, _ = cursor.fetchone()
    try:
        yield
    finally:
        if not cursor.connection.closed and (cursor.connection.info.transaction_status != TRANSACTION_STATUS_INERROR):
            cursor.execute(THEIRS, (before, local))
