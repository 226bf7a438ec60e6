"""The history as pages show it: every revision is run up and down in a shadow, and each of its changes is recorded."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass

from alembic.runtime.migration import RevisionStep
from alembic.script import Script
from sqlalchemy import URL, Connection

from whisper_migrate.catalog.describe import outline, title
from whisper_migrate.catalog.model import Catalog, Change, Key, Object
from whisper_migrate.databases.connect import connected
from whisper_migrate.databases.shadow import shadows
from whisper_migrate.errors import Failure
from whisper_migrate.history.baseline import begin
from whisper_migrate.history.history import History
from whisper_migrate.inspecting.inspect import inspect
from whisper_migrate.running.ledger import parents
from whisper_migrate.running.offline import script as written
from whisper_migrate.running.patience import Patience
from whisper_migrate.running.rehearsal import Rehearsal, RehearsedStep
from whisper_migrate.running.way import revision_of


@dataclass(frozen=True)
class Way:
    """One direction of a revision: the hazards for data, and the SQL, or the reason why there is none."""

    hazards: tuple[str, ...] = ()
    sql: str = ""
    failure: str = ""


@dataclass(frozen=True)
class Entry:
    """A revision: its changes, made in the order of the history, and both of its directions."""

    script: Script
    parents: tuple[str, ...]
    file: str
    changes: tuple[Change, ...]
    up: Way
    down: Way

    @property
    def outline(self) -> list[Change]:
        """The changes without those of objects inside new or dropped tables."""
        return outline(list(self.changes))

    @property
    def title(self) -> str:
        """The first line of the revision's message."""
        return title(self.script)


@dataclass(frozen=True)
class Chronicle:
    """All revisions in the order in which they run, and the revisions that created and last changed each object."""

    entries: tuple[Entry, ...]
    creators: Mapping[Key, Script]
    changers: Mapping[Key, Script]

    def made(self, item: Object) -> Script | None:
        """Return the revision that created an object, or gave it its name; None if no revision has it yet."""
        return self.creators.get(item.key)

    def last(self, item: Object) -> Script | None:
        """Return the revision that last changed an object, its comment or, of a table, any part of it."""
        return self.changers.get(item.key)


def read(history: History, server: URL) -> Chronicle:
    """Run all revisions up and then down in a shadow on `server`. Raises Failure if one cannot be applied."""
    with shadows(server) as made, connected(made.create("history")) as shadow:
        ahead = _begun(history, shadow)
        ups = [ahead.go([step])[-1] for step in list(history.upgrade_steps("heads", ()))]
        downs = dict(_reverted(history, ahead))
    creators: dict[Key, Script] = {}
    changers: dict[Key, Script] = {}
    for step in ups:
        for change in step.changes:
            _enter(creators, changers, step, change)
    return Chronicle(tuple(_entry(history, step, downs) for step in ups), creators, changers)


def _begun(history: History, shadow: Connection) -> Rehearsal:
    begin(shadow, history.project)
    catalog = inspect(shadow, requires=True)
    shadow.commit()
    return Rehearsal(history, shadow, catalog)


def _reverted(history: History, ahead: Rehearsal) -> Iterator[tuple[str, Way]]:
    """Yield the hazards of each downgrade, newest first; after one that fails, only that the others were not tried."""
    steps: Sequence[RevisionStep] = list(history.downgrade_steps("base", history.heads))
    stopped = ""
    for step in steps:
        if stopped:
            yield revision_of(step), Way(failure=stopped)
            continue
        try:
            yield revision_of(step), Way(_hazards(ahead.go([step])[-1]))
        except Failure as failure:
            yield revision_of(step), Way(failure=failure.what)
            stopped = f"Not tried, because the downgrade of {revision_of(step)} fails."


def _hazards(step: RehearsedStep) -> tuple[str, ...]:
    named = step.then or step
    deletes = [f"may delete rows: {one.sql}" for one in named.on_rows if one.destroys]
    return (*(loss.what for loss in named.losses), *deletes)


def _enter(creators: dict[Key, Script], changers: dict[Key, Script], step: RehearsedStep, change: Change) -> None:
    item, revision = change.object, step.step.revision
    assert isinstance(revision, Script)
    if change.sign == "-":
        creators.pop(item.key, None)
    elif change.sign == "+":
        creators[item.key] = revision
    catalog = step.before if change.sign == "-" else step.after
    for key in (item.key, *_whole(catalog, item)):
        changers[key] = revision


def _whole(catalog: Catalog, item: Object) -> Iterable[Key]:
    """Return the table of a part, and the object that a comment or grant is on."""
    if item.parent is None:
        return ()
    return {key for key in catalog.requires.get(item.key, ()) if item.parent in (key[1], catalog[key].parent)} | {
        key for kind in ("table", "foreign_table", "view", "domain") if (key := (kind, item.parent)) in catalog
    }


def _entry(history: History, step: RehearsedStep, downs: Mapping[str, Way]) -> Entry:
    revision = step.step.revision
    assert isinstance(revision, Script)
    down = downs.get(revision.revision, Way())
    return Entry(
        revision,
        tuple(parents(revision)),
        str(history.path(revision)),
        tuple(step.changes),
        Way(_hazards(step), *_sql(history, revision, "upgrade")),
        down if down.failure else Way(down.hazards, *_sql(history, revision, "downgrade")),
    )


def _sql(history: History, revision: Script, direction: str) -> tuple[str, str]:
    """Return the script of one direction and "", or "" and the reason why there is none."""
    below = parents(revision)
    if len(below) > 1:
        return "", f"It joins {' and '.join(below)}."
    start, end = (below[0] if below else "base"), revision.revision
    target = f"{start}:{end}" if direction == "upgrade" else f"{end}:{start}"
    try:
        return written(history.project, direction, target, Patience(), history), ""
    except Failure as failure:
        return "", failure.what
