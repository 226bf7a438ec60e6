"""The settings that every connection of ours begins with, whatever the role, the database or the server has set.

They are set by a statement after connecting, and never by libpq's `options`, which PgBouncer refuses. What the user
has put into `options` himself, in the URL or in PGOPTIONS, stays.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from contextlib import contextmanager, suppress
from typing import Any

import psycopg2
from sqlalchemy import URL

from whisper_migrate.databases.shadow_name import NAME, PREFIX

LOCK_TIMEOUT = "1min"  # where nothing shorter is set: no connection of ours waits for a lock for ever

# As pg_dump does: a time-out that is right for the role's queries would end a run in its middle.
EVERYWHERE = {
    "statement_timeout": "0",
    "lock_timeout": LOCK_TIMEOUT,
    "transaction_timeout": "0",
    "idle_in_transaction_session_timeout": "0",
    "idle_session_timeout": "0",
    "default_transaction_read_only": "off",
    "default_transaction_deferrable": "off",
    "standard_conforming_strings": "on",
    "quote_all_identifiers": "off",  # definitions are compared as text
    # Whoever may create in a schema that is searched can put a function or an operator there that fits our queries
    # better than PostgreSQL's own. Only what revisions and models say by a bare name is looked for in the project's.
    "search_path": "",
    "client_min_messages": "notice",
}

# The server's end of a connection: it is to let go of its locks soon after the network or the client has died.
LET_GO = {
    "tcp_keepalives_idle": "15",
    "tcp_keepalives_interval": "5",
    "tcp_keepalives_count": "3",
    "tcp_user_timeout": "30s",
    "client_connection_check_interval": "1s",
}

SINCE = {"transaction_timeout": 17}  # the version of PostgreSQL that a setting came with, where 14 has it not

# Where a table goes by default, say, must not decide what is made in a shadow.
OWN = """
SELECT name, coalesce(boot_val, '') FROM pg_catalog.pg_settings
WHERE source IN ('user', 'database', 'database user') AND context = 'user'"""


def prepare(connection: Any, url: URL) -> None:
    """Set them on a new connection of psycopg2's to `url`, which is in autocommit, for as long as it lasts."""
    chosen = _chosen(connection)
    with connection.cursor() as cursor:
        _set(cursor, {name: value for name, value in EVERYWHERE.items() if name not in chosen - {"search_path"}})
        with suppress(psycopg2.DataError):  # a server on a platform that cannot do so
            _set(cursor, {name: value for name, value in LET_GO.items() if name not in chosen})
        is_shadow = NAME.fullmatch(url.database or "")
        if is_shadow:
            cursor.execute(OWN)
            _set(cursor, dict(cursor.fetchall()))
        if is_shadow or connection.info.dsn_parameters.get("application_name", "").startswith(PREFIX):
            _set(cursor, {"synchronous_commit": "off"})  # a throwaway database need not reach a standby


def _set(cursor: Any, settings: Mapping[str, str]) -> None:
    version = cursor.connection.server_version // 10000
    known = [(name, value) for name, value in settings.items() if SINCE.get(name, 0) <= version]
    if known:
        calls = ", ".join(["pg_catalog.set_config(%s, %s, false)"] * len(known))
        cursor.execute(f"SELECT {calls}", [word for pair in known for word in pair])


def _chosen(connection: Any) -> set[str]:
    """The names of the settings that the user has put into `options`: `-c name=value` or `--name=value`."""
    options = connection.info.dsn_parameters.get("options", "")
    return {name.replace("-", "_").lower() for name in re.findall(r"(?:-c\s*|--)([\w.-]+?)\s*=", options)}


@contextmanager
def autocommit(connection: Any) -> Iterator[None]:
    """Without a transaction around it, and so without two more round trips."""
    connection.autocommit = True
    try:
        yield
    finally:
        if not connection.closed:
            connection.autocommit = False
