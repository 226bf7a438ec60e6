"""Restore the session after each revision, so that neither its stamp nor the next revision runs with its settings.

Settings, the role, temporary tables and prepared statements last as long as the connection. If they were kept, the next
revision would mean other schemas or tables, but only when one run applies both.
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import closing, contextmanager

from sqlalchemy import Connection

# Settings of the transaction end with it, including the mark by which `whole_transaction` recognizes it.
SETTINGS = """
SELECT name, setting FROM pg_catalog.pg_settings
WHERE source = 'session' AND name NOT LIKE 'whisper_migrate.%'
  AND name NOT IN ('transaction_isolation', 'transaction_read_only', 'transaction_deferrable')"""
WHO = "SELECT pg_catalog.current_setting('session_authorization'), pg_catalog.current_setting('role')"
TEMPORARY = "SELECT pg_catalog.pg_my_temp_schema() <> 0"


BEFORE = "session that revisions begin with"  # in the info of a connection


def remember(connection: Connection) -> None:
    """Read the settings that each revision on this connection begins with, before its transaction.

    Reading them in its transaction would take a snapshot, and SET TRANSACTION ISOLATION LEVEL must come before that.
    """
    with closing(connection.connection.cursor()) as cursor:
        cursor.execute(WHO)
        ((user, role),) = cursor.fetchall()
        cursor.execute(SETTINGS)
        connection.info[BEFORE] = [("session_authorization", user), ("role", role), *cursor.fetchall()]


@contextmanager
def own_session(connection: Connection) -> Iterator[None]:
    """Run a revision inside; at its end, undo all its changes to the session, which was remembered before.

    If the revision fails, the rollback undoes them.
    """
    yield
    put_back(connection)


def put_back(connection: Connection) -> None:
    """Set the session as it was remembered."""
    before = connection.info[BEFORE]
    with closing(connection.connection.cursor()) as cursor:
        calls = ", ".join(["pg_catalog.set_config(%s, %s, false)"] * len(before))
        cursor.execute("RESET ALL; DEALLOCATE ALL")
        cursor.execute(f"SELECT {calls}", [word for pair in before for word in pair])
        cursor.execute(TEMPORARY)
        if cursor.fetchone() == (True,):
            cursor.execute("CLOSE ALL")  # an open cursor on a temporary table would prevent its drop
            cursor.execute("DISCARD TEMP")
