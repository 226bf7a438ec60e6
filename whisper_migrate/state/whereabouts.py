"""Classify a database: it equals a revision, is a changed or incomplete one, or belongs to something else."""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass, replace
from functools import cached_property

from sqlalchemy import URL, Connection

from whisper_migrate.catalog.model import Catalog, Change, Object
from whisper_migrate.catalog.names import shown
from whisper_migrate.databases.reading import in_snapshot
from whisper_migrate.databases.shadow import shadows
from whisper_migrate.databases.stamps import stamped
from whisper_migrate.errors import Failure
from whisper_migrate.history.branches import joint
from whisper_migrate.history.history import History
from whisper_migrate.inspecting.inspect import inspect
from whisper_migrate.inspecting.owners import require_role
from whisper_migrate.objects import KINDS, RELATIONS
from whisper_migrate.project.ignore import without
from whisper_migrate.project.project import Project
from whisper_migrate.running import half_run
from whisper_migrate.running.half_run import HalfRun
from whisper_migrate.running.ledger import Entry, read
from whisper_migrate.state.anomalies import doubts
from whisper_migrate.state.missing import Approach, approach, nearest_as_it_is
from whisper_migrate.state.nearest import Candidate, candidates

# Kinds that a dump loads in groups. A killed load omits half of a group or more; people drop single objects.
LOADED = ("table", "constraint", "index", "trigger")
MANY = 4


@dataclass(frozen=True)
class Whereabouts:
    """A database without the objects that the project ignores, and all revisions, the nearest first.

    `approach`: the revision to adopt it at, with the missing revisions before it.
    """

    history: History
    actual: Catalog
    stamps: list[str]
    entries: list[Entry]
    candidates: list[Candidate]
    stopped: list[HalfRun]
    approach: Approach

    @property
    def nearest(self) -> Candidate:
        """The nearest revision, with the differences that are left once the missing revisions before it have run."""
        return self.candidates[0]

    @property
    def equal(self) -> list[str]:
        """The revisions whose schema the database has; several if some of them change only rows."""
        without = [self.approach.revision] if self.approach.missing else []
        return [one.revision for one in self.candidates if not one.changes and one.revision not in without]

    @property
    def besides(self) -> list[Change]:
        """Unexpected objects that belong to no table: the nearest revision does not have them."""
        return [change for change in self.nearest.changes if change.sign == "+" and change.object.parent is None]

    @property
    def clashes(self) -> list[str]:
        """Objects of another kind than in the history: `characters is a view here, and a table in the history`."""
        ours = {key[1]: key[0] for key in self.nearest.catalog.objects if key[0] in RELATIONS}
        theirs = {key[1]: key[0] for key in self.actual.objects if key[0] in RELATIONS}
        return [
            f"{shown(name)} is a {kind.replace('_', ' ')} here, and a {ours[name].replace('_', ' ')} in the history"
            for name, kind in sorted(theirs.items())
            if name in ours and ours[name] != kind
        ]

    @property
    def is_right(self) -> bool:
        """Whether nothing is to be done: the database equals the revision of its stamp."""
        if self.stopped:
            return False
        if self.sort == "empty":
            return not self.stamps
        return ",".join(self.stamps) in self.equal

    @property
    def taken_on(self) -> list[str]:
        """Stamps of another history that the project names, each with the name of that history."""
        known = self.history.project.elsewhere
        return [f"{stamp} is not of this history but of {known[stamp]}" for stamp in self.stamps if stamp in known]

    @property
    def unknown(self) -> list[str]:
        """Stamps without a revision file, each with the ledger's information on it."""
        known = {one.revision for one in self.candidates} | self.history.project.elsewhere.keys()
        applied = {entry.revision: f", and was {entry.done}" for entry in self.entries}
        return [f"{stamp} is of no file{applied.get(stamp, '')}" for stamp in self.stamps if stamp not in known]

    @property
    def remedies(self) -> list[str]:
        """The commands to choose from, each with its effect."""
        if self.stopped:
            return [half.remedy for half in self.stopped]
        if self.is_right:
            return ["migrate.py upgrade"] if self.history.pending(self.stamps) else []
        match self.sort:
            case "equal":
                return [f"migrate.py stamp {self.equal[0]}   (compares it again first)"]
            case "empty":  # but stamped
                return ["migrate.py stamp base   (then migrate.py upgrade builds it)"]
            case "changed":
                return ["migrate.py adopt   (says what it can repair, and what you have to decide)"]
            case "unfinished":
                return [
                    "Load the dump again, into an empty database: psql --single-transaction -v ON_ERROR_STOP=1",
                    "migrate.py adopt   (or keep its rows: prints the statements that are missing)",
                ]
        return ["Is it the right database? A new one is built by migrate.py upgrade; then copy the rows into it."]

    @cached_property
    def known(self) -> set[str]:
        """Tables that the nearest revision has as well."""
        return self.tables & self.nearest_tables

    @property
    def nearest_tables(self) -> set[str]:
        """The tables of the nearest revision."""
        return _tables(self.nearest.catalog)

    @property
    def tables(self) -> set[str]:
        """The tables of the database."""
        return _tables(self.actual)

    @cached_property
    def sort(self) -> str:
        """One of: equal, empty, changed (from a revision), unfinished (a part of one), other (in form), stranger."""
        if self.equal:
            return "equal"
        if all(KINDS[item.kind].may_come_first for item in self.actual):
            return "empty"
        if self.approach.missing and not self.clashes:
            return "changed"
        if self._is_unfinished():
            return "unfinished"
        share = len(self.known) / max(len(self.nearest_tables), 1)
        if share >= 0.5 and not self.clashes:
            return "changed"
        return "other" if self.clashes or len(self.known) * 4 >= len(self.tables) > 0 else "stranger"

    def _is_unfinished(self) -> bool:
        """Whether the database is a part of the revision: complete tables, but half or more of some kind is missing."""
        changes = self.nearest.changes
        missing = [change.object for change in changes if change.sign == "-"]
        whole = all(item.parent not in self.known for item in missing if item.kind == "column")
        begun = bool(self.known) and not any(change.sign == "+" for change in changes)
        there, gone = Counter(map(_group, self.nearest.catalog)), Counter(map(_group, missing))
        half = any(gone[group] * 2 >= there[group] >= MANY for group in there if group[0] in LOADED)
        return begun and whole and half


def _group(item: Object) -> tuple[str, str]:
    """Return the group that a dump loads together: foreign keys come after all other constraints."""
    return item.kind, str(item["type"]) if item.kind == "constraint" else ""


def whereabouts(project: Project, server: URL, database: URL) -> Whereabouts:
    """Read a database, and compare it with all revisions in shadows on `server`.

    Raises Failure if there is no revision.
    """
    history = History(project)

    def seen(it: Connection) -> tuple[list[str], list[Entry], Catalog]:
        require_role(it, project.owner)
        return stamped(it) or [], read(it), inspect(it, requires=True, owners=True)

    stamps, entries, found = in_snapshot(database, seen)
    stopped, _ = in_snapshot(database, lambda connection: half_run.read_or_why(connection, history))
    actual = without(found, project.ignored)
    if not history.heads:
        raise Failure("The history has no revision yet: there is nothing to compare the database with.")
    with shadows(server) as made:
        near = candidates(history, made, actual, joint(history, stamps))
    is_sure = bool(stamps) and not doubts(entries, stamps)
    best = nearest_as_it_is(near, actual) if is_sure else approach(history, near, actual)
    # The differences of the nearest revision are those that are left after the missing ones.
    first = next(one for one in near if one.revision == best.revision)
    others = [one for one in near if one is not first]
    return Whereabouts(history, actual, stamps, entries, [replace(first, changes=best.changes), *others], stopped, best)


def _tables(catalog: Catalog) -> set[str]:
    return {identity for kind, identity in catalog.objects if kind == "table"}
