"""Rehearse a run in a shadow: the catalog before and after each step, and the data that each step loses."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator, Sequence
from contextlib import AbstractContextManager, contextmanager, nullcontext
from copy import copy
from dataclasses import dataclass, field, replace
from functools import cached_property, update_wrapper
from typing import Any

from alembic.runtime.migration import RevisionStep
from sqlalchemy import URL, Connection, event

from whisper_migrate.catalog.model import Catalog, Change, diff
from whisper_migrate.comparing.settle import settled
from whisper_migrate.databases.connect import connected
from whisper_migrate.databases.shadow import shadows
from whisper_migrate.databases.shadow_server import server_like
from whisper_migrate.history.baseline import begin
from whisper_migrate.history.history import History
from whisper_migrate.inspecting.inspect import inspect
from whisper_migrate.inspecting.owners import strangers
from whisper_migrate.project.ignore import without
from whisper_migrate.running.locks_first import Transactions, observing
from whisper_migrate.running.losses import Holdings, Loss, holdings, losses
from whisper_migrate.running.way import revision_of
from whisper_migrate.wording.sign_of_life import counting

VERSION = "alembic_version"
DESTROYS = re.compile(r"\b(?:DELETE|TRUNCATE|MERGE)\b", re.IGNORECASE)
# A cast of the column itself loses only what `losses` counts.
COMPUTES = r"ALTER\s+TABLE\b.*\bTYPE\b.*\bUSING\s+(?!\(*[\w\"]+\)*\s*::)"
CHANGES_ROWS = re.compile(rf"\b(?:(?:DELETE|TRUNCATE|UPDATE|MERGE)\b|{COMPUTES})", re.IGNORECASE | re.DOTALL)
BEGINS = re.compile(rf"\s*(?:(?:DELETE|TRUNCATE|UPDATE|MERGE|WITH)\b|{COMPUTES})", re.IGNORECASE | re.DOTALL)
# The tables that this transaction has written rows of so far, by oid.
WRITTEN = """
SELECT l.relation::bigint FROM pg_catalog.pg_locks AS l JOIN pg_catalog.pg_class AS c ON c.oid = l.relation
WHERE l.pid = pg_catalog.pg_backend_pid() AND l.locktype = 'relation' AND c.relkind IN ('r', 'p') AND c.oid >= 16384
  AND (l.mode = 'RowExclusiveLock' OR l.mode = 'AccessExclusiveLock' AND %s)"""

Around = Callable[[RevisionStep], AbstractContextManager[object]]


@dataclass(frozen=True)
class OnRows:
    """A statement that changes rows, and the tables it writes to, as far as they exist before the run.

    `is_known` is False if PostgreSQL does not show which tables the statement writes to.
    """

    sql: str
    tables: tuple[str, ...]
    is_known: bool

    @property
    def destroys(self) -> bool:
        """Whether the statement may delete rows."""
        return bool(DESTROYS.search(self.sql))


@dataclass(frozen=True)
class RehearsedStep:
    """A rehearsed step: the catalogs before and after it, the data it loses, and its statements that change rows."""

    step: RevisionStep
    before: Catalog
    after: Catalog
    losses: list[Loss]
    on_rows: list[OnRows]
    then: RehearsedStep | None = None  # the same step, by the names that the tables have when it begins

    @property
    def revision(self) -> str:
        """The id of the revision."""
        return revision_of(self.step)

    @cached_property
    def changes(self) -> list[Change]:
        """The objects that the step creates, changes or drops."""
        return diff(self.before, self.after)


@dataclass
class Rehearsal:
    """A shadow at the revisions of the real database, in which the pending steps can be rehearsed."""

    history: History
    shadow: Connection
    catalog: Catalog
    rehearsed_steps: list[RehearsedStep] = field(default_factory=list)
    locks: dict[str, Transactions] = field(default_factory=dict)  # by revision
    memo: dict[str, Any] = field(default_factory=dict)

    def go(self, steps: Sequence[RevisionStep], around: Around | None = None) -> list[RehearsedStep]:
        """Run the steps in the shadow, and record what each does. Each step runs inside of the context `around(step)`.

        Raises Failure if one fails even in an empty database.
        """
        origin = holdings(self.shadow)
        self.shadow.commit()
        with counting("rehearsing") as count:
            for step in steps:
                count(len(steps))
                before, held = self.catalog, holdings(self.shadow)
                self.shadow.commit()
                with _statements(self.shadow) as statements, around(step) if around else nullcontext():
                    self._take(step)
                self.catalog = inspect(self.shadow, requires=True)
                left = holdings(self.shadow)
                self.shadow.commit()
                then = {key: names for key, names in held.items() if key in origin}
                by_then, by_origin = (
                    RehearsedStep(
                        step,
                        before,
                        self.catalog,
                        losses(names, held, left, before, self.catalog),
                        [OnRows(sql, _named(oids, names), bool(oids)) for sql, oids in statements],
                    )
                    for names in (then, origin)
                )
                self.rehearsed_steps.append(replace(by_origin, then=by_then))
        return self.rehearsed_steps

    def hurry(self, steps: Sequence[RevisionStep]) -> None:
        """Run the steps in the shadow, and read the catalog only after the last one."""
        with counting("rehearsing") as count:
            for step in steps:
                count(len(steps))
                self._take(step)
        self.catalog = inspect(self.shadow, requires=True)
        self.shadow.commit()

    def _take(self, step: RevisionStep) -> None:
        def observed(**options: Any) -> None:
            with observing(self.shadow) as self.locks[revision_of(step)]:
                step.migration_fn(**options)

        watched = copy(step)
        watched.migration_fn = update_wrapper(observed, step.migration_fn)  # Alembic logs the function's name
        self.history.take(self.shadow, watched, self.memo)

    def differences(self, actual: Catalog) -> list[Change]:
        """Return how a database's catalog differs from the shadow's, without objects that the project ignores."""
        ignored = self.history.project.ignored
        wanted, there = without(self.catalog, ignored), without(actual, ignored)
        found = settled(self.shadow, diff(wanted, there))
        found += strangers(self.history.project, wanted, there)
        self.shadow.commit()
        return found


def _named(oids: Sequence[int], names: Holdings) -> tuple[str, ...]:
    return tuple(names[oid, 0][0] for oid in oids if (oid, 0) in names)


@contextmanager
def rehearsal(history: History, database: URL, stamps: Sequence[str]) -> Iterator[Rehearsal]:
    """Create a shadow of a database, at `stamps`. Raises Failure if there is none, or a revision fails in it."""
    with server_like(database) as server, rehearsal_on(server, history, stamps) as ahead:
        yield ahead


@contextmanager
def rehearsal_on(server: URL, history: History, stamps: Sequence[str] = ()) -> Iterator[Rehearsal]:
    """Create a shadow on `server` at the revisions `stamps`. Raises Failure if a revision fails in it."""
    with shadows(server) as made, connected(made.create("rehearsal")) as shadow:
        for revision in stamps:
            history.replay(shadow, revision)
        begin(shadow, history.project)
        catalog = inspect(shadow, requires=True)
        shadow.commit()
        yield Rehearsal(history, shadow, catalog)


@contextmanager
def _statements(connection: Connection) -> Iterator[list[tuple[str, list[int]]]]:
    """Collect the statements on a connection that change rows, each with the oids of the tables it writes to.

    A keyword such as DELETE may mean something else (ON DELETE CASCADE). A statement counts if it begins with such a
    keyword, or if PostgreSQL has locked a table for writing rows.
    """
    heard: list[tuple[str, list[int]]] = []
    before: set[int] = set()

    def begin(_: Connection, cursor: Any, statement: str, *__: Any) -> None:
        nonlocal before
        before = _written(cursor, statement) if CHANGES_ROWS.search(statement) else set()

    def end(_: Connection, cursor: Any, statement: str, *__: Any) -> None:
        if CHANGES_ROWS.search(statement) and VERSION not in statement:
            after = _written(cursor, statement)
            tables = after - before
            if BEGINS.match(statement):
                tables = tables or after
            if tables or BEGINS.match(statement):
                heard.append((" ".join(statement.split()), sorted(tables)))

    event.listen(connection, "before_cursor_execute", begin)
    event.listen(connection, "after_cursor_execute", end)
    try:
        yield heard
    finally:
        event.remove(connection, "before_cursor_execute", begin)
        event.remove(connection, "after_cursor_execute", end)


def _written(cursor: Any, statement: str) -> set[int]:
    with cursor.connection.cursor() as other:
        other.execute(WRITTEN, ("TRUNCATE" in statement.upper(),))
        return {oid for (oid,) in other.fetchall()}
