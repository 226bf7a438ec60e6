"""Readers of eight tables that a revision alters, under reports that follow each other without a pause."""

from __future__ import annotations

import random
import time
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from contextlib import closing, suppress
from functools import partial
from pathlib import Path
from threading import Event

from sqlalchemy import URL

from tests.running.attempts import project, run, sql
from tests.support import servers
from whisper_migrate.errors import Failure

TABLES = 8
LOCK_TIMEOUT = 3.0
RETRY_FOR = 12.0


def longest_wait(folder: Path, url: URL, *, together: bool = False) -> tuple[float, float]:
    """Return the longest wait of a reader of the first table, and the run's lock_timeout, in seconds.

    On each table runs one report after another, of 2 to 3 s. `together` alters all eight tables in one statement.
    """
    names = [f"t{number}" for number in range(TABLES)]
    changes = [f"ALTER TABLE {name} ADD COLUMN more integer" for name in names]
    made = project(
        folder,
        sql(*(f"CREATE TABLE {name} (n integer)" for name in names)),
        sql(*(["; ".join(changes)] if together else changes)),
    )
    run(made, url, "r1")
    over = Event()
    with ThreadPoolExecutor(TABLES + 1) as pool:
        for name in names:
            pool.submit(_again_and_again, url, over, partial(_report, name))
        reader = pool.submit(_again_and_again, url, over, lambda: "SELECT count(*) FROM t0")
        time.sleep(1)
        # The run may give up, as all eight tables are rarely free. Only the wait of the reader counts.
        with suppress(Failure):
            run(made, url, "r2", lock_timeout=LOCK_TIMEOUT, retry_for=RETRY_FOR)
        over.set()
        return reader.result(), LOCK_TIMEOUT


def _report(name: str) -> str:
    return f"SELECT pg_sleep({random.uniform(2, 3)}), count(*) FROM {name}"


def _again_and_again(url: URL, over: Event, query: Callable[[], str]) -> float:
    """Run queries until `over` is set; return the seconds of the longest one."""
    longest = 0.0
    with closing(servers.connect(url)) as connection, connection.cursor() as cursor:
        while not over.is_set():
            start = time.monotonic()
            cursor.execute(query())
            longest = max(longest, time.monotonic() - start)
    return longest
