"""Ask the rows of a real database whether a revision would fail on them, or lose them.

The questions come from the change of the catalog in the rehearsal: rows that break a new rule, and values that a drop
or a change of type loses. They are asked read-only, under a time limit, and only where no other role's code can run.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

from psycopg2.errors import DataError, LockNotAvailable, QueryCanceled
from sqlalchemy import Connection, text
from sqlalchemy.exc import DBAPIError

from whisper_migrate.catalog.model import Catalog, Object
from whisper_migrate.catalog.names import inside, shown
from whisper_migrate.catalog.sql import run
from whisper_migrate.errors import reason
from whisper_migrate.preflight.as_found import AsFound
from whisper_migrate.preflight.computed import computed
from whisper_migrate.preflight.findings import Finding
from whisper_migrate.preflight.new_rules import new_rules
from whisper_migrate.preflight.rules import DATA_LOST, NOT_ASKED, ROWS_BREAK_RULE
from whisper_migrate.preflight.watched import Watched, may_be_mended
from whisper_migrate.rows.violations import Violation
from whisper_migrate.running.foreign_conditions import is_foreign, may_be_read
from whisper_migrate.running.losses import Loss
from whisper_migrate.running.rehearsal import RehearsedStep
from whisper_migrate.wording.plurals import counted

MOST = 1000  # rows that are counted; then "more than 1,000"
KEYS = 5  # keys of rows that are shown
MEMORY = "128MB"  # for a question: keys of a foreign key that fit are looked up, and not compared one by one
COMPUTED = "the revisions compute a column of it for each row"
KIND = "SELECT c.relkind::text FROM pg_catalog.pg_class AS c WHERE c.oid = to_regclass(:name)"


@dataclass(frozen=True)
class _Unknown:
    """The reason why a question has no answer; `of_rows`: a row's value made PostgreSQL refuse it."""

    why: str
    of_rows: bool = False


@dataclass(frozen=True)
class Asking:
    """The connection to the database, or to its replica; each question may take `seconds`."""

    connection: Connection
    seconds: float

    def rows(self, step: RehearsedStep, watched: Watched) -> Iterator[Finding]:
        """Yield the findings about rows of one rehearsed revision, which was `watched` in the shadow.

        A table that an earlier revision creates has no rows yet.
        """
        for found in (*new_rules(step, watched.old_rules), *watched.new_bounds):
            if (watched.found.oid(found.table), 0) in watched.found.origin:
                yield from self._break(step, found, watched)
        for item, expression in computed(step.changes):
            if (watched.found.oid(str(item.parent)), 0) in watched.found.origin:
                yield from self._compute(step, item, expression, watched.found)
        known = {table for table, _ in watched.found.origin.values()}
        for change in (one for one in step.changes if one.sign == "+" and one.object.kind == "table"):
            table = change.object.identity
            if table not in known and (watched.found.oid(table), 0) not in watched.found.origin and self._kind(table):
                what = f"{shown(table)} is in the database already, and no revision before creates it"
                yield Finding(NOT_ASKED, step.revision, what, table, remedy="migrate.py check-drift")
        for loss in step.losses:
            yield from self._lose(step, loss)
        for one in (one for one in step.on_rows if one.destroys):
            named = ", ".join(shown(table) for table in one.tables) or "tables that PostgreSQL does not show"
            yield Finding(DATA_LOST, step.revision, f"deletes rows of {named}", statement=one.sql[:100])

    def _break(self, step: RehearsedStep, found: Violation, watched: Watched) -> Iterator[Finding]:
        rows = f"SELECT FROM {found.table} WHERE {found.condition} LIMIT {MOST + 1}"
        count = self._ask(watched.found, f"SELECT count(*) FROM ({rows}) AS broken")
        if count == 0:
            return
        look = f"SELECT count(*) FROM {found.table} WHERE {found.condition}"
        query = watched.found.query(look, {})
        remedy = shown(query.sql) if query and query.differs else found.look
        if isinstance(count, _Unknown):
            why = f"the rows of {shown(found.table)} could not be asked, since {count.why}"
            what = f"{shown(found.name)}: {why}"
            # NOT NULL is kept by a value that each row computes, such as the next one of a sequence.
            if count.why != COMPUTED or found.rule.kind != "column":
                yield Finding(NOT_ASKED, step.revision, what, found.table, remedy=remedy, decide=count.why != COMPUTED)
            return
        many = f"more than {MOST:,} rows" if count > MOST else counted(count, "row")
        keys = self._keys(step.after, found, watched.found)
        what = f"{shown(found.name)}: {many} of {shown(found.table)} {'breaks' if count == 1 else 'break'} it{keys}"
        mended = may_be_mended(watched, found.table, look)
        if mended:
            what += f"; {mended}, perhaps these"
        yield Finding(ROWS_BREAK_RULE, step.revision, what, found.table, remedy=remedy, decide=not mended)

    def _compute(self, step: RehearsedStep, item: Object, expression: str, found: AsFound) -> Iterator[Finding]:
        table, name = str(item.parent), f"{item.kind} {shown(item.identity)}"
        sql = f"SELECT count(*) FROM {table} WHERE {expression}"
        answer = self._ask(found, sql)
        if isinstance(answer, _Unknown):
            query = found.query(sql, {})
            remedy = shown(query.sql if query else sql)
            if answer.of_rows:
                what = f"{name} cannot be computed for a row of {shown(table)}: {answer.why}"
                yield Finding(ROWS_BREAK_RULE, step.revision, what, table, remedy=remedy)
            elif answer.why != COMPUTED:
                what = f"{name}: the rows of {shown(table)} could not be asked, since {answer.why}"
                yield Finding(NOT_ASKED, step.revision, what, table, remedy=remedy)

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

    def _keys(self, after: Catalog, found: Violation, tables: AsFound) -> str:
        """Return the primary keys of some of the rows: ` (id 4, 7)`; "" if the table has none."""
        key = next((c for c in after.children(found.table, "constraint") if c["type"] == "primary key"), None)
        if key is None or key.key == found.rule.key:
            return ""
        columns = inside(key["definition"]).removesuffix(" WITHOUT OVERLAPS")
        query = f"SELECT {columns} FROM {found.table} WHERE {found.condition} LIMIT {KEYS}"
        rows = self._ask(tables, f"SELECT array_agg(ROW(one.*)::text) FROM ({query}) AS one")
        if not isinstance(rows, list):
            return ""
        return f" ({shown(columns)} {', '.join(row.strip('()') for row in rows)})"

    def _ask(self, found: AsFound, sql: str) -> Any:
        """Run a query that yields one value on ordinary tables; return the value. 0 if a table does not exist there.

        Returns an _Unknown if the query fails, or if it would run code of another role: a view, like a policy, would
        run the code of its owner. The lock keeps the owner from putting a view in place of a table.
        """
        given = found.query(sql, {})
        if given is None:
            return _Unknown(COMPUTED)
        savepoint = self.connection.begin_nested()
        try:
            self._limit()
            for table in given.tables:
                if self._kind(table) in ("r", "p"):
                    run(self.connection, f"LOCK TABLE {table} IN ACCESS SHARE MODE")
            kinds = {table: self._kind(table) for table in given.tables}
            if None in kinds.values():
                return 0
            for table, kind in kinds.items():
                if kind not in ("r", "p", "m"):
                    return _Unknown(f"{shown(table)} is no table there")
            query = found.query(sql, {table: str(kind) for table, kind in kinds.items()})
            asked = query.sql if query else sql
            for table in kinds:
                if is_foreign(self.connection, table, asked) or not may_be_read(self.connection, table):
                    return _Unknown("code of another role would run")
            return run(self.connection, asked).scalar_one()
        except DBAPIError as error:
            return _Unknown(_why(error), isinstance(error.orig, DataError))
        finally:
            savepoint.rollback()

    def _kind(self, table: str) -> str | None:
        found: str | None = self.connection.scalar(text(KIND), {"name": table})
        return found

    def _limit(self) -> None:
        run(self.connection, "SET LOCAL row_security = off")
        run(self.connection, "SET LOCAL transaction_read_only = on")
        run(self.connection, "SET LOCAL lock_timeout = '1s'")
        run(self.connection, f"SET LOCAL work_mem = '{MEMORY}'")
        run(self.connection, f"SET LOCAL statement_timeout = {int(self.seconds * 1000)}")


def _why(error: DBAPIError) -> str:
    if isinstance(error.orig, QueryCanceled):
        return "it took too long"
    if isinstance(error.orig, LockNotAvailable):
        return "another session has locked the table"
    return reason(error)
