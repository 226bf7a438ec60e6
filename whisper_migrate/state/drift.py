"""Compare three catalogs, of the models, the history and the database, and say which one is wrong."""

from __future__ import annotations

from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field, replace

from alembic.script import Script
from sqlalchemy import URL, Connection

from whisper_migrate.cache.recorded import Recorded
from whisper_migrate.catalog.describe import outline
from whisper_migrate.catalog.model import Catalog, Change, Key, Object, diff
from whisper_migrate.comparing import left_alone
from whisper_migrate.comparing.settle import doubtful, settled, unlike
from whisper_migrate.comparing.unsaid_names import as_in_history
from whisper_migrate.databases.connect import connected
from whisper_migrate.databases.reading import in_snapshot
from whisper_migrate.databases.shadow import Shadows, shadows
from whisper_migrate.databases.stamps import Unreadable, stamped
from whisper_migrate.errors import Failure
from whisper_migrate.history.history import History
from whisper_migrate.inspecting.inspect import inspect
from whisper_migrate.inspecting.owners import given_away, note, require_role
from whisper_migrate.models.compiled import Fault, faults
from whisper_migrate.models.desired import build
from whisper_migrate.models.source_lines import Place, place
from whisper_migrate.planning.locality import beyond_reach
from whisper_migrate.project.defects import Defect, counted, unmade
from whisper_migrate.project.ignore import split, without
from whisper_migrate.project.project import Project
from whisper_migrate.running import half_run
from whisper_migrate.running.half_run import HalfRun
from whisper_migrate.running.ledger import Entry, read_or_why
from whisper_migrate.state.anomalies import Anomaly, anomalies, doubts
from whisper_migrate.state.findings import Failing, Ignored
from whisper_migrate.state.nearest import Candidate, candidates
from whisper_migrate.state.replays import Replays
from whisper_migrate.wording import plurals
from whisper_migrate.wording.revision_ids import ids

A_LONG_WALK = 200_000  # objects times revisions: a longer search is left to whereami


@dataclass(frozen=True)
class Verdict:
    """The result of a comparison.

    `unwritten`: changes from the history to the models. `drift`: changes from the history, at the revision that the
    database is stamped with, to the database. `pending`: revisions that the database does not have yet. `anomalies`:
    findings in the ledger. `nearest`: the revision that the database is nearer to than to its stamp, if it drifted and
    no ledger confirms the stamp. `notes` are not differences. `extensions` of the database have another version than
    its server installs now, and no history states it. `failing` are functions of the models that cannot run,
    `refused` indexes and foreign keys of the models that cannot be created. `whole`: there are none of these, and no
    object was left out because of a lock.
    """

    project: Project
    history: History
    unwritten: list[Change] = field(default_factory=list)
    drift: list[Change] = field(default_factory=list)
    pending: list[Script] = field(default_factory=list)
    ignored: list[Ignored] = field(default_factory=list)
    anomalies: list[Anomaly] = field(default_factory=list)
    nearest: Candidate | None = None
    revisions: tuple[str, ...] = ()
    compared: tuple[str, ...] = ()
    unreadable: tuple[str, ...] = ()
    whole: bool = True
    extensions: tuple[str, ...] = ()
    failing: tuple[Failing, ...] = ()
    refused: tuple[Failing, ...] = ()
    notes: tuple[str, ...] = ()

    @property
    def at(self) -> str:
        """The revisions of the database, for people."""
        return ids(self.revisions)

    @property
    def clean(self) -> bool:
        """Whether nothing differs anywhere."""
        odd = any(anomaly.differs for anomaly in self.anomalies)
        return not (self.unwritten or self.drift or self.pending or odd)

    def touched(self, change: Change) -> Script | None:
        """Return the last revision that mentions a changed object; if it drifted, up to the database's revision."""
        drifted = any(change is found for found in self.drift)
        return self.history.touching(change.object, self.revisions if drifted else ())

    def place(self, item: Object) -> Place | None:
        """Return the line where the models declare an object, if it is found in their source."""
        return place(self.project, item) if "models" in self.compared else None


def check(
    project: Project, server: URL, database: URL | None, only: str | None = None, kept: Recorded | None = None
) -> Verdict:
    """Compare models, history and `database`, if there is one; `only` is "models" or "database".

    Shadows are created on `server`. The database is only read. The history is not replayed where its catalogs are in
    `kept`. Raises Failure if the comparison is impossible.
    """
    history = History(project)
    history.require_no_fork()
    unwritten: list[Change] = []
    drift: list[Change] = []
    ignored: list[Ignored] = []
    nearest = None
    alone: dict[Key, Object] = {}
    failing: list[Failing] = []
    refused: list[Failing] = []

    def compare(finding: str, at: Sequence[str], before: Catalog, after: Catalog) -> list[Change]:
        changes = unlike(not_ignored(finding, diff(before, after), before, after))
        return settled(replays.shadow(at), changes) if doubtful(changes) else changes

    def not_ignored(finding: str, changes: list[Change], before: Catalog, after: Catalog) -> list[Change]:
        changes = [change for change in changes if change.object.key not in after.locked]
        changes, left_out = split(changes, project.ignored, before, after)
        reported = outline([change for change, _ in left_out])
        ignored.extend(Ignored(finding, change, pattern) for change, pattern in left_out if change in reported)
        return changes

    reads = database is not None and only != "models"
    read = read_database(database, history, checks=True) if database is not None and reads else None
    actual, revisions = read or (None, ())
    entries: list[Entry] = []
    hidden, stamps = "", list(revisions)
    stopped: list[HalfRun] = []
    unread = ""
    if database is not None and actual is not None:
        entries, hidden = in_snapshot(database, read_or_why)
        stopped, unread = in_snapshot(database, lambda connection: half_run.read_or_why(connection, history))
    with shadows(server) as made, ThreadPoolExecutor(1) as pool:
        if only != "database":
            # Imported before a second thread starts: two threads in one circle of imports see half-initialized modules.
            _ = project.metadata, project.entities
        desired = pool.submit(_desired, project, made) if only != "database" else None
        with Replays(history, made, kept) as replays:
            recorded = None
            if actual is not None:
                recorded = replays.catalog(revisions, like=actual)
                # The changes of a half-run revision are no drift, and cannot be distinguished from drift.
                drift = compare("drift", revisions, recorded, actual) if not stopped else []
                compared = (without(recorded, project.ignored), without(actual, project.ignored))
                drift += not_ignored("drift", given_away(*compared, project.owner), recorded, actual)
                if drift and len(stamps) == 1 and not actual.locked and doubts(entries, stamps):
                    nearest = nearer(history, made, actual, stamps[0])
            if desired:
                head = revisions if recorded and stamps and not history.pending(stamps) else ("heads",)
                at_head = recorded if head is revisions else None
                if at_head is None or project.is_tables_only:
                    at_head = replays.catalog(head, requires=project.is_tables_only, like=actual)
                url, found, defects = desired.result()
                with connected(url) as other:
                    wanted = inspect(other, like=at_head)
                failing = [Failing(str(one), place(project, wanted[one.key])) for one in found]
                wanted = as_in_history(project, at_head, wanted)
                alone = left_alone.undeclared(project, at_head, wanted)
                refused = [Failing(one.what, place(project, one.item)) for one in counted(defects, project.ignored)]
                wanted = replace(wanted, objects={**wanted.objects, **alone, **unmade(defects, at_head)})
                unwritten = compare("unwritten", head, at_head, wanted)
                unwritten = [change for change in unwritten if not beyond_reach(change)]
    return Verdict(
        project,
        history,
        unwritten=unwritten,
        drift=drift,
        pending=history.pending(stamps) if actual is not None else [],
        ignored=ignored,
        anomalies=[*map(_stopped, stopped), *(anomalies(history, entries, stamps) if entries else [])],
        nearest=nearest,
        revisions=revisions,
        compared=("models",) * (desired is not None) + ("history",) + ("database",) * (actual is not None),
        notes=tuple(filter(None, [_owners(project, actual), left_alone.note(alone)])),
        extensions=outdated(actual, recorded) if actual is not None and recorded else (),
        failing=tuple(failing),
        refused=tuple(refused),
        whole=not refused and (actual is None or not actual.locked),
        unreadable=(*actual.unreadable, *filter(None, (hidden, unread))) if actual is not None else (),
    )


def _owners(project: Project, actual: Catalog | None) -> str | None:
    return note(actual) if actual is not None and project.owner is None else None


def _stopped(half: HalfRun) -> Anomaly:
    """Return a half-run revision as an anomaly, so that the check is not clean."""
    what = f"{half.what} The database was not compared with the history at its stamp."
    return Anomaly(half.revision, what, half.remedy, differs=True, word="Stopped")


def outdated(actual: Catalog, recorded: Catalog) -> tuple[str, ...]:
    """Return the extensions whose version is not the server's default, with it, unless the history states a version."""
    stated = {(kind, identity) for kind, identity in actual.implied if kind == "extension_version"} - set(
        recorded.objects
    )
    return tuple(sorted(identity for _, identity in stated))


def nearer(history: History, made: Shadows, actual: Catalog, revision: str) -> Candidate | None:
    """Return the revision that the database is nearer to than to its stamp, if there is one."""
    revisions = history.newest_first()
    if len(revisions) == 1 or len(revisions) * len(actual) > A_LONG_WALK:
        return None
    best = candidates(history, made, actual)
    stamp = next(one for one in best if one.revision == revision)
    return best[0] if best[0].distance < stamp.distance else None


def read_database(
    database: URL,
    history: History,
    *,
    requires: bool = False,
    like: Catalog | None = None,
    checks: bool = False,
) -> tuple[Catalog, tuple[str, ...]]:
    """Return the database's catalog and the revisions that it is stamped with: one, unless the history has branches.

    There is none while it is empty. `like`: see `inspect`. With `checks`, reading goes on without objects that another
    role has locked, and without a stamp that this role cannot read: the head is then compared instead. Raises Failure,
    with a remedy, for stamps that identify no state: none on a database with tables, an id that no file has, or a
    revision beside one that includes it.
    """

    def read(it: Connection) -> tuple[tuple[list[str] | None, str], Catalog]:
        require_role(it, history.project.owner)
        return _stamps(it, history.heads if checks else []), inspect(it, requires=requires, owners=True, like=like)

    (revisions, unread), catalog = in_snapshot(database, read, around_locks=checks)
    if unread:
        catalog = replace(catalog, unreadable=(unread, *catalog.unreadable))
    return catalog, sure_revisions(history, database, revisions, catalog)


def _stamps(connection: Connection, heads: list[str]) -> tuple[list[str] | None, str]:
    """Return the stamps, and "" or the reason why they cannot be read: then `heads` replace them.

    Raises Failure if they cannot be read and there are no `heads`.
    """
    try:
        return stamped(connection), ""
    except Unreadable as failure:
        if not heads:
            raise
        head = f"{plurals.plural('head', len(heads))}, {', '.join(heads)}"
        return heads, f"{failure.what} It was compared with the {head}. {failure.remedy}"


def sure_revisions(history: History, database: URL, revisions: list[str] | None, catalog: Catalog) -> tuple[str, ...]:
    """Return the revisions of a database with these stamps. Raises Failure as `read_database` does."""
    tables = sum(item.kind == "table" for item in catalog)
    if not revisions:
        if not tables:
            return ()
        empty = "an alembic_version without a row" if revisions == [] else "no alembic_version"
        raise Failure(
            f"The database {database.database} has {plurals.counted(tables, 'table')} and {empty}:"
            " no telling which revision made it.",
            "Is it the right database? migrate.py whereami says which revision it equals, migrate.py adopt stamps it.",
        )
    history.require_known(revisions)
    history.pending(revisions)  # fails for a revision beside one that includes it
    return tuple(revisions)


def _desired(project: Project, made: Shadows) -> tuple[URL, list[Fault], list[Defect]]:
    """Create a shadow of the models; return its URL, the functions that cannot run, and the objects that it lacks."""
    shadow = made.create("desired")
    with connected(shadow) as connection:
        defects = build(connection, project)
        return shadow, faults(connection, project), defects
