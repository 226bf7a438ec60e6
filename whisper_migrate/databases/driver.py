"""The driver's connection and cursors, which let somebody listen to them: code of a project can reach both.

SQLAlchemy's events tell of what goes through SQLAlchemy. A revision may also use `op.get_bind().connection` and its
cursors; only a cursor of another class, which it names itself, is not heard.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, ExitStack, contextmanager
from typing import Any

import psycopg2.extensions

from whisper_migrate.databases.unreplicated import noticed

Executing = Callable[[Any, str], AbstractContextManager[None]]  # a statement, with the cursor that runs it
Ending = Callable[[str], None]  # a call of the driver's connection that ends its transaction, as Python writes it


class DriverConnection(psycopg2.extensions.connection):  # type: ignore[misc]
    """A connection of ours."""

    def __init__(self, *arguments: Any, **options: Any) -> None:
        try:
            super().__init__(*arguments, **options)
        except psycopg2.Error:
            # The traceback keeps this object alive. Its server process would go on waiting for a password, and let
            # every DROP DATABASE of the server wait for that.
            self.close()
            raise
        self.cursor_factory = DriverCursor
        self.calls = 0  # statements and commits so far, each of which a signal may cancel
        self.executing: list[Executing] = []
        self.ending: list[Ending] = []

    def silent(self) -> Any:
        """A cursor that nobody listens to."""
        return self.cursor(cursor_factory=psycopg2.extensions.cursor)

    def commit(self) -> None:
        self._tell("commit()")
        self.calls += 1
        with noticed(self):
            super().commit()

    def rollback(self) -> None:
        self._tell("rollback()")
        super().rollback()

    def reset(self) -> None:
        self._tell("reset()")
        super().reset()

    def set_isolation_level(self, level: int | None) -> None:
        """psycopg2 rolls back for it."""
        self._tell("set_isolation_level()")
        super().set_isolation_level(level)

    def _tell(self, call: str) -> None:
        for listener in self.ending:
            listener(call)


class DriverCursor(psycopg2.extensions.cursor):  # type: ignore[misc]
    """A cursor of such a connection."""

    def execute(self, query: Any, vars: Any = None) -> Any:
        with self._told(query):
            return super().execute(query, self._placed(query, vars))

    def _placed(self, query: Any, values: Any) -> Any:
        """Return the values for a statement; None if a percent sign in it marks no place for a value.

        A revision written for another driver does not double its percent signs.
        """
        if values is not None and not values:
            try:
                self.mogrify(query, values)
            except (TypeError, ValueError, IndexError):
                return None
        return values

    def executemany(self, query: Any, vars_list: Any) -> Any:
        with self._told(query):
            return super().executemany(query, vars_list)

    def copy_expert(self, sql: Any, file: Any, size: int = 8192) -> Any:
        with self._told(sql):
            return super().copy_expert(sql, file, size)

    def _told(self, query: Any) -> AbstractContextManager[Any]:
        listeners = self.connection.executing
        stack = ExitStack()
        if listeners:
            statement = _text(query, self)
            for listener in listeners:
                stack.enter_context(listener(self, statement))
        self.connection.calls += 1
        stack.enter_context(noticed(self.connection))
        return stack


@contextmanager
def listening(driver: Any, *, executing: Executing | None = None, ending: Ending | None = None) -> Iterator[None]:
    """Listen to a connection of ours, as long as this lasts."""
    pairs = [(driver.executing, executing), (driver.ending, ending)]
    for listeners, listener in pairs:
        if listener:
            listeners.append(listener)
    try:
        yield
    finally:
        for listeners, listener in pairs:
            if listener:
                listeners.remove(listener)


def _text(query: Any, cursor: Any) -> str:
    """A statement as psycopg2 takes it: text, bytes or one that is composed."""
    if isinstance(query, bytes):
        return query.decode(errors="replace")
    return query if isinstance(query, str) else str(query.as_string(cursor))
