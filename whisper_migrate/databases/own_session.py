"""Each revision runs in a session like that of a run of its own, and its stamp is written in such a one.

A setting, a role, a temporary table and a prepared statement last as long as the connection. What a revision leaves of
them would decide which schema, which role and which table the next one means, but only where one run applies both.
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import closing, contextmanager

from sqlalchemy import Connection

# Those of the transaction end with it, and so does the mark that it bears.
SETTINGS = """
SELECT name, setting FROM pg_catalog.pg_settings
WHERE source = 'session' AND name NOT LIKE 'whisper_migrate.%'
  AND name NOT IN ('transaction_isolation', 'transaction_read_only', 'transaction_deferrable')"""
WHO = "SELECT pg_catalog.current_setting('session_authorization'), pg_catalog.current_setting('role')"
TEMPORARY = "SELECT pg_catalog.pg_my_temp_schema() <> 0"


@contextmanager
def own_session(connection: Connection) -> Iterator[None]:
    """Run a revision inside: what it sets and makes for the session is gone when it is at its end.

    Where it fails, that is left to the rollback.
    """
    with closing(connection.connection.cursor()) as cursor:
        cursor.execute(WHO)
        ((user, role),) = cursor.fetchall()
        cursor.execute(SETTINGS)
        before = [("session_authorization", user), ("role", role), *cursor.fetchall()]
    yield
    with closing(connection.connection.cursor()) as cursor:
        calls = ", ".join(["pg_catalog.set_config(%s, %s, false)"] * len(before))
        cursor.execute("RESET ALL; DEALLOCATE ALL")
        cursor.execute(f"SELECT {calls}", [word for pair in before for word in pair])
        cursor.execute(TEMPORARY)
        if cursor.fetchone() == (True,):
            cursor.execute("CLOSE ALL")  # a cursor that is open on a temporary table would keep it
            cursor.execute("DISCARD TEMP")
