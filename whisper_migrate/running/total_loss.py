"""Measure the data that a run loses for good, and require a permit such as `whisperengine:1204` for it.

The permit names the database and the number of rows at stake; refusals and --plan print it. A permit covers at most
that many rows of that database. Repeating the command later, when there are more rows, or on another database, is
therefore refused, and so is a number far above all rows of the database.
"""

from __future__ import annotations

import re
import shlex
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from functools import partial

from sqlalchemy import Connection, text

from whisper_migrate.catalog.names import joined, shown
from whisper_migrate.errors import Failure
from whisper_migrate.running.foreign_conditions import TABLE
from whisper_migrate.running.losses import Loss, holdings
from whisper_migrate.running.rehearsal import RehearsedStep
from whisper_migrate.wording.plurals import counted

OPTION = "--allow-data-loss "
# Makes of a permit, quoted for a shell, the command that is permitted by it.
Again = Callable[[str], str]
ESTIMATE = f"SELECT greatest(1, c.reltuples)::bigint FROM pg_catalog.pg_class AS c WHERE c.oid = {TABLE}"


@dataclass(frozen=True)
class TotalLoss:
    """The losses of a run in one database, as lines to print, and the number of rows that lose data.

    `every_row` counts all rows of the database.
    """

    database: str
    lines: list[str]
    rows: int
    every_row: Callable[[], int]

    @property
    def word(self) -> str:
        """The permit for this loss, such as `whisperengine:1204`."""
        return f"{self.database}:{self.rows}"

    def require(self, given: str | None, nothing_done: str, again: Again) -> None:
        """Raise Failure unless nothing is lost, or the permit `given` covers this loss."""
        if not self.permits(given):
            raise self.refusal(given, nothing_done, again)

    def refusal(self, given: str | None, nothing_done: str, again: Again) -> Failure:
        """Return the Failure for a loss that is not permitted; `again` makes the command that permits it."""
        said = f" The word that was given is {given}, and it is {self.word} now." if given else ""
        return Failure(
            f"{nothing_done}, since that would lose data.{said}\n  " + "\n  ".join(self.lines),
            f"If that is meant: {again(shlex.quote(self.word))}",
        )

    def permits(self, given: str | None) -> bool:
        """Whether nothing is lost, or the permit `given` names this database and at least as many rows.

        A permit for more rows than are lost and the whole database has was read off no refusal.
        """
        permitted = self.permitted(given)
        most = self.rows if permitted <= self.rows else self.rows + self.every_row()
        return self.rows == 0 or self.rows <= permitted <= most

    def permitted(self, given: str | None) -> int:
        """Return how many rows the permit `given` lets this database lose."""
        database, _, rows = (given or "").rpartition(":")
        return int(rows) if database == self.database and re.fullmatch(r"\d{1,18}", rows) else 0


def total_loss(rehearsed_steps: Sequence[RehearsedStep], connection: Connection) -> TotalLoss:
    """Return the total_loss of rehearsed steps in the database behind `connection`."""
    found = [(loss, loss.rows(connection)) for rehearsed in rehearsed_steps for loss in rehearsed.losses]
    lines = [f"loses {loss.what}{_of(rows)}" for loss, rows in found if rows != 0]
    rows: list[int | None] = [count for _, count in found]
    statements = [one for rehearsed in rehearsed_steps for one in rehearsed.on_rows]
    whole: dict[str, int | None] = {loss.table: count for loss, count in found if loss.table and not loss.column}
    for one in (one for one in statements if one.destroys):
        touched = {table: Loss(table, table).rows(connection) for table in one.tables}
        rows += [None] if not one.is_known else [count for table, count in touched.items() if table not in whole]
        whole |= touched
        lines.append(f"loses rows, by: {one.sql[:100]}{_tables(touched) if one.is_known else ''}")
    lines += [f"changes rows, by: {one.sql[:100]}" for one in statements if not one.destroys]
    if empty := [loss.what for loss, count in found if count == 0 and loss.drops]:
        what = empty[0] if len(empty) == 1 else f"{len(empty)} tables and columns"
        lines.append(f"drops {what}, which loses no row")
    return _total_loss(lines, rows, connection)


def total_of(losses: Sequence[Loss], connection: Connection) -> TotalLoss:
    """Return the total_loss of these losses in the database behind `connection`."""
    rows = [loss.rows(connection) for loss in losses]
    return _total_loss([loss.what for loss in losses], rows, connection)


def downgrade_to(target: str) -> Again:
    """Return the function that makes the command for a downgrade to `target`."""
    return lambda permit: f"migrate.py downgrade {shlex.quote(target)} {OPTION}{permit}"


def everything(connection: Connection, why: str) -> TotalLoss:
    """The total_loss if the loss is unknown, because of `why`: every row of the database."""
    return _total_loss([f"may lose all that is there: {why}"], [None], connection)


def _total_loss(lines: list[str], rows: Iterable[int | None], connection: Connection) -> TotalLoss:
    return TotalLoss(_name(connection), lines, total(rows, connection), partial(total, [None], connection))


def total(rows: Iterable[int | None], connection: Connection) -> int:
    """Return the sum of `rows`; if a count is None (unknown), at least the number of all rows of the database."""
    counts = list(rows)
    known = sum(count for count in counts if count is not None)
    if None not in counts:
        return known
    tables = {table for table, column in holdings(connection).values() if column is None}
    return max(known, sum(_rows(table, connection) for table in tables))


def _rows(table: str, connection: Connection) -> int:
    """Return the rows of a table; those that ANALYZE has counted, but at least one, if it cannot be read safely."""
    rows = Loss(table, table).rows(connection)
    return rows if rows is not None else int(connection.scalar(text(ESTIMATE), {"table": table}) or 1)


def _of(rows: int | None) -> str:
    return "" if rows is None else f": {counted(rows, 'row')}"


def _tables(touched: dict[str, int | None]) -> str:
    named = [f"{shown(table)}, which has {counted(rows or 0, 'row')}" for table, rows in sorted(touched.items())]
    return f"   ({joined(named)})" if named else ""


def _name(connection: Connection) -> str:
    return str(connection.scalar(text("SELECT current_database()")))
