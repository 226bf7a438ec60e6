"""Lead the connections that an env.py opens to the connection of the run.

An env.py of Alembic's templates creates an engine, connects and configures Alembic with that connection. In a run of
ours the revisions must reach the run's own database, often a shadow, and no other. While env.py runs, each engine
therefore returns a stand-in for the run's connection, and none connects to the database that env.py names.
"""

from __future__ import annotations

from collections.abc import Callable, Container, Generator, Iterator
from contextlib import contextmanager
from threading import get_ident
from typing import Any

from sqlalchemy import Connection, Engine, inspect, inspection

from whisper_migrate.errors import Failure

RAW = "raw_connection"


class Nothing:
    """The connection of an env.py that only says its options: every call does nothing, and every answer is empty."""

    def __getattr__(self, name: str) -> Nothing:
        if name.startswith("__"):
            raise AttributeError(name)
        return self

    def __call__(self, *_: object, **__: object) -> Nothing:
        return self

    def __iter__(self) -> Iterator[Any]:
        return iter(())

    def __bool__(self) -> bool:
        return False


class Lent:
    """The run's connection, as env.py gets it from its own engine. The run ends the transaction and closes it."""

    def __init__(self, connection: Connection | Nothing | None) -> None:
        self._connection = connection

    @property  # type: ignore[misc]
    def __class__(self) -> type[Connection]:  # type: ignore[override]
        """The class of the connection, for an env.py that asks with isinstance."""
        return Connection

    def __getattr__(self, name: str) -> Any:
        return getattr(self._connection, name)

    def __enter__(self) -> Lent:
        return self

    def __exit__(self, *_: object) -> None:
        """Leave the connection open."""

    def begin(self, *_: Any, **__: Any) -> Lent:
        """Return the connection: the run begins its own transactions."""
        return self

    begin_nested = begin

    def execution_options(self, **_: Any) -> Lent:
        """Return the connection: the run chooses its own options."""
        return self

    def commit(self) -> None:
        """Leave the transaction to the run."""

    rollback = close = commit


@inspection._inspects(Lent)
def _inspector(lent: Lent) -> Any:
    """Return what `sqlalchemy.inspect` does for the connection itself."""
    return inspect(lent._connection)


class AsyncLent:
    """The run's connection, as an asynchronous env.py gets it: awaited, entered, or used by `run_sync`."""

    def __init__(self, connection: Connection | Nothing | None) -> None:
        self.sync_connection = Lent(connection)

    def __await__(self) -> Generator[Any, None, AsyncLent]:
        return self._self().__await__()

    async def _self(self) -> AsyncLent:
        return self

    async def __aenter__(self) -> AsyncLent:
        return self

    async def __aexit__(self, *_: object) -> None:
        """Leave the connection open."""

    def begin(self) -> AsyncLent:
        """Return the connection: the run begins its own transactions."""
        return self

    async def run_sync(self, function: Callable[..., Any], *arguments: Any, **options: Any) -> Any:
        """Call the function with the connection, and return its result."""
        return function(self.sync_connection, *arguments, **options)

    async def execute(self, *arguments: Any, **options: Any) -> Any:
        """Run a statement, and return its result."""
        return self.sync_connection.execute(*arguments, **options)

    async def execution_options(self, **_: Any) -> AsyncLent:
        """Return the connection: the run chooses its own options."""
        return self

    async def commit(self) -> None:
        """Leave the transaction to the run."""

    rollback = close = commit


@contextmanager
def lending(connection: Connection | Nothing | None, threads: Container[int]) -> Iterator[Callable[[], None]]:
    """Let the engines that env.py connects with return the run's connection; yields a function that ends this early.

    A revision that opens a second connection must not get the first one, so the caller ends the lending before the
    revisions run. Only engines of `threads` return it: those of others, such as a watcher's, connect as ever. Without a
    connection, as when a script is written, env.py gets a stand-in that can run nothing.
    """
    own = connection.engine if isinstance(connection, Connection) else None

    def lent(
        original: Callable[..., Any], stand_in: Callable[[Connection | Nothing | None], Any]
    ) -> Callable[..., Any]:
        def connect(engine: Any, *arguments: Any, **options: Any) -> Any:
            if engine is own or get_ident() not in threads:
                return original(engine, *arguments, **options)
            return stand_in(connection)

        return connect

    originals = [(kind, name, getattr(kind, name)) for kind in _engines() for name in ("connect", "begin", RAW)]

    def end() -> None:
        for kind, name, original in originals:
            setattr(kind, name, original)

    for kind, name, original in originals:
        stand_in = _no_raw_connection if name == RAW else Lent if kind is Engine else AsyncLent
        setattr(kind, name, lent(original, stand_in))
    try:
        yield end
    finally:
        end()


def _no_raw_connection(_: object) -> None:
    raise Failure(
        "Nothing was run: alembic/env.py opens a connection of the driver, which no other one can stand in for.",
        "Use engine.connect() in alembic/env.py.",
    )


def _engines() -> list[Any]:
    """Return SQLAlchemy's classes of engines; there is no asynchronous one without greenlet."""
    try:
        from sqlalchemy.ext.asyncio import AsyncEngine
    except ImportError:
        return [Engine]
    return [Engine, AsyncEngine]
