"""How long a run waits for the database and for locks, and which errors are worth another attempt."""

from __future__ import annotations

import os
import random
from collections.abc import Mapping
from dataclasses import dataclass, fields
from pathlib import Path
from typing import Any

from dotenv import dotenv_values
from sqlalchemy import Connection
from sqlalchemy.exc import DBAPIError

from whisper_migrate.catalog.sql import run
from whisper_migrate.databases.first_failure import first_failure
from whisper_migrate.errors import Failure

# SQLSTATEs that may not occur on another attempt: lock_not_available, deadlock_detected, serialization_failure.
PASSING = {"55P03": "waited too long for a lock", "40P01": "was in a deadlock", "40001": "met another transaction"}

WAIT_FOR_LOCK = 3600.0  # seconds: longer than most runs take, and shorter than the time limit of most CI jobs


@dataclass(frozen=True)
class Patience:
    """The waiting times of a run, in seconds, and the size of its batches.

    `wait`: for a database that answers and accepts writes. `wait_for_lock`: for another run to end. `lock_timeout`: for
    all locks of a transaction, while other sessions queue behind it. `retry_for`: how long a revision that does not get
    its locks is tried again. `statement_timeout`: for one statement. `replica_lag`: how far a replica may be behind
    before a backfill pauses (0 for any). `batch_rows`: the rows of a table that one batch of a backfill visits.
    """

    wait: float = 0
    wait_for_lock: float = WAIT_FOR_LOCK
    lock_timeout: float = 3
    retry_for: float = 300
    statement_timeout: float | None = None
    replica_lag: float = 10
    batch_rows: int = 10_000

    @classmethod
    def given(
        cls, root: Path, options: Mapping[str, float | None] | None = None, environ: Mapping[str, str] = os.environ
    ) -> Patience:
        """Return the times from the options, else the environment (WHISPER_WAIT ...), else `.env`, else the defaults.

        Raises Failure for a variable that is not a number.
        """
        file = dotenv_values(root / ".env", encoding="utf-8-sig")
        variables = {**file, **{name: text for name, text in environ.items() if text}}
        found: dict[str, Any] = {}
        for name in (field.name for field in fields(cls)):
            if (option := (options or {}).get(name)) is not None:
                found[name] = option
            elif text := variables.get(f"WHISPER_{name.upper()}"):
                read = _rows if name == "batch_rows" else _seconds
                found[name] = read(f"WHISPER_{name.upper()}", text)
        return cls(**found)

    def prepare(self, connection: Connection) -> None:
        """Set lock_timeout and statement_timeout on a connection, until it closes."""
        run(connection, f"SET lock_timeout = {milliseconds(self.lock_timeout)}")
        if self.statement_timeout is not None:
            run(connection, f"SET statement_timeout = {milliseconds(self.statement_timeout)}")
        connection.commit()


def milliseconds(seconds: float) -> int:
    """Return seconds as whole milliseconds; at least 1 for a positive time, because 0 means no limit to PostgreSQL."""
    return max(round(seconds * 1000), 1) if seconds else 0


def passing(error: BaseException) -> str | None:
    """Return why a statement failed if it may succeed when it is run again; None for every other error."""
    found = first_failure(error)
    return PASSING.get(getattr(found.orig if isinstance(found, DBAPIError) else found, "pgcode", None) or "")


def pause(attempt: int) -> float:
    """Return the seconds before another attempt: growing up to ten, and random so that two runs do not meet again."""
    return random.uniform(0.5, 1) * min(0.5 * 2.0**attempt, 10)


def _seconds(name: str, text: str) -> float:
    try:
        seconds = float(text)
    except ValueError:
        seconds = -1
    if not 0 <= seconds < 1e6:
        raise Failure(f"{name} is {text!r}, which is no number of seconds.", f"{name}=30")
    return seconds


def _rows(name: str, text: str) -> int:
    if not text.isdecimal() or not 0 < int(text) < 1e9:
        raise Failure(f"{name} is {text!r}, which is no number of rows.", f"{name}=10000")
    return int(text)
