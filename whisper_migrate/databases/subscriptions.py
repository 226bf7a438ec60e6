"""Keep the subscriptions of a shadow away from their publishers, where the real ones have slots and get their rows."""

from __future__ import annotations

import re
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from sqlalchemy import Connection, event, text

from whisper_migrate.catalog.sql import run
from whisper_migrate.databases.second_connection import place_in_revision
from whisper_migrate.databases.transaction_control import statements
from whisper_migrate.errors import Failure

STATEMENT = re.compile(r"(?:CREATE|ALTER|DROP)\s+SUBSCRIPTION\s", re.IGNORECASE)
PUBLISHER = re.compile(r"\bCONNECTION\s+E?'(?:[^']|'')*'", re.IGNORECASE)  # may say anything, such as connect = false
# Statements that do not connect to the publisher. A subscription without a slot is dropped here alone.
ALONE = re.compile(
    r"CREATE\b.*\bconnect\s*=\s*'?(?:false|off|0)\b|ALTER\b(?!.*\b(?:ENABLE|REFRESH)\b(?!\s*=\s*'?(?:false|off|0)\b))"
    r"(?!.*\b(?:SET|ADD|DROP)\s+PUBLICATION\b(?!.*\brefresh\s*=\s*'?(?:false|off|0)\b))",
    re.IGNORECASE | re.DOTALL,
)
WITH_SLOT = """
SELECT EXISTS (SELECT FROM pg_catalog.pg_subscription AS s JOIN pg_catalog.pg_database AS d ON d.oid = s.subdbid
               WHERE d.datname = current_database() AND s.subslotname IS NOT NULL)"""
OF_DATABASE = """
SELECT pg_catalog.quote_ident(s.subname) FROM pg_catalog.pg_subscription AS s
JOIN pg_catalog.pg_database AS d ON d.oid = s.subdbid WHERE d.datname = :name"""
REMEDY = (
    "Write it so that it does not connect: CREATE SUBSCRIPTION ... WITH (connect = false), and before a DROP"
    " SUBSCRIPTION: ALTER SUBSCRIPTION ... SET (slot_name = NONE). Enable and refresh it outside of revisions."
)


@contextmanager
def unconnected(connection: Connection, folder: Path) -> Iterator[None]:
    """Raise Failure before a statement on a shadow's connection that would connect to a publisher.

    There it would create the replication slot of the real subscription, or drop it. The failure says where in the
    project's `folder` the statement is.
    """

    def before(_: Connection, cursor: Any, statement: str, *__: Any) -> None:
        for found in filter(STATEMENT.match, statements(statement) if STATEMENT.search(statement) else ()):
            alone = ALONE.match(PUBLISHER.sub("", found)) is not None
            if not alone and found[:4].upper() == "DROP":
                cursor.execute(WITH_SLOT)
                alone = not cursor.fetchone()[0]
            if not alone:
                begin = " ".join(found.split()[:3])
                where = place_in_revision(folder)
                raise Failure(f"A throwaway database must not connect to a publisher, as {begin} would{where}.", REMEDY)

    event.listen(connection, "before_cursor_execute", before)
    try:
        yield
    finally:
        event.remove(connection, "before_cursor_execute", before)


def of_database(keeper: Connection, name: str) -> list[str]:
    """Return the quoted names of the subscriptions in the database `name` of the keeper's server."""
    return list(keeper.execute(text(OF_DATABASE), {"name": name}).scalars())


def give_up(connection: Connection, names: list[str]) -> None:
    """Drop a shadow's subscriptions without their slots: PostgreSQL drops no database that has a subscription."""
    for name in names:
        run(connection, f"ALTER SUBSCRIPTION {name} DISABLE")
        run(connection, f"ALTER SUBSCRIPTION {name} SET (slot_name = NONE)")
        run(connection, f"DROP SUBSCRIPTION {name}")
    connection.commit()
