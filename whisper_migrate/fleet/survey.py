"""Where the databases of a fleet stand: the revision of each, and the fingerprint of what it holds."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field

from whisper_migrate.catalog import Catalog
from whisper_migrate.databases.reading import in_snapshot
from whisper_migrate.drift import read_database
from whisper_migrate.errors import Failure
from whisper_migrate.fleet.members import Member
from whisper_migrate.fleet.parallel import each
from whisper_migrate.history import History
from whisper_migrate.ignore import without
from whisper_migrate.ledger import read_or_why
from whisper_migrate.standing.anomalies import Anomaly, anomalies


@dataclass(frozen=True)
class Standing:
    """What one database says: its revision (None while it is empty), how many are pending, and its fingerprint.

    Fingerprints tell of the same catalog where the major `version` of the server is the same. They leave out what the
    project ignores: so many objects were `ignored`, and what could not be read is told in `unreadable`. `changed` are
    the revisions that are others now than what ran there, by its ledger.
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


def survey(
    history: History, members: Sequence[Member], jobs: int, tell: Callable[[Member, Standing | Failure], None]
) -> Survey:
    """Read every member, `jobs` at a time; `tell` hears of each. Nothing is written anywhere."""
    found = Survey()

    def read(member: Member) -> Standing:
        like = next(iter([*found.catalogs.values()]), None)  # of a copy: other threads add to it
        whole, revision = read_database(member.url, history, like=like)
        catalog = without(whole, history.project.ignored)
        found.catalogs.setdefault(catalog.fingerprint, catalog)
        pending = len(history.pending([revision] if revision else []))
        entries, hidden = in_snapshot(member.url, read_or_why)
        told = anomalies(history, entries, [revision] if revision else [])
        return Standing(
            member,
            revision,
            pending,
            whole.version,
            catalog.fingerprint,
            ignored=len(whole) - len(catalog),
            unreadable=(*whole.unreadable, *([hidden] if hidden else [])),
            changed=tuple(anomaly for anomaly in told if anomaly.differs),
        )

    for member, standing in each(members, jobs, read):
        if isinstance(standing, Failure):
            found.failed[member] = standing
        else:
            found.standings.append(standing)
        tell(member, standing)
    found.standings.sort(key=lambda standing: members.index(standing.member))
    return found
