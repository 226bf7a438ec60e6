"""Rehearse pending revisions, join their effects with the sizes and rows of the real database, and judge them."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from contextlib import contextmanager, nullcontext
from dataclasses import dataclass
from functools import partial
from pathlib import Path

from alembic.runtime.migration import RevisionStep
from sqlalchemy import URL

from whisper_migrate.catalog.describe import title
from whisper_migrate.databases.connect import connected
from whisper_migrate.databases.reading import in_snapshot
from whisper_migrate.databases.stamps import stamped
from whisper_migrate.errors import Failure
from whisper_migrate.history.history import History
from whisper_migrate.inspecting.inspect import inspect
from whisper_migrate.preflight.as_found import AsFound, places
from whisper_migrate.preflight.blocking import Tables, blocking, brief
from whisper_migrate.preflight.circumstances import circumstances
from whisper_migrate.preflight.compatibility import compatibility
from whisper_migrate.preflight.effects import watching
from whisper_migrate.preflight.findings import Finding, accepted
from whisper_migrate.preflight.new_rules import kept
from whisper_migrate.preflight.partitions import add_partitions, bounds, new_bounds
from whisper_migrate.preflight.questions import Asking
from whisper_migrate.preflight.rules import Level
from whisper_migrate.preflight.sizes import read_speed, sizes
from whisper_migrate.preflight.watched import Watched
from whisper_migrate.project.project import Project
from whisper_migrate.running import half_run
from whisper_migrate.running.rehearsal import Rehearsal, RehearsedStep, rehearsal
from whisper_migrate.running.way import revision_of, way
from whisper_migrate.wording.sign_of_life import doing


@dataclass(frozen=True)
class Forecast:
    """One pending revision: its id, message and file, its findings with the worst first, tables locked for a moment."""

    revision: str
    message: str
    path: Path
    findings: tuple[Finding, ...]
    brief: tuple[str, ...] = ()


@dataclass(frozen=True)
class Preflight:
    """The effects of all pending revisions on a database that is at the revisions `before`.

    `now` are the findings about other sessions. `unknown` is the reason if a revision could not be rehearsed.
    """

    before: Sequence[str]
    forecasts: Sequence[Forecast] = ()
    now: Sequence[Finding] = ()
    unknown: str = ""

    @property
    def findings(self) -> list[Finding]:
        """All findings, the worst first."""
        found = [*self.now, *(one for forecast in self.forecasts for one in forecast.findings)]
        return sorted(found, key=lambda one: one.place)

    @property
    def exit_code(self) -> int:
        """0 safe, 1 something to decide, 2 could not tell."""
        open_ = [one for one in self.findings if one.is_open]
        if self.unknown or any(one.rule.level is Level.UNKNOWN for one in open_):
            return 2
        return 1 if open_ else 0


def preflight(project: Project, url: URL, target: str, replica: URL | None, seconds: float) -> Preflight:
    """Return what the revisions up to `target` would do to the database. It is only read, as is its `replica`.

    Questions about rows go to the replica if there is one; each may take `seconds`.
    """
    history = History(project)
    with connected(url, read_only=True) as connection:
        before = stamped(connection) or []
        history.require_known(before)
        stopped, _ = half_run.read_or_why(connection, history)
        for half in stopped:
            raise Failure(f"Nothing was forecast: {half.what}", half.remedy)
        steps = way(history, "upgrade", target, before)
        if not steps:
            return Preflight(before)
    try:
        with rehearsal(history, url, before) as ahead:
            added = add_partitions(ahead.shadow, url, _tables(ahead).values())
            if added:
                ahead.catalog = inspect(ahead.shadow, requires=True)
                ahead.shadow.commit()
            origin = _tables(ahead)
            watched, rehearsed = _rehearse(ahead, steps, origin)
    except Failure as failure:
        return Preflight(before, unknown=failure.what)
    known = in_snapshot(url, partial(sizes, names=origin.values()))
    with connected(url, read_only=True, snapshot=False) as connection:
        tables = Tables({**origin, **added}, known, read_speed(connection, known))
        with connected(replica, read_only=True, snapshot=False) if replica else nullcontext(connection) as asked:
            asking = Asking(asked, seconds)
            with doing("asking the rows"):
                forecasts = [_forecast(history, step, watched[step.revision], tables, asking) for step in rehearsed]
        locked = {table for forecast in forecasts for table in forecast.brief}
        locked |= {one.table for forecast in forecasts for one in forecast.findings if one.table in known}
        return Preflight(before, forecasts, [*circumstances(connection, locked)])


def _rehearse(
    ahead: Rehearsal, steps: Sequence[RevisionStep], origin: dict[int, str]
) -> tuple[dict[str, Watched], list[RehearsedStep]]:
    watched: dict[str, Watched] = {}
    writers: dict[int, list[str]] = {}
    values: dict[tuple[int, int], str | None] = {}
    start = places(ahead.shadow)

    @contextmanager
    def around(step: RevisionStep) -> Iterator[None]:
        names = {name: origin[oid] for oid, name in _tables(ahead).items() if oid in origin}
        rules, old_bounds = kept(ahead.shadow), bounds(ahead.shadow)
        with watching(ahead.shadow) as effects:
            yield
        for effect in effects:
            for oid in effect.written:
                writers.setdefault(oid, []).append(effect.sql)
            for place, value in effect.values.items():
                values.setdefault(place, value)
        found = AsFound(start, places(ahead.shadow), dict(values))
        old = {key for id_, key in kept(ahead.shadow).items() if id_ in rules}
        then = {oid: tuple(statements) for oid, statements in writers.items()}
        changed_bounds = new_bounds(old_bounds, bounds(ahead.shadow))
        watched[revision_of(step)] = Watched(effects, names, found, old, then, changed_bounds)

    return watched, ahead.go(steps, around)


def _tables(ahead: Rehearsal) -> dict[int, str]:
    return {oid: table for (oid, number), (table, _) in places(ahead.shadow).items() if number == 0}


def _forecast(history: History, step: RehearsedStep, watched: Watched, tables: Tables, asking: Asking) -> Forecast:
    path = history.project.root / history.path(history.find(step.revision))
    existing = {name for name, table in watched.names.items() if table in tables.sizes}
    found = [
        *blocking(step.revision, watched.effects, tables),
        *asking.rows(step, watched),
        *compatibility(step.revision, step.changes, step.before, step.after, existing),
    ]
    findings = sorted((accepted(one, path) for one in found), key=lambda one: one.place)
    besides = {one.table for one in findings if one.seconds and one.table}
    return Forecast(
        step.revision, title(step.step), path, tuple(findings), tuple(brief(watched.effects, tables, besides))
    )
