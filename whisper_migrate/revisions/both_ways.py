"""A revision run up and down in a shadow: its changes, the SQL of both directions, and the data that each may lose."""

from __future__ import annotations

from dataclasses import dataclass

from alembic.runtime.migration import RevisionStep
from alembic.script import Script
from sqlalchemy import URL

from whisper_migrate.catalog.describe import outline, title
from whisper_migrate.catalog.model import Change
from whisper_migrate.errors import Failure
from whisper_migrate.history.branches import needed, parents
from whisper_migrate.history.history import History
from whisper_migrate.running.offline import own_statements
from whisper_migrate.running.rehearsal import Rehearsal, RehearsedStep, rehearsal_on


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


def read(history: History, server: URL, name: str) -> Entry:
    """Run one revision up and down in a shadow on `server`. Raises Failure if it cannot be applied."""
    script = history.find(name)
    graph = history.holding(script.revision).scripts.revision_map
    up, down = RevisionStep(graph, script, True), RevisionStep(graph, script, False)
    with rehearsal_on(server, history, needed(script)) as ahead:
        applied = ahead.go([up])[-1]
        return entry(history, applied, revert(ahead, down))


def revert(ahead: Rehearsal, step: RevisionStep) -> Way:
    """Revert a revision in the shadow. Return the hazards, or the reason why the downgrade fails."""
    try:
        return Way(_hazards(ahead.go([step])[-1]))
    except Failure as failure:
        return Way(failure=failure.what)


def entry(history: History, applied: RehearsedStep, down: Way) -> Entry:
    """Return an applied revision; `down` is its downgrade, to which the SQL is added."""
    revision = applied.step.revision
    assert isinstance(revision, Script)
    return Entry(
        revision,
        tuple(parents(revision)),
        str(history.path(revision)),
        tuple(applied.changes),
        Way(_hazards(applied), *_sql(history, revision, "upgrade")),
        down if down.failure else Way(down.hazards, *_sql(history, revision, "downgrade")),
    )


def _hazards(step: RehearsedStep) -> tuple[str, ...]:
    named = step.then or step
    deletes = [f"may delete rows: {one.sql}" for one in named.on_rows if one.destroys]
    return (*(loss.what for loss in named.losses), *deletes)


def _sql(history: History, revision: Script, direction: str) -> tuple[str, str]:
    """Return the statements of one direction and "", or "" and the reason why there are none."""
    below = parents(revision)
    if len(below) > 1:
        return "", f"It joins {' and '.join(below)}."
    start, end = ",".join(needed(revision)) or "base", revision.revision
    target = f"{start}:{end}" if direction == "upgrade" else f"{end}:{start}"
    try:
        return own_statements(history.holding(end), direction, target), ""
    except Failure as failure:
        return "", failure.what
