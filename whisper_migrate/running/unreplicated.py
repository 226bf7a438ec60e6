"""Detect a commit whose wait for a synchronous standby was cancelled: the standby may not have the commit."""

from __future__ import annotations

import signal
from typing import Any

from whisper_migrate.databases import interruption
from whisper_migrate.errors import Failure

# PostgreSQL cannot revert a commit that it has begun: it reports success, and this warning.
WARNING = ("canceling wait for synchronous replication", "canceling the wait for synchronous replication")


WAITS = """
SELECT current_setting('synchronous_standby_names') <> ''
   AND current_setting('synchronous_commit') NOT IN ('off', 'local')
"""


def require_replicated(driver: Any, revision: str) -> None:
    """After a commit, raise Failure if its wait for a standby was cancelled, else repeat a signal that was lost.

    A signal cancels the wait. If it arrives while psycopg2 reads the warning, psycopg2 drops both the warning and the
    exception of the signal handler.
    """
    if failure := unreplicated(driver, revision):
        raise failure
    if interruption.heard:
        with driver.cursor() as cursor:
            cursor.execute(WAITS)
            (waits,) = cursor.fetchone()
        driver.rollback()
        if waits:
            raise _failure(revision)
        signal.raise_signal(interruption.heard[-1])


def unreplicated(driver: Any, revision: str) -> Failure | None:
    """Return the failure if psycopg2's connection has received PostgreSQL's warning; else None."""
    if not any(words in notice for notice in driver.notices for words in WARNING):
        return None
    return _failure(revision)


def _failure(revision: str) -> Failure:
    what = f"Revision {revision}" if revision else "The table of revisions"
    return Failure(
        f"{what} is committed here, perhaps not on the standby: its wait for a synchronous standby was cancelled."
        " The run has stopped there.",
        "See that the standby is back (pg_stat_replication), or take it out of synchronous_standby_names. Then run it"
        " again: it goes on behind what is committed.",
    )
