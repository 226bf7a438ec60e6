"""Models, history and database: three catalogs, and which of them is wrong."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field

from alembic.script import Script
from sqlalchemy import URL

from whisper_migrate.catalog import Catalog, Change, diff
from whisper_migrate.connect import connected
from whisper_migrate.desired import build
from whisper_migrate.errors import Failure
from whisper_migrate.history import History, stamped
from whisper_migrate.inspect import inspect
from whisper_migrate.project import Project
from whisper_migrate.shadow import Shadows, shadows


@dataclass(frozen=True)
class Verdict:
    """What was compared, and what differs.

    `unwritten`: the models differ from the history. `drift`: the database differs from the history at the revision
    that it is stamped with. `pending`: revisions that the database does not have yet.
    """

    unwritten: list[Change] = field(default_factory=list)
    drift: list[Change] = field(default_factory=list)
    pending: list[Script] = field(default_factory=list)
    head: str | None = None
    revision: str | None = None
    compared: tuple[str, ...] = ()
    unreadable: tuple[str, ...] = ()

    @property
    def clean(self) -> bool:
        """Nothing differs anywhere."""
        return not (self.unwritten or self.drift or self.pending)


def check(project: Project, server: URL, database: URL | None, only: str | None = None) -> Verdict:
    """Compare models, history and, where there is one, `database`; `only` is "models" or "database".

    Shadows are made on `server`. The database is only read. Raises Failure when it cannot be told.
    """
    history = History(project)
    head = history.head
    actual, revision = _read(database, history) if database is not None and only != "models" else (None, None)
    with shadows(server) as made, ThreadPoolExecutor(2) as pool:
        wanted = pool.submit(_desired, project, made) if only != "database" else None
        recorded = _recorded(history, made, revision, actual is not None)
        desired = wanted.result() if wanted else None
    at_head, at_revision = recorded
    return Verdict(
        unwritten=diff(at_head, desired) if desired else [],
        drift=diff(at_revision, actual) if actual and at_revision else [],
        pending=history.pending([revision] if revision else []) if actual else [],
        head=head,
        revision=revision,
        compared=("models", "history") * (desired is not None) + ("database",) * (actual is not None),
        unreadable=actual.unreadable if actual else (),
    )


def _read(database: URL, history: History) -> tuple[Catalog, str | None]:
    """The database's catalog, and the revision that it is stamped with (None while it is empty)."""
    with connected(database, read_only=True) as connection:
        revisions = stamped(connection)
        catalog = inspect(connection)
    if revisions is None:
        if any(item.kind == "table" for item in catalog):
            raise Failure(
                f"The database {database.database} has tables but no alembic_version: these revisions did not make it.",
                "Is it the right database? If so, stamp it with the revision that it equals: migrate.py stamp REV",
            )
        return catalog, None
    if len(revisions) > 1:
        raise Failure(f"The database is stamped with {len(revisions)} revisions at once: {', '.join(revisions)}.")
    if not revisions:
        return catalog, None
    known = {script.revision for script in history.newest_first()}
    if revisions[0] not in known:
        raise Failure(
            f"The database is stamped with {revisions[0]}, a revision that no file of this checkout has.",
            "Update the checkout to one that has it, or restore the file.",
        )
    return catalog, revisions[0]


def _desired(project: Project, made: Shadows) -> Catalog:
    with connected(made.create("desired")) as connection:
        build(connection, project.metadata, project.entities)
        return inspect(connection)


def _recorded(history: History, made: Shadows, revision: str | None, apart: bool) -> tuple[Catalog, Catalog | None]:
    """The history's catalog at its head and, for a database, at the revision where that one stands."""
    with connected(made.create("recorded")) as connection:
        at_revision = None
        if apart and revision != history.head:
            if revision:
                history.replay(connection, revision)
            at_revision = inspect(connection)
            connection.rollback()
        history.replay(connection)
        at_head = inspect(connection)
        return at_head, at_revision if at_revision else at_head if apart else None
