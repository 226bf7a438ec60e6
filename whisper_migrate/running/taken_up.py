"""Take up a revision that was stopped in its middle: what is done is skipped, and what only asks is asked again."""

from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from psycopg2.errors import ReadOnlySqlTransaction

from whisper_migrate.databases.transaction_control import SPACE, statements
from whisper_migrate.errors import Failure
from whisper_migrate.running.journal import Entry, by_hand, changed

# These only affect the session, so they run again whenever the revision is resumed.
SETTING = r"SET|RESET|PREPARE(?!\s+TRANSACTION\b)|DEALLOCATE|LOAD"
SESSION = re.compile(
    rf"{SPACE}(?:SHOW|{SETTING}|SAVEPOINT|RELEASE|ROLLBACK)\b(?:--[^\n]*+|(?>/\*.*?\*/)|[^;])*+;?{SPACE}$", re.I | re.S
)
SETS = re.compile(rf"(?:{SETTING})\b|SELECT\s+(?:pg_catalog\.)?set_config\s*\([^()]*\)$", re.I)
SETS_INSIDE = re.compile(r"(?:DO|SELECT|CALL|WITH)\b.*\bset_config\s*\(", re.I | re.S)
# A statement without a result: fetching rows from it fails.
NO_ROWS = "UNLISTEN whisper_migrate"
# Begin, commit and roll back, inside of a transaction.
READ_ONLY = (
    "SAVEPOINT whisper_migrate; SET LOCAL transaction_read_only = on",
    "RELEASE SAVEPOINT whisper_migrate",
    "ROLLBACK TO SAVEPOINT whisper_migrate; RELEASE SAVEPOINT whisper_migrate",
)


@dataclass
class TakenUp:
    """A revision that may have been stopped in its middle, in the run before this one."""

    revision: str
    _without_rows: str = ""  # the last statement with rows that was skipped because it is done

    @property
    def without_rows(self) -> Failure | None:
        """The failure if a revision fetched rows of a statement that was skipped because it is done; else None."""
        if not self._without_rows:
            return None
        return self._cannot_go_on("it wants the rows that a statement of its own returned then", self._without_rows)

    def ask_again(
        self,
        call: Callable[[], None],
        cursor: Any,
        statement: str,
        *,
        alone: bool = False,
        instead: Entry | None = None,
    ) -> None:
        """Run a SELECT that was run before the revision was stopped, now read-only.

        If it wants to write, it has written before, and is skipped. `alone`: the SELECT is in an autocommit block.
        `instead` is the journal's entry with the same number, which is another statement: then a SELECT that writes
        raises Failure.
        """
        begin, end, undo = ("BEGIN READ ONLY", "COMMIT", "ROLLBACK") if alone else READ_ONLY
        with cursor.connection.cursor() as other:
            other.execute(begin)
            try:
                call()
            except ReadOnlySqlTransaction:
                other.execute(undo)
                if instead:
                    raise changed(instead, statement) from None
                cursor.execute(NO_ROWS)
                self._without_rows = statement
            else:
                other.execute(end)

    def skip(self, cursor: Any, statement: str, entry: Entry, *, asks: bool) -> None:
        """Skip a statement that is done, and give the cursor the row count that it had.

        Those parts that only affect the session run again, such as a SET beside an INSERT. Raises Failure for a part
        that changes settings and may do more, since nothing else of it may run again.
        """
        for part in statements(statement):
            if SETS.match(part):
                cursor.execute(part)
            elif SETS_INSIDE.match(part):
                raise self._cannot_go_on("it needs the settings that a statement of its own made then", statement)
        if asks or re.search(r"\bRETURNING\b", entry.sql, re.IGNORECASE):
            cursor.execute(NO_ROWS)
            self._without_rows = entry.sql
        else:
            cursor.execute("SELECT FROM pg_catalog.generate_series(1, %s)", (max(entry.rows or 0, 0),))

    def _cannot_go_on(self, why: str, statement: str) -> Failure:
        words = " ".join(statement.split())[:80]
        return Failure(
            f"Revision {self.revision} was stopped in its middle, and cannot be taken up again: {why}, and that is"
            f" not run twice: {words}.",
            by_hand(self.revision),
        )
