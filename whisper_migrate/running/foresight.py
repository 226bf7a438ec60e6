"""A run as it goes in a shadow: what the database should look like before it and after it, and what each step loses."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from functools import cached_property
from typing import Any

from alembic.runtime.migration import RevisionStep
from sqlalchemy import URL, Connection, event

from whisper_migrate.catalog import Catalog, Change, diff
from whisper_migrate.databases.connect import connected
from whisper_migrate.databases.shadow import shadows
from whisper_migrate.databases.shadow_server import server_like
from whisper_migrate.history import History
from whisper_migrate.ignore import without
from whisper_migrate.inspect import inspect
from whisper_migrate.running.losses import Loss, holdings, losses
from whisper_migrate.running.way import revision_of
from whisper_migrate.settle import settled

VERSION = "alembic_version"
CHANGES_ROWS = re.compile(r"\s*(?:DELETE|TRUNCATE|UPDATE|MERGE)\b", re.IGNORECASE)


@dataclass(frozen=True)
class Stride:
    """What one step does: the objects that it changes, what it loses, and the statements that change rows."""

    step: RevisionStep
    before: Catalog
    after: Catalog
    losses: list[Loss]
    on_rows: list[str]

    @property
    def revision(self) -> str:
        """The id of the revision."""
        return revision_of(self.step)

    @cached_property
    def changes(self) -> list[Change]:
        """The objects that it changes."""
        return diff(self.before, self.after)


@dataclass
class Foresight:
    """A shadow of the database behind a project's history: it stands where that stands, and then goes ahead."""

    history: History
    shadow: Connection
    catalog: Catalog
    strides: list[Stride] = field(default_factory=list)

    def go(self, steps: Sequence[RevisionStep]) -> list[Stride]:
        """Run the steps here. Raises Failure where one fails even in an empty database."""
        origin = holdings(self.shadow)
        self.shadow.commit()
        for step in steps:
            before, held = self.catalog, holdings(self.shadow)
            self.shadow.commit()
            with _statements(self.shadow) as statements:
                self.history.take(self.shadow, step)
            self.catalog = inspect(self.shadow, requires=True)
            lost = losses(origin, held, holdings(self.shadow), diff(before, self.catalog))
            self.shadow.commit()
            on_rows = [" ".join(sql.split()) for sql in statements if CHANGES_ROWS.match(sql) and VERSION not in sql]
            self.strides.append(Stride(step, before, self.catalog, lost, on_rows))
        return self.strides

    def hurry(self, steps: Sequence[RevisionStep]) -> None:
        """Run the steps here, and look only at their end."""
        for step in steps:
            self.history.take(self.shadow, step)
        self.catalog = inspect(self.shadow, requires=True)
        self.shadow.commit()

    def differences(self, actual: Catalog) -> list[Change]:
        """How the database's catalog differs from the shadow's, but for what the project ignores."""
        ignored = self.history.project.ignored
        found = settled(self.shadow, diff(without(self.catalog, ignored), without(actual, ignored)))
        self.shadow.commit()
        return found


@contextmanager
def foresight(history: History, database: URL, stands_at: Sequence[str]) -> Iterator[Foresight]:
    """A shadow that stands at these revisions. Raises Failure where none can be had, or where they cannot be run."""
    with server_like(database) as server, shadows(server) as made, connected(made.create("foresight")) as shadow:
        for revision in stands_at:
            history.replay(shadow, revision)
        catalog = inspect(shadow, requires=True)
        shadow.commit()
        yield Foresight(history, shadow, catalog)


@contextmanager
def _statements(connection: Connection) -> Iterator[list[str]]:
    """What is executed on a connection."""
    heard: list[str] = []

    def hear(_: Connection, cursor: Any, statement: str, *__: Any) -> None:
        heard.append(statement)

    event.listen(connection, "before_cursor_execute", hear)
    try:
        yield heard
    finally:
        event.remove(connection, "before_cursor_execute", hear)
