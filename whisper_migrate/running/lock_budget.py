"""Limit the time that all statements of a transaction together wait for locks.

PostgreSQL's lock_timeout limits each wait, and a transaction keeps the locks that it has. Sessions that need the first
of eight locked tables could therefore wait for eight time-outs. Here each statement may wait only as long as the
statements before it have left over.
"""

from __future__ import annotations

import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any

from psycopg2.errors import LockNotAvailable, QueryCanceled

from whisper_migrate.running.patience import milliseconds
from whisper_migrate.running.watch import Watch


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
    def spending(self, cursor: Any) -> Iterator[None]:
        """Run a statement inside, with the rest of the budget as its limit. Raises BudgetSpent beyond it."""
        if not self.seconds or self.is_theirs:
            yield
            return
        left = max(self.seconds - self.spent, 0.001)
        if self.spent:
            with cursor.connection.cursor() as other:
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
