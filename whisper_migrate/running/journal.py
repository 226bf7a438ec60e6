"""The journal of a revision that commits before its end: what of it is done, so that a killed run is taken up again.

A revision that is one transaction is done or not, and has no entry here. One with an autocommit block writes down its
statements, numbered as they run: those of a transaction inside of that transaction, those of the block one by one.
When it runs again, what is done is not: its statements must be the same ones. A SELECT is written down where
PostgreSQL says that it has written something; all others run again, in a transaction that can only read.
"""

from __future__ import annotations

import hashlib
from dataclasses import dataclass, field
from typing import Any

from sqlalchemy import Connection, text

from whisper_migrate.databases.bookkeeping import is_there
from whisper_migrate.errors import Failure

TABLE = "public.whisper_journal"
CREATE = f"""
CREATE TABLE {TABLE} (
    revision text NOT NULL, direction text NOT NULL, statement integer NOT NULL,
    sha256 text NOT NULL, sql text NOT NULL, rows integer, began timestamptz NOT NULL DEFAULT clock_timestamp(),
    done timestamptz, PRIMARY KEY (revision, direction, statement))"""
INSERT = f"""
INSERT INTO {TABLE} (revision, direction, statement, sha256, sql, rows, done)
VALUES (%s, %s, %s, %s, %s, %s, CASE WHEN %s THEN clock_timestamp() END)
ON CONFLICT (revision, direction, statement) DO UPDATE SET rows = excluded.rows, done = excluded.done"""
READ = f"""
SELECT revision, direction, statement, sha256, sql, rows, done IS NOT NULL AS done,
       to_char(began, 'YYYY-MM-DD HH24:MI:SS TZ') AS began
FROM ONLY {TABLE} ORDER BY statement"""


@dataclass(frozen=True)
class Entry:
    """One statement of a revision: what it was, how many rows it said, and whether it is done or only begun."""

    revision: str
    direction: str
    statement: int
    sha256: str
    sql: str
    rows: int | None
    done: bool
    began: str = ""


@dataclass
class Journal:
    """The entries of the database behind a connection, and those of its transaction that are not written yet."""

    entries: list[Entry]
    unwritten: list[Entry] = field(default_factory=list)
    made: bool = False

    @classmethod
    def read(cls, connection: Connection) -> Journal:
        """What stands in the database."""
        if not is_there(connection, TABLE):
            return cls([])
        return cls([Entry(*row) for row in connection.execute(text(READ))], made=True)

    def of(self, revision: str, direction: str) -> dict[int, Entry]:
        """The entries on one revision, by number."""
        return {e.statement: e for e in self.entries if (e.revision, e.direction) == (revision, direction)}

    def make(self, cursor: Any) -> None:
        """Make the table, if it is not there."""
        if not self.made:
            cursor.execute(CREATE)
            self.made = True

    def write(self, cursor: Any, *entries: Entry) -> None:
        """Write entries, in the transaction of `cursor` or each on its own where there is none."""
        if entries:
            self.make(cursor)
        for entry in entries:
            *values, done, _ = (getattr(entry, name) for name in Entry.__dataclass_fields__)
            cursor.execute(INSERT, (*values, done))
            self.unwrite(entry)
            self.entries.append(entry)

    def remove(self, cursor: Any, entry: Entry) -> None:
        """Take an entry back."""
        cursor.execute(
            f"DELETE FROM {TABLE} WHERE (revision, direction, statement) = (%s, %s, %s)",
            (entry.revision, entry.direction, entry.statement),
        )
        self.unwrite(entry)

    def unwrite(self, entry: Entry) -> None:
        """An entry has gone with its transaction."""
        self.entries = [e for e in self.entries if _key(e) != _key(entry)]

    def undo(self, entry: Entry, *, made: bool) -> None:
        """A transaction was rolled back, with the entry; the table was `made` before it, or is gone as well."""
        self.unwrite(entry)
        self.made = made

    def flush(self, cursor: Any) -> None:
        """The transaction is about to be committed before its revision is at its end: write what it has done."""
        entries, self.unwritten = self.unwritten, []
        self.write(cursor, *entries)

    def forget(self, cursor: Any, revision: str, direction: str) -> None:
        """The revision is at its end, and needs no entries any more once that is committed."""
        self.unwritten = []
        cursor.execute(f"DELETE FROM {TABLE} WHERE revision = %s AND direction = %s", (revision, direction))


def digest(statement: str, parameters: Any) -> str:
    """What tells a statement from another one."""
    return hashlib.sha256(f"{statement}\0{parameters!r}".encode()).hexdigest()


def by_hand(revision: str) -> str:
    """What to type for a revision that somebody has finished."""
    return (
        f"Finish it by hand; then: DELETE FROM {TABLE} WHERE revision = '{revision}'; and: migrate.py stamp {revision}"
    )


def changed(entry: Entry, now: str | None) -> Failure:
    """The refusal to go on with a revision that does something else than it did when it was stopped."""
    return Failure(
        f"Revision {entry.revision} was stopped in the middle of its {entry.direction} ({entry.began}), and has changed"
        f" since: its statement {entry.statement} was {_short(entry.sql)}, and is {_short(now) if now else 'gone'}.",
        f"Put its file back as it was. Or: {by_hand(entry.revision)}",
    )


def _short(sql: str) -> str:
    return f"`{' '.join(sql.split())[:80]}`"


def _key(entry: Entry) -> tuple[str, str, int]:
    return entry.revision, entry.direction, entry.statement
