"""Run a revision in the run's transaction, and refuse a revision that ends this transaction by itself.

SQL, an SQLAlchemy session and the driver's connection can all end a transaction. An attempt that is noticed is refused
before it happens. PostgreSQL is asked afterwards as well: a setting that lasts as long as the transaction marks it.
Autocommit blocks, `op.get_bind().commit()` and a COMMIT statement are allowed, because the journal knows the statements
that they commit.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from contextlib import closing, contextmanager
from dataclasses import dataclass
from typing import Any, NoReturn

from psycopg2.extensions import STATUS_BEGIN, TRANSACTION_STATUS_IDLE, TRANSACTION_STATUS_INERROR
from sqlalchemy import Connection, event

from whisper_migrate.databases.driver import listening
from whisper_migrate.databases.first_failure import explained
from whisper_migrate.databases.transaction_control import COMMIT, TO_SAVEPOINT, ending
from whisper_migrate.errors import Failure

MARK = "whisper_migrate.transaction"
RESETS = re.compile(r"\bRESET\s+ALL\b", re.I)
REMEDY = (
    "Take that out of its file: a run commits a revision, or rolls it back, as a whole."
    " What cannot run in a transaction belongs into: with op.get_context().autocommit_block()"
)


ONE_BY_ONE = "In an autocommit block each statement is a transaction: write its statements one by one."


class EndedItself(Failure):
    """A revision ended its transaction or wanted to, went on after a statement had failed, or changed the stamp."""

    def __init__(
        self, revision: str, how: str, left: str = "nothing of that transaction was kept", remedy: str = REMEDY
    ) -> None:
        super().__init__(f"Revision {revision} {how}, so it does not count as applied: {left}.", remedy)


NOT_RUN = "that statement was not run"
UNSURE = "what it committed by itself, and what it ran after that, is in the database"


@dataclass
class _Transaction:
    """Tracks the transaction of a revision, until an autocommit block or the end of the revision."""

    connection: Connection
    revision: str
    _marked: bool = False
    _left: bool = False  # after a COMMIT statement, each further statement is a transaction of its own
    _rolled_back: bool = False
    _error: BaseException | None = None
    _refusal: EndedItself | None = None  # raised before; the revision may have caught it
    _announced: Any = None  # the cursor with which SQLAlchemy is about to run COMMIT

    @property
    def _driver(self) -> Any:
        """The driver's connection; None in autocommit, where there is no transaction to end."""
        driver: Any = self.connection.connection.driver_connection
        return None if driver.autocommit else driver

    def mark(self, *_: object) -> None:
        """Mark the new transaction by a setting. It takes no snapshot, so the isolation level can still be set."""
        if self._driver is not None:
            with closing(self.connection.connection.cursor()) as cursor:
                cursor.execute(f"SET LOCAL {MARK} = on")
            self._marked = True

    def require(self) -> None:
        """Raise EndedItself unless the current transaction is the marked one, and no statement has failed in it."""
        if self._refusal:
            raise self._refusal
        if self._rolled_back:
            raise EndedItself(self.revision, "rolled back the transaction that it runs in")
        if not self._marked:
            return
        if (driver := self._driver) is None:  # the driver was switched to autocommit without a commit before
            raise EndedItself(self.revision, "ended the transaction that it runs in", UNSURE)
        self._require_sound(driver)
        with closing(self.connection.connection.cursor()) as cursor:
            cursor.execute("SELECT pg_catalog.current_setting(%s, true)", (MARK,))
            if cursor.fetchall() != [("on",)]:
                raise EndedItself(self.revision, "ended the transaction that it runs in", UNSURE)

    def _require_sound(self, driver: Any) -> None:
        """Raise EndedItself if a statement has failed, and with it the transaction."""
        if driver.info.transaction_status == TRANSACTION_STATUS_INERROR:
            said = f" ({explained(self._error)})" if self._error else ""
            raise EndedItself(self.revision, f"went on after a statement had failed{said}") from self._error

    def committing(self, *_: object) -> None:
        """Before a commit through SQLAlchemy, check that the transaction is still the revision's own."""
        if self._driver is not None:
            self.require()
            self._marked = self._left = False

    def rolling_back(self, *_: object) -> None:
        """Remember a rollback. Raising here would hide the error that may be its cause."""
        if self._driver is not None and not self._left:
            self._rolled_back = True

    def executing(self, _: Connection, cursor: Any, statement: str, *__: object) -> None:
        """Before a statement, check the transaction, and refuse statements that end it."""
        if (driver := self._driver) is None or self._rolled_back:
            self.require()
        if driver is None or self._left:
            self._require_alone(statement)
        if driver is None:
            return
        if not self._left and driver.status == STATUS_BEGIN and _is_idle(driver):
            raise EndedItself(self.revision, "ended the transaction that it runs in", UNSURE)
        if not TO_SAVEPOINT.match(statement):
            self._require_sound(driver)
        commits = COMMIT.match(statement)
        self._announced = cursor if commits else None
        if commits or RESETS.search(statement):
            self.require()

    def _require_alone(self, statement: str) -> None:
        """Refuse a statement that takes back what is committed, or commits in the middle of a string.

        Each statement is a transaction here, so a BEGIN before it began nothing that a ROLLBACK could take back.
        """
        if (end := ending(statement)) and not COMMIT.match(statement):
            raise EndedItself(self.revision, f"ends a transaction {_where(end, statement)}", NOT_RUN, ONE_BY_ONE)

    @contextmanager
    def executing_by_driver(self, cursor: Any, statement: str) -> Iterator[None]:
        """Refuse a statement that a driver's cursor is about to run, if it would end the transaction."""
        if self._is_open and cursor is not self._announced and (end := ending(statement)):
            self._refuse(_where(end, statement))
        yield

    def ending_by_driver(self, call: str) -> None:
        """Refuse a call of the driver's connection that would end the transaction, unless a statement has failed."""
        if not self._is_open:
            return
        if self._driver.info.transaction_status == TRANSACTION_STATUS_INERROR:
            self._rolled_back = True
        else:
            self._refuse(f"(the driver's {call})")

    def _refuse(self, where: str) -> NoReturn:
        self._refusal = EndedItself(self.revision, f"ends the transaction that it runs in {where}")
        raise self._refusal

    @property
    def _is_open(self) -> bool:
        """Whether the marked transaction is open, as far as this object has noticed."""
        return self._driver is not None and self._marked and not self._rolled_back

    def executed(self, _: Connection, cursor: Any, statement: str, *__: object) -> None:
        """After a statement, check whether it has ended the transaction."""
        if (driver := self._driver) is None or self._left:
            return
        commits = bool(COMMIT.match(statement))
        if _is_idle(driver):
            if not commits:
                how = f"ended the transaction that it runs in (`{_short(statement)}`)"
                raise EndedItself(self.revision, how, UNSURE)
            self._left, self._marked = True, False
        elif commits or RESETS.search(statement):
            self.mark()

    def failed(self, context: Any) -> None:
        """Remember the error of a failed statement."""
        if context.connection is self.connection:
            self._error = context.sqlalchemy_exception

    def end(self) -> None:
        """Check the transaction at the end of the revision."""
        self.require()
        if self._left and (driver := self._driver) is not None:
            driver.commit()  # the driver does not know of the COMMIT, and would begin no transaction for the stamp


@contextmanager
def whole_transaction(connection: Connection, revision: str) -> Iterator[None]:
    """Run a revision inside. Raises EndedItself if it ends its transaction, before anything else is committed."""
    watched = _Transaction(connection, revision)
    listeners: list[tuple[Any, str, Callable[..., None]]] = [
        (connection, "begin", watched.mark),
        (connection, "commit", watched.committing),
        (connection, "rollback", watched.rolling_back),
        (connection, "before_cursor_execute", watched.executing),
        (connection, "after_cursor_execute", watched.executed),
        (connection.engine, "handle_error", watched.failed),
    ]
    watched.mark()
    for target, name, listener in listeners:
        event.listen(target, name, listener)
    driver = connection.connection.driver_connection
    try:
        with listening(driver, executing=watched.executing_by_driver, ending=watched.ending_by_driver):
            yield
            watched.end()
    finally:
        for target, name, listener in listeners:
            event.remove(target, name, listener)


def _is_idle(driver: Any) -> bool:
    """Whether PostgreSQL is in no transaction, whatever the driver's state."""
    return bool(driver.info.transaction_status == TRANSACTION_STATUS_IDLE)


def _where(end: str, statement: str) -> str:
    """Name a statement that ends a transaction, and the string that contains it."""
    whole, part = _short(statement), _short(end)
    return f"(`{whole}`)" if whole.rstrip("; ") == part else f"(`{part}` in `{whole}`)"


def _short(statement: str) -> str:
    return " ".join(statement.split())[:80]
