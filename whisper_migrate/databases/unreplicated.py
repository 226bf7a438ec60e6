"""Detect a commit whose wait for a synchronous standby was cancelled: the standby may not have the commit.

PostgreSQL cannot revert a commit that it has begun. It reports success, and a warning, and a program that does not look
for the warning goes on to the next commit, which waits again.
"""

from __future__ import annotations

import signal
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from threading import current_thread, main_thread
from typing import Any

import psycopg2.extensions
from psycopg2.extensions import TRANSACTION_STATUS_IDLE

from whisper_migrate.databases import interruption
from whisper_migrate.errors import Failure

WARNING = ("canceling wait for synchronous replication", "canceling the wait for synchronous replication")
WAITS = """
SELECT current_setting('synchronous_standby_names') <> ''
   AND current_setting('synchronous_commit') NOT IN ('off', 'local')
"""


class Unreplicated(Failure):
    """A commit is done, and its wait for a synchronous standby was cancelled.

    `what` names the committed work; `whole` is whether the statement that committed has succeeded.
    """

    def __init__(self, what: str = "The last transaction", *, whole: bool = True) -> None:
        super().__init__(
            f"{what} is committed here, perhaps not on the standby: the wait for a synchronous standby was cancelled."
            " The run has stopped there.",
            "See that the standby is back (pg_stat_replication), or take it out of synchronous_standby_names. Then run"
            " it again: it goes on behind what is committed.",
        )
        self.whole = whole


@contextmanager
def committing(what: str) -> Iterator[None]:
    """Name the work whose commit, inside, may not reach a standby."""
    try:
        yield
    except Unreplicated as failure:
        raise Unreplicated(what, whole=failure.whole) from failure


@contextmanager
def noticed(driver: Any) -> Iterator[None]:
    """Run a statement or a commit on psycopg2's connection; raise Unreplicated if its wait for a standby was cancelled.

    A signal cancels the wait. If it arrives while psycopg2 reads the warning, psycopg2 drops both the warning and the
    exception of the signal handler: then the signal is repeated, unless commits wait for a standby.
    """
    heard = len(interruption.heard)
    try:
        yield
    except BaseException as error:
        if _is_told(driver):
            _wait_no_more(driver)
            failed = any(isinstance(one, psycopg2.Error) for one in (error, error.__context__))
            raise Unreplicated(whole=not failed) from error
        raise
    if _is_told(driver):
        _wait_no_more(driver)
        raise Unreplicated
    if len(interruption.heard) > heard and current_thread() is main_thread():
        if _waits(driver):
            _wait_no_more(driver)
            raise Unreplicated
        signal.raise_signal(interruption.heard[-1])


def _is_told(driver: Any) -> bool:
    """Whether PostgreSQL has sent the warning; it is forgotten, since it concerns one commit."""
    found = any(words in notice for notice in driver.notices for words in WARNING)
    if found:
        driver.notices.clear()
    return found


def _waits(driver: Any) -> bool:
    """Whether a commit on the connection that has just ended waited for a standby."""
    if driver.closed or driver.info.transaction_status != TRANSACTION_STATUS_IDLE:
        return False
    with driver.silent() as cursor:
        cursor.execute(WAITS)
        (waits,) = cursor.fetchone()
    _end(driver)
    return bool(waits)


def _wait_no_more(driver: Any) -> None:
    """Let what the run still has to commit here, such as its journal, not wait for the standby again."""
    with suppress(psycopg2.Error):
        if not driver.closed and driver.info.transaction_status == TRANSACTION_STATUS_IDLE:
            with driver.silent() as cursor:
                cursor.execute("SET synchronous_commit = local")
            _end(driver)


def _end(driver: Any) -> None:
    """End the transaction of a statement of ours, without telling anybody who listens to the connection."""
    if not driver.autocommit:
        psycopg2.extensions.connection.commit(driver)
