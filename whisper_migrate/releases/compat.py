"""Compare two releases: whether the program of each works on the schema of the other, and which is deployed first."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from enum import StrEnum

from sqlalchemy import URL

from whisper_migrate.databases.connect import connected
from whisper_migrate.databases.shadow import Shadows, shadows
from whisper_migrate.errors import Failure
from whisper_migrate.history.history import History
from whisper_migrate.inspecting.inspect import inspect
from whisper_migrate.project.project import Project
from whisper_migrate.releases.trials import READ, Trial
from whisper_migrate.releases.worker import run
from whisper_migrate.rows.fill import fill
from whisper_migrate.wording.sign_of_life import doing


class Order(StrEnum):
    """The order in which a schema and its program can be deployed without a pause."""

    EITHER = "either"
    SCHEMA_FIRST = "schema first"
    PROGRAM_FIRST = "program first"
    NONE = "none"


@dataclass(frozen=True)
class Away:
    """The trials of a release on the schema of the other one, and on its own schema."""

    there: Sequence[Trial]
    at_home: Sequence[Trial]

    @property
    def failing(self) -> list[Trial]:
        """The trials that fail there and not at home."""
        return [trial for trial in self._compared if trial.failure]

    @property
    def tried(self) -> int:
        """The number of operations that say something: they work at home, and both schemas have a row for them."""
        return len(self._compared)

    @property
    def untried(self) -> list[Trial]:
        """The operations that say nothing, with the reason why they fail at home, if they do."""
        known = {trial[:2] for trial in self._compared}
        return [trial for trial in self.at_home if trial[:2] not in known]

    @property
    def _compared(self) -> list[Trial]:
        fine = {trial[:2] for trial in self.at_home if not trial.failure and trial.is_tried}
        return [trial for trial in self.there if trial.is_tried and trial[:2] in fine]


@dataclass(frozen=True)
class Compatibility:
    """The revisions of both releases, and how each of them fares on the schema of the other one."""

    old: tuple[str, ...]
    new: tuple[str, ...]
    old_on_new: Away
    new_on_old: Away

    @property
    def is_whole(self) -> bool:
        """Whether all operations of both releases could be compared."""
        return not (self.old_on_new.untried or self.new_on_old.untried)

    @property
    def order(self) -> Order:
        """The order of deployment that works."""
        ways = {(True, True): Order.EITHER, (True, False): Order.SCHEMA_FIRST, (False, True): Order.PROGRAM_FIRST}
        return ways.get((not self.old_on_new.failing, not self.new_on_old.failing), Order.NONE)


def compat(project: Project, old: Project, server: URL) -> Compatibility:
    """Try the statements of both releases on both schemas, in shadows on `server` that are filled with rows.

    A trial that fails on the release's own schema too is no finding. Raises Failure if the history of `project` does
    not contain the revisions at which `old` ends, if a release cannot be tried, or if the models of `project` do not
    fit its history.
    """
    at = tuple(History(old).heads)
    history = History(project)
    history.require_no_fork()
    try:
        history.require_known(list(at))
    except Failure as failure:
        raise Failure(
            f"The old release ends at {', '.join(at)}, a revision that no file of this checkout has.",
            "Restore the revision's file, or name a release of this history.",
        ) from failure
    with shadows(server) as made:
        with doing("making both schemas"):
            before = _filled(made, history, at)
            after = _upgraded(made, history, before, at)
        with doing("trying the statements of both releases"):
            old_on_new = Away(run(old, project, after, before), run(old, project, before, before))
            new_on_old = Away(run(project, old, before, after), run(project, old, after, after))
        for trial in new_on_old.at_home:
            if trial.operation == READ and trial.failure:
                raise Failure(
                    f"The models of this checkout do not fit its own history: {trial.subject}: {trial.failure}.",
                    'make revision msg="what changes"',
                )
        if not new_on_old.at_home:
            raise Failure("The models of this checkout have no class and no table: nothing could be tried.")
        return Compatibility(at, tuple(history.heads), old_on_new, new_on_old)


def _filled(made: Shadows, history: History, at: tuple[str, ...]) -> URL:
    """Make a shadow at the revisions, with rows in each table for which one can be generated."""
    shadow = made.create(f"release_{len(made.names)}")
    with connected(shadow) as connection:
        if at:
            history.replay(connection, *at)
        catalog = inspect(connection, requires=True)
        history.project.prepare(connection)
        tables = [item.identity for item in catalog if item.kind == "table"]
        fill(connection, catalog, tables, catalog)
    return shadow


def _upgraded(made: Shadows, history: History, before: URL, at: tuple[str, ...]) -> URL:
    """Return a copy with the pending revisions; a new shadow, filled afterwards, if generated rows stand in the way."""
    copy = made.create("upgraded", before.database)
    try:
        with connected(copy) as connection:
            history.replay(connection)
    except Failure:
        return _filled(made, history, tuple(history.heads))
    return copy
