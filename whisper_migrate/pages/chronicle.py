"""The history as pages show it: every revision is run up and down in a shadow, and each of its changes is recorded."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass

from alembic.runtime.migration import RevisionStep
from alembic.script import Script
from sqlalchemy import URL

from whisper_migrate.catalog.model import Catalog, Change, Key, Object
from whisper_migrate.history.history import History
from whisper_migrate.revisions.both_ways import Entry, Way, entry, revert
from whisper_migrate.running.rehearsal import Rehearsal, RehearsedStep, rehearsal_on
from whisper_migrate.running.way import revision_of
from whisper_migrate.wording.sign_of_life import counting


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
    with rehearsal_on(server, history) as ahead:
        ups = list(_applied(ahead, history.upgrade_steps("heads", ())))
        downs = dict(_reverted(history, ahead))
    creators: dict[Key, Script] = {}
    changers: dict[Key, Script] = {}
    for step in ups:
        for change in step.changes:
            _enter(creators, changers, step, change)
    return Chronicle(tuple(entry(history, step, downs.get(step.revision, Way())) for step in ups), creators, changers)


def _applied(ahead: Rehearsal, steps: Sequence[RevisionStep]) -> Iterator[RehearsedStep]:
    with counting("upgrade") as count:
        for step in steps:
            count(len(steps))
            yield ahead.go([step])[-1]


def _reverted(history: History, ahead: Rehearsal) -> Iterator[tuple[str, Way]]:
    """Yield the hazards of each downgrade, newest first; after one that fails, only that the others were not tried."""
    steps: Sequence[RevisionStep] = list(history.downgrade_steps("base", history.heads))
    stopped = ""
    with counting("downgrade") as count:
        for step in steps:
            count(len(steps))
            way = Way(failure=stopped) if stopped else revert(ahead, step)
            yield revision_of(step), way
            if way.failure and not stopped:
                stopped = f"Not tried, because the downgrade of {revision_of(step)} fails."


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
