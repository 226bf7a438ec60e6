"""Search nothing on connections that a pooler lends by transaction.

Such a connection has the search_path of the role or the database, with the schema public. A setting of the session
would reach other clients of the pooler, so each transaction sets its own. Without that, the engine's queries could call
another role's functions and operators.
"""

from __future__ import annotations

from typing import Any

from sqlalchemy import Connection, Engine, event

from whisper_migrate.databases.pooler import LENT

SEARCH_NOTHING = "SET LOCAL search_path = ''"  # calls no function and no operator


def search_nothing(engine: Engine) -> None:
    """Empty the search_path for every transaction on the engine's lent connections, and for every SELECT outside."""

    def connected(driver: Any, record: Any) -> None:
        """Begin a transaction for the first queries of SQLAlchemy, which come next."""
        if record.info[LENT]:
            with driver.cursor() as cursor:
                cursor.execute(SEARCH_NOTHING)

    def ready(driver: Any, record: Any) -> None:
        if record.info[LENT]:
            driver.rollback()

    def begun(connection: Connection) -> None:
        if connection.info.get(LENT) and not _is_autocommit(connection):
            connection.exec_driver_sql(SEARCH_NOTHING)

    def alone(connection: Connection, _: Any, statement: str, parameters: Any, *__: Any) -> tuple[str, Any]:
        # Two statements in one string are a transaction, which CREATE DATABASE and its like cannot be part of.
        reads = statement.lstrip().upper().startswith(("SELECT", "WITH"))
        if reads and connection.info.get(LENT) and _is_autocommit(connection):
            statement = f"{SEARCH_NOTHING}; {statement}"
        return statement, parameters

    event.listen(engine, "connect", connected, insert=True)
    event.listen(engine, "connect", ready)
    event.listen(engine, "begin", begun)
    event.listen(engine, "before_cursor_execute", alone, retval=True)


def _is_autocommit(connection: Connection) -> bool:
    return bool(getattr(connection.connection.driver_connection, "autocommit", False))
