"""How long the statements of one transaction may wait for locks, all together.

PostgreSQL's lock_timeout is each wait's own, while the locks that a transaction has already are kept: whoever needs the
first of eight tables would wait for eight waits. Each statement gets what the ones before it have left.
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
    """A statement was cancelled that waited for one lock after another."""

    pgcode = "55P03"


@dataclass
class LockBudget:
    """The `seconds` that a transaction may wait for locks, and how many of them are `spent`; 0 is without a limit."""

    seconds: float
    watch: Watch
    spent: float = 0
    is_theirs: bool = False  # the revision has set a time-out of its own

    def renew(self) -> None:
        """A transaction is over, and its locks are gone."""
        self.spent, self.is_theirs = 0, False
        self.watch.has_cancelled = False

    @contextmanager
    def spending(self, cursor: Any) -> Iterator[None]:
        """Run a statement in here: it may wait as long as is left."""
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
