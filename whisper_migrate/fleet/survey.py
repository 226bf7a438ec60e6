"""Where the databases of a fleet stand: the revision of each, and the fingerprint of what it holds."""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field, replace
from functools import partial

from whisper_migrate.catalog import Catalog
from whisper_migrate.databases.reading import in_snapshot
from whisper_migrate.databases.stamps import stamped
from whisper_migrate.drift import sure_revision
from whisper_migrate.errors import Failure
from whisper_migrate.fleet.members import Member
from whisper_migrate.fleet.parallel import attempt, each
from whisper_migrate.history import History
from whisper_migrate.ignore import split, without
from whisper_migrate.inspect import inspect
from whisper_migrate.ledger import Entry, read_or_why
from whisper_migrate.owners import DATABASE, given_away
from whisper_migrate.project import Project
from whisper_migrate.running.half_run import journalled, stopped
from whisper_migrate.running.journal import Entry as JournalEntry
from whisper_migrate.standing.anomalies import Anomaly, anomalies


@dataclass(frozen=True)
class Standing:
    """What one database says: its revision (None while it is empty), how many are pending, and its fingerprint.

    Fingerprints tell of the same catalog, and of the same objects that belong to another role than the project's
    `owner`, where the major `version` of the server is the same. They leave out what the project ignores: so many
    objects were `ignored`, and what could not be read is told in `unreadable`. `changed` are the revisions that are
    others now than what ran there, by its ledger.
    """

    member: Member
    revision: str | None
    pending: int
    version: int
    fingerprint: str
    ignored: int
    unreadable: tuple[str, ...]
    changed: tuple[Anomaly, ...]


@dataclass
class Survey:
    """All of them, in the order of the file; one catalog of each fingerprint; and why some could not be read."""

    standings: list[Standing] = field(default_factory=list)
    catalogs: dict[str, Catalog] = field(default_factory=dict)
    failed: dict[Member, Failure] = field(default_factory=dict)

    @property
    def groups(self) -> list[list[Standing]]:
        """Those that stand alike together: same revision, version and fingerprint; the largest group first."""
        found: dict[tuple[str | None, int, str], list[Standing]] = {}
        for standing in self.standings:
            found.setdefault((standing.revision, standing.version, standing.fingerprint), []).append(standing)
        return sorted(found.values(), key=len, reverse=True)

    @property
    def alike(self) -> bool:
        """Whether all stand at one revision and, as far as they can be compared, hold the same."""
        groups = self.groups
        versions = {group[0].version for group in groups}
        return len(groups) <= len(versions) and len({group[0].revision for group in groups}) <= 1


@dataclass(frozen=True)
class Reading:
    """What a thread has read of one database, in one snapshot, and nobody has judged yet."""

    stamps: list[str] | None
    catalog: Catalog
    entries: list[Entry]
    hidden: str
    journal: list[JournalEntry]


def survey(
    history: History, members: Sequence[Member], jobs: int, tell: Callable[[Member, Standing | Failure], None]
) -> Survey:
    """Read every member, `jobs` at a time; `tell` hears of each. Nothing is written anywhere.

    Threads only read. The readings are judged by the history here, in the main thread.
    """
    found = Survey()
    owners = history.project.owner is not None

    def read(member: Member) -> Reading:
        like = next(iter([*found.catalogs.values()]), None)  # of a copy: the main thread adds to it
        return in_snapshot(
            member.url,
            lambda it: Reading(stamped(it), inspect(it, owners=owners, like=like), *read_or_why(it), journalled(it)),
        )

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
    """Where the history says that a database stands. Raises Failure for a stamp that says nothing sure."""
    revision = sure_revision(history, member.url, reading.stamps, reading.catalog)
    at = [revision] if revision else []
    for half in stopped(history, reading.journal, at):
        raise Failure(half.what, half.remedy)
    catalog, ignored = _compared(reading.catalog, history.project)
    fingerprint = _fingerprint(catalog)
    found.catalogs.setdefault(fingerprint, catalog)
    return Standing(
        member,
        revision,
        len(history.pending(at)),
        reading.catalog.version,
        fingerprint,
        ignored=ignored,
        unreadable=(*reading.catalog.unreadable, *([reading.hidden] if reading.hidden else [])),
        changed=tuple(anomaly for anomaly in anomalies(history, reading.entries, at) if anomaly.differs),
    )


def _compared(catalog: Catalog, project: Project) -> tuple[Catalog, int]:
    """The catalog without what the project ignores, and of how many objects that is.

    Its `owners` are only those that differ from the project's `owner`. The database itself has no name there: each
    member has another one.
    """
    kept = without(catalog, project.ignored)
    strays, left_out = split(given_away(kept, kept, project.owner), project.ignored, kept)
    found = {change.object["of"]: str(change.object["owner"]) for change in strays}
    owners = {(DATABASE, "itself") if key[0] == DATABASE else key: found[key] for key in sorted(found)}
    return replace(kept, owners=owners), len(catalog) - len(kept) + len(left_out)


def _fingerprint(catalog: Catalog) -> str:
    """The catalog's fingerprint, which covers the objects that belong to another role than they should."""
    if not catalog.owners:
        return catalog.fingerprint
    return hashlib.sha256(repr((catalog.fingerprint, [*catalog.owners.items()])).encode()).hexdigest()
