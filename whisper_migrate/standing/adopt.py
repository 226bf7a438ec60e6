"""Adopt a database that this history did not create: bring it to a revision and stamp it, keeping all of its rows."""

from __future__ import annotations

import json
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field, replace
from glob import escape

from sqlalchemy import URL, Connection
from sqlalchemy.exc import DBAPIError

from whisper_migrate.catalog import Catalog, Change, Key, diff
from whisper_migrate.databases.connect import connected
from whisper_migrate.databases.reading import in_snapshot
from whisper_migrate.databases.shadow import shadows
from whisper_migrate.drift import record
from whisper_migrate.errors import Failure, reason
from whisper_migrate.hidden_characters import in_json
from whisper_migrate.history import History
from whisper_migrate.ignore import without
from whisper_migrate.inspect import inspect
from whisper_migrate.owners import Owners
from whisper_migrate.planning.hazards import hazards
from whisper_migrate.planning.steps import Step
from whisper_migrate.project import Project
from whisper_migrate.repair import PREAMBLE, planned
from whisper_migrate.running.patience import Patience
from whisper_migrate.settle import agreed, settled
from whisper_migrate.sql import comment, run
from whisper_migrate.standing.anomalies import doubts
from whisper_migrate.standing.stamp import Outcome, Say, Unchanged, place
from whisper_migrate.standing.whereabouts import Whereabouts, whereabouts
from whisper_migrate.words import line, outline

# Kinds without rows or constraints: the history's definition can replace the database's.
WITHOUT_ROWS = frozenset({"function", "aggregate", "view", "trigger", "comment", "index", "statistics"})
# Kinds that change how a table of the history works, even though the history does not have the object.
INTERFERING = frozenset({"column", "constraint", "trigger", "rule", "policy"})
SORTS = {
    "unfinished": "is an unfinished one, such as a load that was killed leaves",
    "other": "is another form of this schema, and no revision of it",
    "stranger": "is of another application",
}


@dataclass(frozen=True)
class Adoption:
    """A database, the revision to adopt it at, and the differences between them.

    `reconcilable` differences concern no rows; `steps` replace them by the history's definitions. `besides` are objects
    of the user's own, which are kept. `undecided` are all other differences, and nothing is done while there are any.
    `sql` shows the statements that would remove them.
    """

    history: History
    database: URL
    found: Whereabouts
    revision: str
    wanted: Catalog = field(repr=False)
    shadow: Connection
    reconcilable: list[Change]
    besides: list[Change]
    undecided: list[Change]
    steps: list[Step]
    owners: Owners
    sql: list[str]

    @property
    def is_done(self) -> bool:
        """Whether the database is adopted already: nothing is left to change, and the ledger explains the stamp."""
        left = self.reconcilable or self.undecided
        return not left and self.found.stamps == [self.revision] and not doubts(self.found.entries, self.found.stamps)

    def apply(self, say: Say, patience: Patience | None = None) -> Outcome:
        """Reconcile and stamp the database in one transaction.

        Raises Failure, and changes nothing, if a difference would be left. `say` is called while waiting for another
        run.
        """
        ignored = self.history.project.ignored

        def work(connection: Connection) -> None:
            for statement in PREAMBLE:
                run(connection, statement)
            for step in self.steps:
                for statement in step.statements:
                    try:
                        run(connection, statement)
                    except DBAPIError as error:
                        words = " ".join(statement.split())[:200]
                        raise Failure(f"Nothing was adopted: {reason(error)}. It was at: {words}") from error
            now = settled(self.shadow, diff(self.wanted, without(inspect(connection), ignored)))
            kept = {change.object.key for change in self.besides}
            if left := [change for change in now if change.object.key not in kept]:
                raise Failure(f"Nothing was adopted, since this would be left: {'; '.join(map(line, left[:5]))}.")

        return place(
            self.history,
            self.database,
            self.history.find(self.revision),
            verified=True,
            say=say,
            patience=patience,
            require=Unchanged(self.found.actual, self.found.stamps, ignored),
            work=work,
        )


@contextmanager
def adoption(project: Project, server: URL, database: URL, revision: str | None) -> Iterator[Adoption]:
    """Compare a database with `revision`, or with the nearest one. Only shadows on `server` are written.

    Raises Failure if no revision is given and the database resembles none.
    """
    found = whereabouts(project, server, database)
    history = found.history
    for half in found.stopped:
        raise Failure(f"Nothing was adopted: {half.what}", half.remedy)
    at = history.find(revision).revision if revision else _nearest(found)
    with shadows(server) as made, connected(made.create("adopted")) as shadow:
        wanted = without(record(history, shadow, at, requires=True), project.ignored)
        actual = found.actual
        changes = settled(shadow, diff(wanted, actual))
        gone = {change.object.identity for change in changes if change.sign == "-"}
        reconcilable = [change for change in changes if _is_reconcilable(change) and change.object.parent not in gone]
        besides = [change for change in changes if change.sign == "+" and not _interferes(change, wanted)]
        sorted_out = {change.object.key for change in (*reconcilable, *besides)}
        undecided = [change for change in changes if change.object.key not in sorted_out]
        owners = in_snapshot(database, lambda it: Owners.read(it, inspect(it, requires=True, owners=True), None))
        goal = _with(agreed(actual, wanted, changes), actual, [change.object.key for change in besides])
        try:
            steps = owners.given(planned(actual, goal))
            owners.require_own(steps, wanted)
        except Failure:
            if not undecided:
                raise
            steps = []  # the plan is only printed, since undecided differences prevent the adoption
        yield Adoption(
            history,
            database,
            found,
            at,
            wanted,
            shadow,
            reconcilable,
            besides,
            undecided,
            steps,
            owners,
            list(_to_decide(steps, undecided, actual, goal)),
        )


def _nearest(found: Whereabouts) -> str:
    """Return the revision to adopt a database at. Raises Failure if it resembles none."""
    if found.equal:
        return next((stamp for stamp in found.stamps if stamp in found.equal), found.equal[0])
    if found.taken_on:
        raise Failure(f"The database is stamped, and {found.taken_on[0]}: nothing was done.", found.remedies[0])
    if found.sort == "changed":
        at = found.stamps[0] if len(found.stamps) == 1 and not doubts(found.entries, found.stamps) else None
        return at if at and at in {one.revision for one in found.candidates} else found.nearest.revision
    if found.sort == "empty":
        raise Failure("The database is empty: there is nothing to adopt.", "migrate.py upgrade   (builds it)")
    raise Failure(f"The database {SORTS[found.sort]}: nothing was done.", "See what it is: migrate.py whereami")


def _is_reconcilable(change: Change) -> bool:
    if change.object.kind not in WITHOUT_ROWS or change.sign == "+":
        return False
    sides = [item for item in (change.before, change.after) if item and item.kind == "index"]
    return not any(item["definition"].startswith("CREATE UNIQUE") for item in sides)


def _interferes(change: Change, wanted: Catalog) -> bool:
    """Whether an object that only the database has changes how a table of the history works."""
    item = change.object
    if item.parent is None or ("table", item.parent) not in wanted:
        return False
    return item.kind in INTERFERING or (item.kind == "index" and item["definition"].startswith("CREATE UNIQUE"))


def _with(catalog: Catalog, other: Catalog, keys: list[Key]) -> Catalog:
    """Return a copy of a catalog, with some objects of another one added."""
    objects = {**catalog.objects, **{key: other[key] for key in keys}}
    requires = {**catalog.requires, **{key: other.requires.get(key, frozenset()) for key in keys}}
    return replace(
        catalog, objects=objects, requires={key: needed & objects.keys() for key, needed in requires.items()}
    )


def _to_decide(steps: list[Step], undecided: list[Change], actual: Catalog, goal: Catalog) -> Iterator[str]:
    """Yield the SQL that would remove the undecided differences, with a comment before each loss of data."""
    keys = {change.object.key for change in undecided}
    chosen = [step for step in steps if step.item.key in keys or keys & {item.key for item in step.inside}]
    lost = {id(hazard.item): hazard for hazard in hazards(chosen, actual, goal)}
    for step in chosen:
        if hazard := lost.get(id(step.item)):
            yield comment(f"LOSES DATA: {hazard}")
        yield from (f"{statement};" for statement in step.statements)


def patterns(changes: list[Change]) -> list[str]:
    """Return the lines for pyproject.toml that exclude the user's own objects from all comparisons."""
    lines = []
    for change in outline(changes):
        identity = in_json(json.dumps(escape(change.object.identity), ensure_ascii=False))  # TOML has such strings, too
        lines += ["[[tool.whisper_migrate.ignore]]", f'kind = "{change.object.kind}"', f"identity = {identity}"]
        lines += ['reason = "not of this history"']
    return lines
