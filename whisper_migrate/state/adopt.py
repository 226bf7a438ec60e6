"""Adopt a database that this history did not create: bring it to a revision and stamp it, keeping all of its rows."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field, replace

from alembic.config import Config
from alembic.script import Script
from sqlalchemy import URL, Connection
from sqlalchemy.exc import DBAPIError

from whisper_migrate.catalog.describe import line
from whisper_migrate.catalog.model import Catalog, Change, diff
from whisper_migrate.catalog.sql import run
from whisper_migrate.comparing.settle import settled
from whisper_migrate.databases.connect import connected
from whisper_migrate.databases.reading import in_snapshot
from whisper_migrate.databases.shadow import shadows
from whisper_migrate.errors import Failure, reason
from whisper_migrate.history.branches import scripts_of
from whisper_migrate.history.history import History
from whisper_migrate.inspecting.inspect import inspect
from whisper_migrate.inspecting.owners import giving, strangers
from whisper_migrate.planning.plan import statements
from whisper_migrate.planning.steps import Step
from whisper_migrate.project.ignore import without
from whisper_migrate.project.project import Project
from whisper_migrate.running.patience import Patience
from whisper_migrate.state.anomalies import doubts
from whisper_migrate.state.differences import Differences, differences
from whisper_migrate.state.nearest import Candidate, distance
from whisper_migrate.state.repair import PREAMBLE
from whisper_migrate.state.repair_owners import Owners
from whisper_migrate.state.replaced import replaced
from whisper_migrate.state.replays import record
from whisper_migrate.state.run_missing import run_missing
from whisper_migrate.state.stamp import Outcome, Say, Unchanged, place
from whisper_migrate.state.whereabouts import Whereabouts, whereabouts

SORTS = {
    "other": "is another form of this schema, and no revision of it",
    "stranger": "is of another application",
}


@dataclass(frozen=True)
class Adoption:
    """A database, the revision to adopt it at, and the differences between them.

    `missing` are earlier revisions, which run on the database first; the differences are those that are left after
    them. `differences.reconcilable` concern no rows: `steps` replace them by the history's definitions. Nothing is done
    while there are undecided ones; `sql` shows the statements that would remove them. `nearer`: the nearest revision,
    if another one was asked for and has undecided differences.
    """

    history: History
    database: URL
    found: Whereabouts
    revision: str
    missing: tuple[str, ...]
    wanted: Catalog = field(repr=False)
    shadow: Connection
    owners: Owners = field(repr=False)
    differences: Differences
    steps: list[Step]
    sql: list[str]
    nearer: Candidate | None

    @property
    def is_done(self) -> bool:
        """Whether the database is adopted already: nothing is left to change, and the ledger explains the stamp."""
        return (
            not (self.is_work or self.differences.undecided)
            and ",".join(self.found.stamps) == self.revision
            and not doubts(self.found.entries, self.found.stamps)
        )

    @property
    def is_work(self) -> bool:
        """Whether --reconcile has something to do: revisions to run, objects to replace, or owners to change."""
        return bool(self.missing or self.differences.reconcilable or self.differences.owners)

    @property
    def statements(self) -> list[str]:
        """The SQL that replaces objects by the history's, and gives objects to the project's owner."""
        return [*statements(self.steps), *giving(self.differences.owners)]

    @property
    def script(self) -> str:
        """The SQL of the undecided differences as a script for psql, in one transaction."""
        return "\n".join(["BEGIN;", *(f"{statement};" for statement in PREAMBLE), *self.sql, "COMMIT;", ""])

    def apply(self, say: Say, patience: Patience | None = None) -> Outcome:
        """Run the missing revisions, reconcile and stamp the database, all in one transaction.

        Raises Failure, and changes nothing, if a difference would be left. `say` is called while waiting for another
        run.
        """
        project = self.history.project
        ignored = project.ignored

        def require(connection: Connection) -> None:
            self.owners.hold(connection, self.steps, self.wanted)
            Unchanged(self.found.actual, self.found.stamps, ignored)(connection)

        def work(connection: Connection, config: Config) -> str | None:
            steps, left = self.steps, self.differences
            if self.missing:
                needed = self.found.approach.needed
                run_missing(self.history, connection, config, self.missing, needed, say)
                whole = inspect(connection, requires=True, owners=True)
                actual = without(whole, ignored)
                found = settled(self.shadow, diff(self.wanted, actual)) + strangers(project, self.wanted, actual)
                left = differences(found, self.wanted)
                _require_none(left.undecided)
                owners = replace(Owners.read(connection, whole, project.owner), own=left.own)
                steps = owners.given(left.steps(actual, self.wanted))
                owners.require_own(steps, self.wanted)
            for statement in (*PREAMBLE, *statements(steps), *giving(left.owners)):
                try:
                    run(connection, statement)
                except DBAPIError as error:
                    words = " ".join(statement.split())[:200]
                    raise Failure(f"Nothing was adopted: {reason(error)}. It was at: {words}") from error
            after = without(inspect(connection, owners=True), ignored)
            now = settled(self.shadow, diff(self.wanted, after)) + strangers(project, self.wanted, after)
            _require_none([change for change in now if change.object.key not in self.differences.own])
            return replaced(self.found.actual, after)

        return place(
            self.history,
            self.database,
            scripts_of(self.history, self.revision),
            verified=True,
            say=say,
            patience=patience,
            require=require,
            work=work,
        )


def _require_none(left: list[Change]) -> None:
    if left:
        raise Failure(f"Nothing was adopted, since this would be left: {'; '.join(map(line, left[:5]))}.")


@contextmanager
def adoption(project: Project, server: URL, database: URL, revision: str | None) -> Iterator[Adoption]:
    """Compare a database with `revision`, or with the nearest one. Only shadows on `server` are written.

    Raises Failure if no revision is given and the database resembles none.
    """
    found = whereabouts(project, server, database)
    history = found.history
    for half in found.stopped:
        raise Failure(f"Nothing was adopted: {half.what}", half.remedy)
    scripts = scripts_of(history, revision or _nearest(found))
    if not scripts:
        raise Failure("A database is adopted at a revision, and base is none.", "migrate.py stamp base")
    at = ",".join(script.revision for script in scripts)
    _require_included(found, scripts)
    is_approached = at == found.approach.revision
    missing, actual = (found.approach.missing, found.approach.catalog) if is_approached else ((), found.actual)
    with shadows(server) as made, connected(made.create("adopted")) as shadow:
        wanted = without(record(history, shadow, at.split(","), requires=True), project.ignored)
        changes = settled(shadow, diff(wanted, actual)) + strangers(project, wanted, actual)
        sorted_out = differences(changes, wanted)
        whole = in_snapshot(database, lambda it: inspect(it, requires=True, owners=True))
        owners = in_snapshot(database, lambda it: Owners.read(it, whole, project.owner))
        owners = replace(owners, own=sorted_out.own)
        try:
            steps = owners.given(sorted_out.steps(actual, wanted))
            owners.require_own(steps, wanted)
        except Failure:
            if not sorted_out.undecided:
                raise
            steps = []  # the plan is only printed, since undecided differences prevent the adoption
        sql = list(sorted_out.sql_to_decide(steps, actual, wanted))
        near = found.nearest
        asks_for_another = revision and sorted_out.undecided and near.distance < distance(sorted_out.changes)
        nearer = near if asks_for_another else None
        yield Adoption(history, database, found, at, missing, wanted, shadow, owners, sorted_out, steps, sql, nearer)


def _require_included(found: Whereabouts, scripts: Sequence[Script]) -> None:
    """Raise Failure if the adoption would take the stamps of other branches away."""
    history, targets = found.history, {script.revision for script in scripts}
    known = {script.revision for script in history.newest_first()}
    included = {one.revision for script in scripts for one in (*history.before(script), script)}
    beside = (
        [
            stamp
            for stamp in found.stamps
            if stamp not in included and not targets & {one.revision for one in history.before(history.find(stamp))}
        ]
        if known.issuperset(found.stamps)
        else []
    )
    if len(found.stamps) > 1 and beside:
        raise Failure(
            f"The database is also at {', '.join(beside)}, of which the target says nothing.",
            f"migrate.py adopt {','.join(found.stamps)}",
        )


def _nearest(found: Whereabouts) -> str:
    """Return the revision to adopt a database at. Raises Failure if it resembles none."""
    at = ",".join(found.stamps)
    if found.equal:
        return at if at in found.equal else found.equal[0]
    if found.sort in ("changed", "unfinished"):
        is_sure = at in {one.revision for one in found.candidates} and not doubts(found.entries, found.stamps)
        return at if is_sure else found.nearest.revision
    if found.sort == "empty":
        raise Failure("The database is empty: there is nothing to adopt.", "migrate.py upgrade   (builds it)")
    raise Failure(f"The database {SORTS[found.sort]}: nothing was done.", "See what it is: migrate.py whereami")
