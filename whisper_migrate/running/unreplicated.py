"""A commit that waited for a synchronous standby, and waits no more: it is here, and perhaps not there."""

from __future__ import annotations

import signal
from typing import Any

from whisper_migrate.databases import interruption
from whisper_migrate.errors import Failure

# PostgreSQL cannot take back a commit that it has begun: it answers with success, and with this warning.
WARNING = ("canceling wait for synchronous replication", "canceling the wait for synchronous replication")


WAITS = """
SELECT current_setting('synchronous_standby_names') <> ''
   AND current_setting('synchronous_commit') NOT IN ('off', 'local')
"""


def require_replicated(driver: Any, revision: str) -> None:
    """Right after a commit. Raises Failure where its wait was cancelled; other signals that were lost are raised again.

    A signal cancels the wait, and its handler's exception is lost together with the warning when it comes while
    psycopg2 reads that.
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
    """What to say where PostgreSQL has warned of it on this connection of psycopg2's; None where it has not."""
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
