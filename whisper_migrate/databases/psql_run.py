"""Run a script with psql, and end psql if the server waits for it while it waits for the server."""

from __future__ import annotations

import re
import secrets
import time
from subprocess import PIPE, Popen, TimeoutExpired

from sqlalchemy import URL, text

from whisper_migrate.databases import silence
from whisper_migrate.databases.connect import CLIENT, connected
from whisper_migrate.databases.lost_connections import host_of, unanswered
from whisper_migrate.databases.psql import psql
from whisper_migrate.errors import Failure

STATE = "SELECT state, state_change FROM pg_catalog.pg_stat_activity WHERE application_name = :name"
NO_CONNECTION = 2  # psql's exit code if it cannot connect, or if the connection is lost
KEEP = {name: str(value) for name, value in CLIENT.items() if name not in ("application_name", "client_encoding")}


def run_script(database: URL, script: str) -> str:
    """Run a script, and return psql's first error in one line; "" on success.

    Raises Failure if there is no connection, or if it answers no more: the server is idle, or cannot be reached, for as
    long as `silence` lets a connection of this program wait.
    """
    name = f"whisper-migrate-psql-{secrets.token_hex(4)}"
    url = database.update_query_dict({key: value for key, value in KEEP.items() if key not in database.query})
    with psql(url) as (program, environ):
        running = Popen(
            [*program, "-X", "-q"],
            stdin=PIPE,
            stdout=PIPE,
            stderr=PIPE,
            text=True,
            env={**environ, "PGAPPNAME": name},
        )
        with running:
            try:
                errors = _ended(running, script, database, name)
            finally:
                running.kill()
    telling = [line for line in errors if re.search("ERROR|FATAL|error", line)]
    said = (telling or errors or ["psql stopped"])[0].strip()
    if running.returncode == NO_CONNECTION:
        raise Failure(f"psql has no connection to PostgreSQL at {host_of(database)}: {said}.", "Run the command again.")
    return said if running.returncode else ""


def _ended(running: Popen[str], script: str, database: URL, name: str) -> list[str]:
    """Wait for the end of psql, and return the lines of its errors."""
    given: str | None = script
    state, since = None, time.monotonic()
    while True:
        try:
            _, said = running.communicate(given, timeout=silence.LOOK)
            return said.splitlines()
        except TimeoutExpired:
            given = None
        found = _state(database, name)
        if found and (found != state or found[0] == "active"):
            state, since = found, time.monotonic()
        elif time.monotonic() - since > silence.SILENCE:
            raise unanswered(host_of(database))


def _state(database: URL, name: str) -> tuple[object, object] | None:
    """Return the state of psql's session, and since when it has it; None if there is no session, or no answer."""
    try:
        with connected(database) as connection:
            row = connection.execute(text(STATE), {"name": name}).first()
    except Failure:
        return None
    return (row[0], row[1]) if row else None
