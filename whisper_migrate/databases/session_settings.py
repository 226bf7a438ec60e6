"""The first settings of every connection, which override those of the role, the database and the server.

A statement sets them after connecting. libpq's `options` would be refused by PgBouncer. Settings that the user gives in
`options`, in the URL or in PGOPTIONS, are kept.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from contextlib import contextmanager, suppress
from typing import Any

import psycopg2
from sqlalchemy import URL

from whisper_migrate.databases.shadow_name import NAME, PREFIX

LOCK_TIMEOUT = "1min"  # the longest wait for a lock, unless a shorter one is set

# As in pg_dump: a time-out that suits the role's own queries would stop a run in its middle.
EVERYWHERE = {
    "statement_timeout": "0",
    "lock_timeout": LOCK_TIMEOUT,
    "transaction_timeout": "0",
    "idle_in_transaction_session_timeout": "0",
    "idle_session_timeout": "0",
    "default_transaction_read_only": "off",
    "default_transaction_deferrable": "off",
    "default_transaction_isolation": "read committed",  # a query after a lock then sees the present
    "standard_conforming_strings": "on",
    "quote_all_identifiers": "off",  # definitions are compared as text
    # A role that may create in a searched schema could add a function or operator that matches the engine's queries
    # better than PostgreSQL's own. Only revisions and models search the project's schemas.
    "search_path": "",
    "client_min_messages": "notice",
}

# A script has its own search_path and lock_timeout.
IN_SCRIPTS = (
    "statement_timeout",
    "transaction_timeout",
    "idle_in_transaction_session_timeout",
    "idle_session_timeout",
    "default_transaction_read_only",
    "default_transaction_deferrable",
    "standard_conforming_strings",
)

# Settings by which the server notices a dead network or client soon, and releases the connection's locks.
LET_GO = {
    "tcp_keepalives_idle": "15",
    "tcp_keepalives_interval": "5",
    "tcp_keepalives_count": "3",
    "tcp_user_timeout": "30s",
    "client_connection_check_interval": "1s",
}

SINCE = {"transaction_timeout": 17}  # settings that PostgreSQL 14 does not have, with the version that introduced them

# Settings of the role or database, such as default_tablespace, must not change what a shadow contains.
OWN = """
SELECT name, coalesce(boot_val, '') FROM pg_catalog.pg_settings
WHERE source IN ('user', 'database', 'database user') AND context = 'user'"""


# Before the first SELECT of a connection, in the same string. Where the settings of the role make a transaction
# serializable, read-only and deferrable, its SELECT would wait for the end of all serializable transactions.
AT_ONCE = "SET TRANSACTION ISOLATION LEVEL READ COMMITTED; "


def prepare(connection: Any, url: URL) -> None:
    """Apply the settings to a new psycopg2 connection in autocommit, until it closes."""
    chosen = _chosen(connection)
    with connection.cursor() as cursor:
        _set(cursor, {name: value for name, value in EVERYWHERE.items() if name not in chosen - {"search_path"}})
        with suppress(psycopg2.DataError):  # not every platform supports these
            _set(cursor, {name: value for name, value in LET_GO.items() if name not in chosen})
        is_shadow = NAME.fullmatch(url.database or "")
        if is_shadow:
            cursor.execute(OWN)
            _set(cursor, dict(cursor.fetchall()))
        if is_shadow or connection.info.dsn_parameters.get("application_name", "").startswith(PREFIX):
            _set(cursor, {"synchronous_commit": "off"})  # a throwaway database need not reach a standby


def in_sql() -> str:
    """Return the settings that a script needs as much as a run does, as statements for psql."""
    lines = [f"SET {name} = {EVERYWHERE[name]};" for name in IN_SCRIPTS if name not in SINCE]
    lines += [
        f"DO $$ BEGIN PERFORM pg_catalog.set_config(s.name, '{EVERYWHERE[name]}', false)"
        f" FROM pg_catalog.pg_settings AS s WHERE s.name = '{name}'; END $$;"
        for name in IN_SCRIPTS
        if name in SINCE
    ]
    return "\n".join(lines)


def _set(cursor: Any, settings: Mapping[str, str]) -> None:
    version = cursor.connection.server_version // 10000
    known = [(name, value) for name, value in settings.items() if SINCE.get(name, 0) <= version]
    if known:
        calls = ", ".join(["pg_catalog.set_config(%s, %s, false)"] * len(known))
        cursor.execute(f"{AT_ONCE}SELECT {calls}", [word for pair in known for word in pair])


def _chosen(connection: Any) -> set[str]:
    """Return the names of the settings in the user's `options`, which are `-c name=value` or `--name=value`."""
    options = connection.info.dsn_parameters.get("options", "")
    return {name.replace("-", "_").lower() for name in re.findall(r"(?:-c\s*|--)([\w.-]+?)\s*=", options)}


@contextmanager
def autocommit(connection: Any) -> Iterator[None]:
    """Set autocommit for a block, which saves the round trips of BEGIN and COMMIT."""
    connection.autocommit = True
    try:
        yield
    finally:
        if not connection.closed:
            connection.autocommit = False
