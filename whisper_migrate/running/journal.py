"""The journal: which statements of an unfinished revision are done, so that a later run resumes after them.

A revision that is one transaction is done as a whole or not at all, and has no entries. A revision with an autocommit
block records its statements, numbered in the order in which they run. Statements of a transaction are recorded inside
of that transaction, statements of the block one by one. When the revision runs again, statements that are done are
skipped, and the file must still have the same statements.

A SELECT is recorded only if PostgreSQL reports that it has written something. Every other SELECT runs again, in a
read-only transaction.
"""

from __future__ import annotations

import hashlib
import re
import shlex
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import Any

from psycopg2.extensions import TRANSACTION_STATUS_IDLE, TRANSACTION_STATUS_INERROR
from sqlalchemy import Connection, text

from whisper_migrate.catalog.sql import literal
from whisper_migrate.databases.bookkeeping import is_there
from whisper_migrate.databases.engine_search_path import engine_search_path
from whisper_migrate.databases.own_rights import withdraw
from whisper_migrate.databases.own_session import WHO
from whisper_migrate.databases.transaction_control import SPACE
from whisper_migrate.errors import Failure
from whisper_migrate.wording.plurals import counted, verb

TABLE = "public.whisper_journal"
OF_A_SCRIPT = ""  # in place of a hash: a script of --sql is in the middle of the revision
MAKE = f"""
CREATE TABLE {TABLE} (
    revision text NOT NULL, direction text NOT NULL, statement integer NOT NULL,
    sha256 text NOT NULL, sql text NOT NULL, rows integer, began timestamptz NOT NULL DEFAULT clock_timestamp(),
    done timestamptz, reached text, PRIMARY KEY (revision, direction, statement));
"""
ADD_REACHED = f"ALTER TABLE {TABLE} ADD COLUMN reached text"  # a journal of an earlier release lacks it
CREATE = f"{MAKE}{withdraw(TABLE)}"
INSERT = f"""
INSERT INTO {TABLE} (revision, direction, statement, sha256, sql, rows, done)
VALUES (%s, %s, %s, %s, %s, %s, CASE WHEN %s THEN clock_timestamp() END)
ON CONFLICT (revision, direction, statement) DO UPDATE SET rows = excluded.rows, done = excluded.done"""
READ = f"""
SELECT revision, direction, statement, sha256, sql, rows, done IS NOT NULL AS done,
       to_char(began, 'YYYY-MM-DD HH24:MI:SS TZ') AS began, to_jsonb(j) ->> 'reached' AS reached
FROM ONLY {TABLE} AS j WHERE direction IN ('upgrade', 'downgrade') ORDER BY statement"""
REACHED = f"UPDATE {TABLE} SET reached = %s WHERE (revision, direction, statement) = (%s, %s, %s)"
HAS_REACHED = "SELECT 1 FROM pg_attribute WHERE attrelid = %s::regclass AND attname = 'reached' AND NOT attisdropped"
# A COMMIT is recorded alone if a SELECT of its transaction has written something.
RETURNS = re.compile(rf"{SPACE}\(*{SPACE}(?:SELECT|VALUES|TABLE|EXPLAIN)\b|COMMIT$|.*\bRETURNING\b", re.I | re.S)
BECOME = "SELECT pg_catalog.set_config('session_authorization', %s, %s), pg_catalog.set_config('role', %s, %s)"


@dataclass(frozen=True)
class Entry:
    """A recorded statement of a revision, the number of rows it affected, and whether it is done or only begun.

    `reached` is the key at which the last batch ended, as a JSON list of texts; None for a statement without batches.
    """

    revision: str
    direction: str
    statement: int
    sha256: str
    sql: str
    rows: int | None
    done: bool
    began: str = ""
    reached: str | None = None

    @property
    def has_returned_rows(self) -> bool:
        """Whether a statement that is done has returned rows, which the revision cannot get again."""
        return self.done and RETURNS.match(self.sql) is not None

    @property
    def in_batches(self) -> bool:
        """Whether some batches of the statement are done, and others are not."""
        return self.reached is not None and not self.done


@dataclass
class Journal:
    """The journal of a database: its entries, and the entries of the open transaction that are not written yet."""

    entries: list[Entry]
    unwritten: list[Entry] = field(default_factory=list)
    made: bool = False
    who: tuple[str, str] | None = None  # the role of the run: a revision may have set another one

    @classmethod
    def read(cls, connection: Connection) -> Journal:
        """Read the journal of the database behind `connection`."""
        user, role = connection.execute(text(WHO)).one()
        if not is_there(connection, TABLE):
            return cls([], who=(user, role))
        return cls([Entry(*row) for row in connection.execute(text(READ))], made=True, who=(user, role))

    def of(self, revision: str, direction: str) -> dict[int, Entry]:
        """Return the entries of a revision in one direction, by the number of the statement."""
        return {e.statement: e for e in self.entries if (e.revision, e.direction) == (revision, direction)}

    def make(self, cursor: Any) -> None:
        """Create the journal's table unless it exists."""
        if not self.made:
            with self._as_the_run(cursor):
                cursor.execute(CREATE)
            self.made = True

    def write(self, cursor: Any, *entries: Entry) -> None:
        """Write entries, in the transaction of `cursor` or, in autocommit, each on its own."""
        if entries:
            self.make(cursor)
        for entry in entries:
            *values, done, _, reached = (getattr(entry, name) for name in Entry.__dataclass_fields__)
            with self._as_the_run(cursor):
                cursor.execute(INSERT, (*values, done))
                if reached is not None:
                    self._write_reached(cursor, entry)
            self.unwrite(entry)
            self.entries.append(entry)

    def _write_reached(self, cursor: Any, entry: Entry) -> None:
        cursor.execute(HAS_REACHED, (TABLE,))
        if not cursor.fetchone():
            cursor.execute(ADD_REACHED)
        cursor.execute(REACHED, (entry.reached, *_key(entry)))

    def remove(self, cursor: Any, entry: Entry) -> None:
        """Delete an entry from the table."""
        with self._as_the_run(cursor):
            cursor.execute(
                f"DELETE FROM {TABLE} WHERE (revision, direction, statement) = (%s, %s, %s)",
                (entry.revision, entry.direction, entry.statement),
            )
        self.unwrite(entry)

    def unwrite(self, entry: Entry) -> None:
        """Remove an entry from memory, since its row is gone."""
        self.entries = [e for e in self.entries if _key(e) != _key(entry)]

    def undo(self, entry: Entry, earlier: Entry | None, *, made: bool) -> None:
        """Put the entry of a transaction that was rolled back as it was before; so for the table, if it was `made`."""
        self.unwrite(entry)
        self.entries += [earlier] if earlier else []
        self.made = made

    def flush(self, cursor: Any) -> None:
        """Write the unwritten entries, right before a transaction in the middle of a revision is committed."""
        entries, self.unwritten = self.unwritten, []
        self.write(cursor, *entries)

    def forget(self, cursor: Any, revision: str, direction: str) -> None:
        """Delete the entries of a revision that is complete, in the transaction that stamps it."""
        self.unwritten = []
        cursor.execute(f"DELETE FROM {TABLE} WHERE revision = %s AND direction = %s", (revision, direction))

    @contextmanager
    def _as_the_run(self, cursor: Any) -> Iterator[None]:
        """Be the role of the run inside, which may write here, with the engine's search_path."""
        cursor.execute(WHO)
        (theirs,) = cursor.fetchall()
        if self.who is None or theirs == self.who:
            with engine_search_path(cursor):
                yield
            return
        _become(cursor, self.who)
        try:
            with engine_search_path(cursor):
                yield
        finally:
            if cursor.connection.info.transaction_status != TRANSACTION_STATUS_INERROR:
                _become(cursor, theirs)


def _become(cursor: Any, who: tuple[str, str]) -> None:
    """Set user and role: for the transaction where there is one, since both may have been set for no longer."""
    local = cursor.connection.info.transaction_status != TRANSACTION_STATUS_IDLE
    cursor.execute(BECOME, (who[0], local, who[1], local))


def digest(statement: str, parameters: Any) -> str:
    """Return a hash that identifies a statement and its parameters."""
    return hashlib.sha256(f"{statement}\0{parameters!r}".encode()).hexdigest()


def by_hand(revision: str) -> str:
    """Return the remedy for a revision that a person has to finish."""
    return (
        f"Finish it by hand; then: DELETE FROM {TABLE} WHERE revision = {literal(revision)};"
        f" and: migrate.py stamp {shlex.quote(revision)}"
    )


def changed(entry: Entry, now: str | None) -> Failure:
    """The refusal to resume a revision whose statements have changed; `now` is the new statement, or None."""
    return Failure(
        f"Revision {entry.revision} was stopped in the middle of its {entry.direction} ({entry.began}), and has changed"
        f" since: its statement {entry.statement} was {_short(entry.sql)}, and is {_short(now) if now else 'gone'}.",
        f"Put its file back as it was. Or: {by_hand(entry.revision)}",
    )


def so_far(entries: Iterable[Entry]) -> str:
    """Return the words for how far a stopped revision came."""
    found = list(entries)
    done = sum(entry.done for entry in found)
    words = f"{done} of its statements {verb(done, 'is', 'are')} done"
    parts = [f"{counted(entry.rows or 0, 'row')} of statement {entry.statement}" for entry in found if entry.in_batches]
    return ", and ".join([words, *parts])


def goes_on(entries: Iterable[Entry]) -> str:
    """Return the words for where the next run goes on, and what would keep it from that."""
    found = list(entries)
    them = "it" if [entry.done for entry in found] == [True] else "them"
    asked = ", ".join(str(entry.statement) for entry in found if entry.has_returned_rows)
    return f"goes on behind {them}" + (f", unless it needs the rows of statement {asked} again" if asked else "")


def _short(sql: str) -> str:
    return f"`{' '.join(sql.split())[:80]}`"


def _key(entry: Entry) -> tuple[str, str, int]:
    return entry.revision, entry.direction, entry.statement
