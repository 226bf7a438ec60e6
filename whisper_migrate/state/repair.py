"""Repair: the SQL that reverts a drifted database to the history's schema at its revision."""

from __future__ import annotations

import re
import shlex
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, replace

from sqlalchemy import URL, Connection
from sqlalchemy.exc import DBAPIError

from whisper_migrate.catalog.describe import line
from whisper_migrate.catalog.model import Catalog, Change, Object, diff
from whisper_migrate.catalog.names import shown
from whisper_migrate.catalog.sql import comment, run
from whisper_migrate.comparing.settle import agreed, settled
from whisper_migrate.databases.connect import connected
from whisper_migrate.databases.reading import in_snapshot
from whisper_migrate.databases.shadow import shadows
from whisper_migrate.databases.stamps import stamped
from whisper_migrate.databases.unreplicated import committing
from whisper_migrate.errors import Failure, reason
from whisper_migrate.history.history import History
from whisper_migrate.inspecting.inspect import inspect
from whisper_migrate.inspecting.owners import giving, strangers
from whisper_migrate.objects import TABLES, default_privilege
from whisper_migrate.planning.hazards import Hazard, hazards
from whisper_migrate.planning.locality import stays, why_it_stays
from whisper_migrate.planning.lookalikes import lookalike, renaming
from whisper_migrate.planning.plan import plan, statements
from whisper_migrate.planning.steps import Step
from whisper_migrate.project.ignore import without
from whisper_migrate.project.project import Project
from whisper_migrate.running import half_run
from whisper_migrate.running.ledger import enter, may_write, read_or_why
from whisper_migrate.running.lock import guard, locked
from whisper_migrate.running.losses import Loss, changes, differs, holds_lost, is_inside, of_type
from whisper_migrate.running.patience import Patience
from whisper_migrate.running.total_loss import OPTION, total_of
from whisper_migrate.state.anomalies import doubts
from whisper_migrate.state.drift import nearer, read_database
from whisper_migrate.state.nearest import Candidate
from whisper_migrate.state.repair_owners import Owners
from whisper_migrate.state.replaced import replaced
from whisper_migrate.state.replays import record
from whisper_migrate.wording.plurals import counted
from whisper_migrate.wording.revision_ids import ids

# A function's body may name an object that is created later, or that never existed.
NO_BODY_CHECKS = "SET LOCAL check_function_bodies = off"
# Backslashes in printed SQL are plain characters, even if a role has this setting off. Where psql runs the SQL, no
# function or operator of the user's schemas may fit better than PostgreSQL's.
PREAMBLE = (NO_BODY_CHECKS, "SET LOCAL standard_conforming_strings = on", "SET LOCAL search_path = pg_catalog, pg_temp")
WRONG_STAMP = "wrong-stamp"  # the word that permits a repair although the stamp looks wrong
# By the class of PostgreSQL's SQLSTATE.
REMEDIES = {
    "22": "Rows stand in its way: change them, and run the repair again.",
    "23": "Rows stand in its way: change them, or bring back what they need, and run the repair again.",
    "55": "Others are at work there: run the repair again, or have it wait with WHISPER_LOCK_TIMEOUT=30.",
}
WITHOUT_ROWS = ("sequence", "schema", "extension")  # their contents are dropped by steps of their own
# Statements that create an object; an identity also creates a sequence.
MAKES = re.compile(r"\b(CREATE|IDENTITY)\b")


@dataclass(frozen=True)
class WayBack:
    """A repair: the steps from a database's catalog `actual` to the history's catalog `wanted` at `revisions`.

    `given`: changes of owners. `nearer`: the revision that the database is nearer to than to its stamp. `staying`:
    changes that no statement reverts.
    """

    project: Project
    database: URL
    shadow: Connection
    revisions: tuple[str, ...]
    actual: Catalog
    wanted: Catalog
    steps: list[Step]
    owners: Owners
    given: list[Change]
    nearer: Candidate | None = None
    staying: tuple[Change, ...] = ()

    @property
    def at(self) -> str:
        """The revisions of the database, for people."""
        return ids(self.revisions)

    def sql(self) -> str:
        """Return the repair as a script for psql, in one transaction."""
        lines = [f"{statement};" for statement in (*PREAMBLE, *self._statements)]
        warnings = [comment(f"LOSES DATA: {self._told(hazard)}") for hazard in self._hazards]
        warnings[:0] = [comment(self._doubt)] if self.nearer else []
        warnings += [comment(why_it_stays(self.staying))] if self.staying else []
        for owner in self.owners.lost(self.steps):
            words = f"What {owner} is to have will belong to {self.owners.me}, who is no member of {owner}."
            warnings.append(comment(words))
        if hidden := self.owners.lost((), self.given):
            warnings.append(comment(f"To be run by a member of {', '.join(hidden)}: {self.owners.me} is none."))
        return "\n".join([*warnings, "BEGIN;", *lines, "COMMIT;"])

    @property
    def _doubt(self) -> str:
        near = self.nearer
        return f"The stamp looks wrong: the database is nearer to {near.revision}, {near.difference}." if near else ""

    def _told(self, hazard: Hazard) -> str:
        """Describe a loss; if the object may only have another name, add the statements that rename it instead."""
        new = lookalike(hazard.item, self.actual, self.wanted) if hazard.word.startswith("drop-") else None
        back = "; ".join(renaming(hazard.item, new, self.actual)) if new else ""
        if not new or not back:
            return str(hazard)
        return f"{hazard}. If it is {shown(new.identity)} by another name, this keeps it: {back}"

    @property
    def _hazards(self) -> list[Hazard]:
        return hazards(self.steps, self.actual, self.wanted)

    @property
    def _statements(self) -> list[str]:
        return [*statements(self.steps), *giving(self.given)]

    def apply(
        self,
        allowed: set[str],
        word: str | None,
        say: Callable[[str], None],
        patience: Patience | None = None,
    ) -> list[Change]:
        """Run the repair in one transaction, and commit only if nothing differs at the end.

        Returns the differences that no statement reverts. `allowed` names the losses that are permitted, `word` the
        number of rows. `say` gets messages while waiting for another run.

        Raises Failure, and leaves the database as it was, if the repair would lose more or a statement fails. It also
        does so if the database has changed since it was read, or if a difference would be left.
        """
        if self.nearer and WRONG_STAMP not in allowed:
            raise Failure(
                f"Nothing was repaired. {self._doubt}",
                f"migrate.py adopt stamps it there; if not: migrate.py repair --apply --allow {WRONG_STAMP}",
            )
        patience = patience or Patience.given(self.project.root)
        wait = patience.wait_for_lock
        with locked(self.database, say, wait), connected(self.database) as connection:
            half_run.refuse(connection, History(self.project), "Nothing was repaired")
            guard(connection, say, wait)
            self._require_allowed(connection, allowed, word, say)
            patience.prepare(connection)
            recorded = may_write(connection)
            for statement in PREAMBLE:
                run(connection, statement)
            statement = "LOCK TABLE"
            try:
                self.owners.hold(connection, self.steps, self.wanted)
                self._require_unchanged(connection)
                for statement in self._statements:
                    run(connection, statement)
            except DBAPIError as error:
                words = " ".join(statement.split())[:200]
                remedy = REMEDIES.get(str(getattr(error.orig, "pgcode", ""))[:2])
                raise Failure(f"Nothing was repaired: {reason(error)}. It was at: {words}", remedy) from error
            staying = self._require_repaired(connection)
            if recorded and self.revisions:
                script = History(self.project).find(self.revisions[0]) if len(self.revisions) == 1 else None
                was = replaced(self.actual, without(inspect(connection), self.project.ignored))
                values = {"verified": not staying, "replaced": was}
                enter(connection, script, direction="repair", revision=", ".join(self.revisions), **values)
            with committing("The repair"):
                connection.commit()
        return staying

    def _require_allowed(
        self, connection: Connection, allowed: set[str], word: str | None, say: Callable[[str], None]
    ) -> None:
        """Raises Failure for a loss that is not allowed by name, or for rows that the word does not permit."""
        found = self._hazards
        lost = total_of([loss for one in found for loss in _losses(one, self.actual, self.wanted)], connection)
        connection.rollback()
        refused = [hazard for hazard in found if hazard.name not in allowed]
        is_permitted = lost.permits(word)
        needless = sorted(allowed - {WRONG_STAMP, *(hazard.name for hazard in found)})
        if not refused and is_permitted:
            for name in needless:
                say(f"Nothing needs --allow {shlex.quote(name)}.")
            return
        is_wrong = word and not is_permitted
        given = f" The word that was given is {word}, and it is {lost.word} now." if is_wrong else ""
        given += "".join(f" No loss is called {name}." for name in needless)
        names = " ".join(f"--allow {shlex.quote(hazard.name)}" for hazard in found)
        rows = f" {OPTION}{shlex.quote(lost.word)}" if lost.rows else ""
        lines = list(map(self._told, refused or found))
        raise Failure(
            f"Nothing was repaired, since data would be lost ({counted(lost.rows, 'row')}):{given}\n  "
            + "\n  ".join(lines),
            f"If that is meant: migrate.py repair --apply {names}{rows}",
        )

    def _require_unchanged(self, connection: Connection) -> None:
        now, stamps = without(inspect(connection), self.project.ignored), list(self.revisions)
        if now.fingerprint != self.actual.fingerprint or (stamped(connection) or []) != stamps:
            raise Failure("The database has changed since it was read: nothing was repaired.", "Run the repair again.")

    def _require_repaired(self, connection: Connection) -> list[Change]:
        now = without(inspect(connection, owners=True), self.project.ignored)
        found = settled(self.shadow, diff(self.wanted, now)) + strangers(self.project, self.wanted, now)
        left = [change for change in found if not stays(change)]
        if left:
            lines = "\n  ".join(line(change) for change in left[:20])
            raise Failure(f"Nothing was repaired, since {counted(len(left), 'difference')} would be left:\n  {lines}")
        return found


def _losses(hazard: Hazard, actual: Catalog, wanted: Catalog) -> list[Loss]:
    """Return what is to be counted of a hazard: a table's rows, or a column's values that are not kept."""
    item, what = hazard.item, str(hazard)
    old, new = actual.objects.get(item.key), wanted.objects.get(item.key)
    if item.kind in TABLES:
        return [Loss(what, item.identity)]
    if item.kind == "column":
        name = item["name"]
        condition = changes(name, old["type"], new["type"], wanted) if old and new else differs(item, name)
        return [Loss(what, str(item.parent), name, condition)]
    followed = item.kind == "enum" or (item.kind == "composite_type" and not is_inside(actual, item.identity))
    if old and new and followed:
        users = list(of_type(actual, item.identity))
        return [Loss(what, str(u.parent), u["name"], holds_lost(u["name"], u, old, new, actual, wanted)) for u in users]
    return [Loss(what, has_rows=item.kind not in WITHOUT_ROWS)]


@contextmanager
def way_back(project: Project, server: URL, database: URL) -> Iterator[WayBack]:
    """Read the database and the history (in a shadow on `server`), and plan the repair. Nothing is written."""
    history = History(project)
    half_run.refuse_in(database, history, "Nothing was repaired")
    whole, revisions = read_database(database, history, requires=True)
    entries, _ = in_snapshot(database, read_or_why)
    with shadows(server) as made, connected(made.create("recorded")) as shadow:
        wanted = without(record(history, shadow, revisions, requires=True), project.ignored)
        actual = without(whole, project.ignored)
        changes = settled(shadow, diff(wanted, actual))
        owners = in_snapshot(database, lambda it: Owners.read(it, whole, project.owner))
        given = strangers(project, wanted, actual)
        steps = owners.given(planned(actual, agreed(actual, wanted, changes)))
        owners.require_own(steps, wanted)
        staying = tuple(change for change in changes if stays(change))
        if staying and not statements(steps) and not given:
            raise Failure(why_it_stays(staying))
        if changes and not staying and not statements(steps):
            lines = "\n  ".join(map(line, changes[:20]))
            raise Failure(f"The database differs, but no statement repairs it:\n  {lines}")
        doubted = steps and len(revisions) == 1 and doubts(entries, list(revisions))
        near = nearer(history, made, actual, revisions[0]) if doubted else None
        yield WayBack(project, database, shadow, revisions, actual, wanted, steps, owners, given, near, staying)


def planned(actual: Catalog, wanted: Catalog) -> list[Step]:
    """Return the steps of a repair, so that created objects get exactly the history's grants.

    Default privileges are dropped first and created again at the end: they would add grants to new objects.
    """
    steps = plan(actual, wanted)
    ours, theirs = (
        [item for item in catalog if item.kind == "default_privilege" and item["role"] is None]
        for catalog in (actual, wanted)
    )
    if not ours or not any(MAKES.search(statement) for statement in statements(steps)):
        return steps
    inner = plan(_less(actual, ours), _less(wanted, theirs))
    off = [Step("drop", item, None, tuple(default_privilege.drop(item))) for item in ours]
    return off + inner + [Step("create", item, None, tuple(default_privilege.create(item))) for item in theirs]


def _less(catalog: Catalog, items: list[Object]) -> Catalog:
    gone = {item.key for item in items}
    requires = {key: needed for key, needed in catalog.requires.items() if key not in gone}
    return replace(
        catalog, objects={key: item for key, item in catalog.objects.items() if key not in gone}, requires=requires
    )
