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

from alembic import command
from alembic.config import Config
from sqlalchemy import URL, NullPool, create_engine

from tests.running.attempts import Said, project, run, sql
from tests.support import servers
from whisper_migrate.errors import Failure
from whisper_migrate.project.project import Project
from whisper_migrate.running.checked import upgraded
from whisper_migrate.running.patience import Patience
from whisper_migrate.running.runner import runner

TABLES = 8
LOCK_TIMEOUT = 3.0
RETRY_FOR = 12.0


Run = Callable[[Project, URL, str], None]


def locks_first(made: Project, url: URL, target: str) -> None:
    """Upgrade as the command does: all locks before the first statement."""
    patience = Patience(lock_timeout=LOCK_TIMEOUT, retry_for=RETRY_FOR)
    with runner(made, url, "upgrade", target, lambda _: None, patience, Said()) as ready:
        upgraded(ready, lambda _: None)


def locks_in_turn(made: Project, url: URL, target: str) -> None:
    """Upgrade without a rehearsal: each statement takes its lock."""
    run(made, url, target, lock_timeout=LOCK_TIMEOUT, retry_for=RETRY_FOR)


def plain_alembic(made: Project, url: URL, target: str) -> None:
    """Upgrade as `alembic upgrade` does: each statement waits for its lock, without a limit."""
    with create_engine(url, poolclass=NullPool).connect() as connection:
        config = Config(made.root / "alembic.ini", attributes={"connection": connection})
        command.upgrade(config, target)
        connection.commit()


def longest_wait(folder: Path, url: URL, how: Run, *, together: bool = False) -> float:
    """Return the longest wait of a reader of the first of eight tables while a revision alters them all, in seconds.

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
        try:
            with suppress(Failure):  # the run may give up, as all eight tables are rarely free
                how(made, url, "r2")
        finally:
            over.set()
        return reader.result()


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
