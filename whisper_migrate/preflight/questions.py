"""Ask the rows of a real database whether a revision would fail on them, or lose them.

The questions come from the change of the catalog in the rehearsal: rows that break a new rule, and values that a drop
or a change of type loses. They are asked read-only, under a time limit, and only where no other role's code can run.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from psycopg2.errors import QueryCanceled, UndefinedColumn, UndefinedTable
from sqlalchemy import Connection, text
from sqlalchemy.exc import DBAPIError

from whisper_migrate.catalog.model import Catalog, Change, Object
from whisper_migrate.catalog.names import inside, shown
from whisper_migrate.catalog.sql import run
from whisper_migrate.errors import reason
from whisper_migrate.preflight.findings import Finding
from whisper_migrate.preflight.rules import DATA_LOST, NOT_ASKED, ROWS_BREAK_RULE
from whisper_migrate.rows.violations import (
    Violation,
    asks_no_row,
    domain_violation,
    is_already_unique,
    of_domain,
    violation,
)
from whisper_migrate.running.foreign_conditions import is_foreign
from whisper_migrate.running.losses import Loss
from whisper_migrate.running.rehearsal import RehearsedStep
from whisper_migrate.wording.plurals import counted

MOST = 1000  # rows that are counted; then "more than 1,000"
KEYS = 5  # keys of rows that are shown
LATER = "an earlier revision creates a column of it"
KIND = "SELECT c.relkind::text FROM pg_catalog.pg_class AS c WHERE c.oid = to_regclass(:name)"


@dataclass(frozen=True)
class _Unknown:
    """The reason why a question has no answer."""

    why: str


@dataclass(frozen=True)
class Asking:
    """The connection to the database, or to its replica; each question may take `seconds`."""

    connection: Connection
    seconds: float

    def rows(self, step: RehearsedStep, names: Mapping[str, str]) -> Iterator[Finding]:
        """Yield the findings about rows of one rehearsed revision.

        `names` are the tables of the database, by the names that they have when the revision begins. A table that is
        not among them is created by an earlier revision, so it has no rows yet.
        """
        changed = {table for one in step.on_rows for table in one.tables}
        for found in (one for one in _violations(step) if one.table in names):
            if names[found.table] == found.table:
                yield from self._break(step, found, changed)
            else:
                why = f"an earlier revision gives {shown(names[found.table])} this name"
                yield _not_asked(step, found, why, decide=True)
        for loss in step.losses:
            yield from self._lose(step, loss)
        for one in (one for one in step.on_rows if one.destroys):
            named = ", ".join(shown(table) for table in one.tables) or "tables that PostgreSQL does not show"
            yield Finding(DATA_LOST, step.revision, f"deletes rows of {named}", statement=one.sql[:100])

    def _break(self, step: RehearsedStep, found: Violation, changed: set[str]) -> Iterator[Finding]:
        count = self._count(found)
        if count == 0:
            return
        if isinstance(count, _Unknown):
            yield _not_asked(step, found, count.why, decide=count.why != LATER)
            return
        many = f"more than {MOST:,} rows" if count > MOST else counted(count, "row")
        keys = self._keys(step.before, found)
        what = f"{shown(found.name)}: {many} of {shown(found.table)} {'breaks' if count == 1 else 'break'} it{keys}"
        if found.table in changed:
            what += "; the revision changes rows of this table itself, perhaps these"
        yield Finding(
            ROWS_BREAK_RULE, step.revision, what, found.table, remedy=found.look, decide=found.table not in changed
        )

    def _count(self, found: Violation) -> int | _Unknown:
        """Return the number of rows that break a rule, at most one more than MOST."""
        if is_foreign(self.connection, found.table, found.condition):
            return _Unknown("code of another role would run")
        rows = f"SELECT FROM {found.table} WHERE {found.condition} LIMIT {MOST + 1}"
        count = self._ask(found.table, f"SELECT count(*) FROM ({rows}) AS broken")
        return count if isinstance(count, _Unknown) else count or 0

    def _lose(self, step: RehearsedStep, loss: Loss) -> Iterator[Finding]:
        savepoint = self.connection.begin_nested()
        try:
            self._limit()
            count = loss.rows(self.connection)
        except DBAPIError as error:
            what = f"whether rows of {loss.what} are lost could not be asked: {_why(error)}"
            yield Finding(NOT_ASKED, step.revision, what, loss.table)
            return
        finally:
            savepoint.rollback()
        if count is None:
            yield Finding(DATA_LOST, step.revision, f"loses {loss.what}, of an unknown number of rows", loss.table)
        elif count:
            yield Finding(DATA_LOST, step.revision, f"loses {loss.what}: {counted(count, 'row')}", loss.table)

    def _keys(self, before: Catalog, found: Violation) -> str:
        """Return the primary keys of some of the rows: ` (id 4, 7)`; "" if the table has none."""
        key = next((c for c in before.children(found.table, "constraint") if c["type"] == "primary key"), None)
        if key is None:
            return ""
        columns = inside(key["definition"])
        query = f"SELECT {columns} FROM {found.table} WHERE {found.condition} LIMIT {KEYS}"
        rows = self._ask(found.table, f"SELECT array_agg(ROW(one.*)::text) FROM ({query}) AS one")
        if not isinstance(rows, list):
            return ""
        return f" ({shown(columns)} {', '.join(row.strip('()') for row in rows)})"

    def _ask(self, table: str, query: str) -> Any:
        """Run a query that yields one value on an ordinary table; return the value. None if there is no such table.

        Returns an _Unknown if the query fails, or if the table is a view: a view, like a policy, would run the code of
        its owner.
        """
        savepoint = self.connection.begin_nested()
        try:
            self._limit()
            kind = self.connection.scalar(text(KIND), {"name": table})
            if kind in ("r", "p"):
                return run(self.connection, query).scalar_one()
            return _Unknown(f"{shown(table)} is no table there") if kind else None
        except DBAPIError as error:
            return _Unknown(_why(error))
        finally:
            savepoint.rollback()

    def _limit(self) -> None:
        run(self.connection, "SET LOCAL row_security = off")
        run(self.connection, "SET LOCAL transaction_read_only = on")
        run(self.connection, f"SET LOCAL statement_timeout = {int(self.seconds * 1000)}")


def _not_asked(step: RehearsedStep, found: Violation, why: str, *, decide: bool) -> Finding:
    what = f"{shown(found.name)}: the rows of {shown(found.table)} could not be asked, since {why}"
    return Finding(NOT_ASKED, step.revision, what, found.table, remedy=found.look, decide=decide)


def _violations(step: RehearsedStep) -> Iterator[Violation]:
    """Yield the possible violations of the rules that a revision adds to tables that were there before it."""
    retyped = {
        change.object.key
        for change in step.changes
        if change.before
        and change.after
        and change.object.kind == "column"
        and change.before["type"] != change.after["type"]
    }
    for change in step.changes:
        for found in _of(change, step.before):
            known = ("table", found.table) in step.before
            if known and not (found.rule.kind != "column" and is_already_unique(step.before, found.rule, retyped)):
                yield found


def _of(change: Change, before: Catalog) -> Iterator[Violation]:
    old, new = change.before, change.after
    if new is None:
        return
    found: list[Violation | None] = []
    if new.kind == "column" and old and new["not_null"] and not old["not_null"]:
        found = [violation(before, new)]
    elif new.kind == "domain" and old and new["not_null"] and not old["not_null"]:
        found = [violation(before, column) for column in of_domain(before, new.identity)]
    elif new.kind == "domain_constraint" and _comes(old):
        found = [domain_violation(new, column) for column in of_domain(before, str(new.parent))]
    elif new.kind in ("constraint", "index") and _comes(old, new):
        found = [violation(before, new)]
    yield from (one for one in found if one)


def _comes(old: Object | None, new: Object | None = None) -> bool:
    """Whether a rule is added, changed, or validated."""
    return old is None or asks_no_row(old) or (new is not None and old["definition"] != new["definition"])


def _why(error: DBAPIError) -> str:
    if isinstance(error.orig, QueryCanceled):
        return "it took too long"
    if isinstance(error.orig, (UndefinedColumn, UndefinedTable)):
        return LATER
    return reason(error)
