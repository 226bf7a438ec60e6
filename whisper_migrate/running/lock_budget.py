"""Limit the time that all statements of a transaction together wait for locks.

PostgreSQL's lock_timeout limits each wait, and a transaction keeps the locks that it has. Sessions that need the first
of eight locked tables could therefore wait for eight time-outs. Here each statement may wait only as long as the
statements before it have left over. A SELECT is no exception: it may lock rows, or call a function that locks tables.
"""

from __future__ import annotations

import re
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any

from psycopg2.errors import LockNotAvailable, QueryCanceled
from psycopg2.extensions import STATUS_BEGIN, TRANSACTION_STATUS_IDLE, TRANSACTION_STATUS_INERROR

from whisper_migrate.running.patience import milliseconds
from whisper_migrate.running.watch import Watch

SETS = re.compile(
    r"\b(?:SET(?:\s+(?:LOCAL|SESSION))?|RESET)\s+lock_timeout\b|\bset_config\s*\(\s*'lock_timeout'", re.IGNORECASE
)
NEVER_WAITS = re.compile(r"\s*(?:SHOW|SET|RESET|SAVEPOINT|RELEASE|ROLLBACK)\b", re.IGNORECASE)


class BudgetSpent(LockNotAvailable):  # type: ignore[misc]
    """A statement was cancelled because the transaction has spent its time for locks."""

    pgcode = "55P03"


@dataclass
class LockBudget:
    """The `seconds` that a transaction may wait for locks (0: no limit), and how many of them are `spent`."""

    seconds: float
    watch: Watch
    spent: float = 0
    is_theirs: bool = False  # the revision has set a lock_timeout itself

    def renew(self) -> None:
        """Start again: the transaction is over, and its locks are released."""
        self.spent, self.is_theirs = 0, False
        self.watch.has_cancelled = False

    @contextmanager
    def spending(self, cursor: Any, statement: str) -> Iterator[None]:
        """Run a statement inside, with the rest of the budget as its limit. Raises BudgetSpent beyond it."""
        driver = cursor.connection
        has_failed = driver.info.transaction_status == TRANSACTION_STATUS_INERROR  # it can only be rolled back now
        if driver.autocommit or has_failed or has_left_its_transaction(driver):
            yield
            return
        self.is_theirs |= bool(SETS.search(statement))
        if not self.seconds or self.is_theirs or NEVER_WAITS.match(statement):
            yield
            return
        left = max(self.seconds - self.spent, 0.001)
        if self.spent:
            with driver.silent() as other:
                other.execute(f"SET LOCAL lock_timeout = {milliseconds(left)}")
        start = time.monotonic()
        self.watch.allow(left)
        try:
            yield
        except QueryCanceled as error:
            if self.watch.has_cancelled:
                raise BudgetSpent("canceling statement due to lock timeout") from error
            raise
        finally:
            self.watch.allow(None)
            self.spent += self.watch.waited(start, time.monotonic())


def has_left_its_transaction(driver: Any) -> bool:
    """Whether a revision has executed COMMIT as a statement, which the driver does not know."""
    return bool(driver.status == STATUS_BEGIN and driver.info.transaction_status == TRANSACTION_STATUS_IDLE)
