"""Read the state of all databases in a fleet: the revision of each, and a fingerprint of its catalog."""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field, replace
from functools import partial

from sqlalchemy import Connection

from whisper_migrate.catalog.model import Catalog
from whisper_migrate.databases.reading import in_snapshot
from whisper_migrate.databases.stamps import stamped
from whisper_migrate.errors import Failure
from whisper_migrate.fleet.members import Member
from whisper_migrate.fleet.parallel import attempt, each
from whisper_migrate.history.history import History
from whisper_migrate.inspecting.inspect import inspect
from whisper_migrate.inspecting.owners import DATABASE, given_away, require_role
from whisper_migrate.project.ignore import split, without
from whisper_migrate.project.project import Project
from whisper_migrate.running.half_run import journalled, stopped
from whisper_migrate.running.journal import Entry as JournalEntry
from whisper_migrate.running.ledger import Entry, read_or_why
from whisper_migrate.state.anomalies import Anomaly, anomalies
from whisper_migrate.state.drift import sure_revisions
from whisper_migrate.wording.revision_ids import ids


@dataclass(frozen=True)
class Standing:
    """The state of a database: its revisions (none if it is empty), the number of pending revisions, and a fingerprint.

    Equal fingerprints on servers of one major `version` mean equal catalogs, and equal owners that differ from the
    project's `owner`. Objects that the project ignores are left out; `ignored` is their number. `unreadable` names the
    parts that could not be read. `changed` are the revisions whose files have changed since they ran, by the ledger.
    """

    member: Member
    revisions: tuple[str, ...]
    pending: int
    version: int
    fingerprint: str
    ignored: int
    unreadable: tuple[str, ...]
    changed: tuple[Anomaly, ...]

    @property
    def at(self) -> str:
        """The revisions, for people."""
        return ids(self.revisions)


@dataclass
class Survey:
    """The states in the order of the file, one catalog per fingerprint, and the failures of unreadable members."""

    standings: list[Standing] = field(default_factory=list)
    catalogs: dict[str, Catalog] = field(default_factory=dict)
    failed: dict[Member, Failure] = field(default_factory=dict)

    @property
    def groups(self) -> list[list[Standing]]:
        """Databases with equal revisions, version and fingerprint, the largest group first."""
        found: dict[tuple[tuple[str, ...], int, str], list[Standing]] = {}
        for standing in self.standings:
            found.setdefault((standing.revisions, standing.version, standing.fingerprint), []).append(standing)
        return sorted(found.values(), key=len, reverse=True)

    @property
    def alike(self) -> bool:
        """Whether all databases are at one revision and, among servers of one version, have equal catalogs."""
        groups = self.groups
        versions = {group[0].version for group in groups}
        return len(groups) <= len(versions) and len({group[0].revisions for group in groups}) <= 1


@dataclass(frozen=True)
class Reading:
    """The data that a thread has read of a database, in one snapshot; not yet compared with the history."""

    stamps: list[str] | None
    catalog: Catalog
    entries: list[Entry]
    hidden: str
    journal: list[JournalEntry]


def survey(
    history: History, members: Sequence[Member], jobs: int, tell: Callable[[Member, Standing | Failure], None]
) -> Survey:
    """Read all members, `jobs` at a time, and call `tell` after each. Nothing is written.

    The threads only read. The main thread compares the data with the history.
    """
    found = Survey()
    owner = history.project.owner

    def read(member: Member) -> Reading:
        like = next(iter([*found.catalogs.values()]), None)  # a copy, because the main thread changes the dict

        def snapshot(it: Connection) -> Reading:
            require_role(it, owner)
            catalog = inspect(it, owners=owner is not None, like=like)
            return Reading(stamped(it), catalog, *read_or_why(it), journalled(it))

        return in_snapshot(member.url, snapshot)

    for member, reading in each(members, jobs, read):
        standing = (
            reading if isinstance(reading, Failure) else attempt(partial(_judged, history, found, reading), member)
        )
        if isinstance(standing, Failure):
            found.failed[member] = standing
        else:
            found.standings.append(standing)
        tell(member, standing)
    found.standings.sort(key=lambda standing: members.index(standing.member))
    return found


def _judged(history: History, found: Survey, reading: Reading, member: Member) -> Standing:
    """Return the state of a database. Raises Failure if the stamp is not reliable, or a revision is unfinished."""
    revisions = sure_revisions(history, member.url, reading.stamps, reading.catalog)
    at = list(revisions)
    for half in stopped(history, reading.journal, at):
        raise Failure(half.what, half.remedy)
    catalog, ignored = _compared(reading.catalog, history.project)
    fingerprint = _fingerprint(catalog)
    found.catalogs.setdefault(fingerprint, catalog)
    return Standing(
        member,
        revisions,
        len(history.pending(at)),
        reading.catalog.version,
        fingerprint,
        ignored=ignored,
        unreadable=(*reading.catalog.unreadable, *([reading.hidden] if reading.hidden else [])),
        changed=tuple(anomaly for anomaly in anomalies(history, reading.entries, at) if anomaly.differs),
    )


def _compared(catalog: Catalog, project: Project) -> tuple[Catalog, int]:
    """Return the catalog without the objects that the project ignores, and their number.

    The result's `owners` are only those that differ from the project's `owner`. The database itself gets a fixed name,
    because the names of the members differ.
    """
    kept = without(catalog, project.ignored)
    strays, left_out = split(given_away(kept, kept, project.owner), project.ignored, kept)
    found = {change.object["of"]: str(change.object["owner"]) for change in strays}
    owners = {(DATABASE, "itself") if key[0] == DATABASE else key: found[key] for key in sorted(found)}
    return replace(kept, owners=owners), len(catalog) - len(kept) + len(left_out)


def _fingerprint(catalog: Catalog) -> str:
    """Return the catalog's fingerprint, including the owners that differ from the project's `owner`."""
    if not catalog.owners:
        return catalog.fingerprint
    return hashlib.sha256(repr((catalog.fingerprint, [*catalog.owners.items()])).encode()).hexdigest()
