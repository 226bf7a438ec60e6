"""The connection of a revision that is written as a script: it records statements and returns no rows."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from alembic.runtime.migration import MigrationContext
from sqlalchemy.engine.mock import MockConnection
from sqlalchemy.exc import ArgumentError, NoInspectionAvailable
from sqlalchemy.inspection import _inspects

NEEDED = "needs a connection to the database"


class NeedsConnection(AttributeError):
    """A revision wants an answer from the database. As an AttributeError it makes hasattr() return False."""


class NoConnection(MockConnection):
    """Stands for the connection in `op.get_bind()`. Raises NeedsConnection for anything that a script cannot do."""

    def execute(self, obj: Any, parameters: Any = None, *_: Any, **__: Any) -> Any:
        """Write a statement into the script."""
        if parameters:
            raise NeedsConnection("parameters")
        super().execute(obj)
        return _NoResult()

    def __getattr__(self, name: str) -> Any:
        raise NeedsConnection(name)


class _NoResult:
    """The result of a statement that only psql will run: every use of it raises NeedsConnection."""

    def __getattr__(self, name: str) -> Any:
        raise NeedsConnection(name)

    def __iter__(self) -> Iterator[Any]:
        raise NeedsConnection("rows")

    def __bool__(self) -> bool:
        raise NeedsConnection("rows")


@_inspects(NoConnection)
def _inspected(_: NoConnection) -> None:
    raise NeedsConnection("inspect")


def use(context: MigrationContext) -> None:
    """Make this the connection of a context that writes a script."""
    impl = context.impl
    context.connection = impl.connection = NoConnection(context.dialect, impl._exec)  # type: ignore[assignment]


def is_needed(error: BaseException) -> bool:
    """Whether a revision failed only because a script has no connection."""
    chain: BaseException | None = error
    while chain:
        if isinstance(chain, NeedsConnection):
            return True
        if isinstance(chain, (ArgumentError, NoInspectionAvailable)) and NoConnection.__name__ in str(chain):
            return True
        chain = chain.__cause__ or chain.__context__
    return False
