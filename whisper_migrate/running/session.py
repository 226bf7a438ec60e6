"""A session: the connection that revisions run on, and what is done before, around and after each of them."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Any

from alembic.runtime.migration import MigrationContext, MigrationInfo
from sqlalchemy import URL, Connection

from whisper_migrate import ledger
from whisper_migrate.databases.connect import connected
from whisper_migrate.project import Project

Steps = Callable[[Any, MigrationContext], Iterable[Any]]


@dataclass
class Underway:
    """A revision that is being run (or stamped): Alembic's words on it, and since when."""

    project: Project
    info: MigrationInfo
    connection: Connection
    began: datetime = field(default_factory=lambda: datetime.now(UTC))
    clock: float = field(default_factory=time.monotonic)

    @property
    def revision(self) -> str:
        """Its id."""
        return str(self.info.up_revision_id or next(iter(self.info.down_revision_ids), "base"))

    @property
    def direction(self) -> str:
        """upgrade, downgrade or stamp."""
        return "stamp" if self.info.is_stamp else "upgrade" if self.info.is_upgrade else "downgrade"

    @property
    def seconds(self) -> float:
        """How long it has been running."""
        return time.monotonic() - self.clock


# Called right before a revision's transaction begins, on its connection: what it reads there is the state before.
# What it returns is called inside that transaction once the revision has run, right before the commit.
Listener = Callable[[Underway], Callable[[], None]]

# Those that hear of every revision, whichever command runs it.
LISTENERS: tuple[Listener, ...] = (ledger.recorder,)


@dataclass
class Session:
    """An open connection for revisions; `options` is what Alembic's `context.configure` must be given for it."""

    project: Project
    connection: Connection
    listeners: Sequence[Listener]
    _endings: list[Callable[[], None]] = field(default_factory=list)

    def options(self, steps: Steps) -> dict[str, Any]:
        """The options with which Alembic runs `steps`, a function such as its own commands have, in this session.

        They come beside `connection=session.connection`.
        """

        def watched(heads: Any, context: MigrationContext) -> Iterator[Any]:
            for step in steps(heads, context) or ():
                underway = Underway(self.project, step.info, self.connection)
                self._endings = [listener(underway) for listener in self.listeners]
                self.connection.commit()  # a revision's transaction is its own: Alembic and listeners have read before
                yield step

        return {"fn": watched, "on_version_apply": (self._applied,)}

    def _applied(self, **_: Any) -> None:
        for ending in self._endings:
            ending()


@contextmanager
def session(project: Project, url: URL, listeners: Sequence[Listener] = ()) -> Iterator[Session]:
    """Connect to the database behind `url` to run revisions there. Raises Failure when it cannot be reached.

    `listeners` hear of each revision, beside those that always do.
    """
    with connected(url) as connection:
        project.prepare(connection)
        yield Session(project, connection, (*LISTENERS, *listeners))
