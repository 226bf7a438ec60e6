"""Name the trigger functions of a change that no generated row made run to their end: nothing shows that they can."""

from __future__ import annotations

from contextlib import suppress
from typing import Any

from sqlalchemy import Connection
from sqlalchemy.exc import DBAPIError

from whisper_migrate.catalog.model import Catalog, diff
from whisper_migrate.catalog.names import shown
from whisper_migrate.catalog.sql import run

# Only a superuser may set this. PostgreSQL counts a call when the function returns, also if the write is rolled back.
COUNT = "SET LOCAL track_functions = 'pl'"
NOT_RUN = """
SELECT quote_ident(t.tgname) || ' on ' || t.tgrelid::regclass, t.tgrelid::regclass::text, p.oid::regprocedure::text
FROM pg_catalog.pg_trigger AS t
JOIN pg_catalog.pg_proc AS p ON p.oid = t.tgfoid
JOIN pg_catalog.pg_language AS l ON l.oid = p.prolang AND l.lanname = 'plpgsql'
WHERE NOT t.tgisinternal AND t.tgparentid = 0 AND t.tgenabled <> 'D'
  AND coalesce(pg_catalog.pg_stat_get_xact_function_calls(p.oid), 0) = 0
ORDER BY 1"""


def count_calls(connection: Connection) -> None:
    """Let PostgreSQL count the calls of functions until the transaction ends, if the role may."""
    with suppress(DBAPIError), connection.begin_nested():
        run(connection, COUNT)


def not_run(connection: Connection, before: Catalog, after: Catalog) -> list[str]:
    """Return a note for each function of a new or changed trigger that has not returned since `count_calls`.

    A trigger counts as changed if its function is. No notes if the role may not count calls.
    """
    if run(connection, "SELECT pg_catalog.current_setting('track_functions')").scalar() == "none":
        return []
    changed = {change.object.key for change in diff(before, after)}
    with connection.begin_nested() as savepoint:
        run(connection, "SELECT pg_catalog.set_config('search_path', '', true)")
        rows: Any = run(connection, NOT_RUN).all()
        savepoint.rollback()
    return [
        f"{shown(function)}, a trigger of {shown(table)}, was not tried: no generated row made it run to its end."
        for trigger, table, function in rows
        if {("trigger", trigger), ("function", function)} & changed
    ]
