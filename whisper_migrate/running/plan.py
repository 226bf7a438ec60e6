"""The plan of a run (--plan): the revisions that it would run, and the data that they would lose."""

from __future__ import annotations

import shlex
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Any

from alembic.runtime.migration import RevisionStep
from sqlalchemy import URL

from whisper_migrate.catalog.describe import title
from whisper_migrate.databases.connect import connected
from whisper_migrate.databases.stamps import stamped
from whisper_migrate.errors import Failure
from whisper_migrate.history.history import History
from whisper_migrate.project.project import Project
from whisper_migrate.running import half_run
from whisper_migrate.running.half_run import HalfRun
from whisper_migrate.running.rehearsal import rehearsal
from whisper_migrate.running.total_loss import TotalLoss, downgrade_to, total_loss
from whisper_migrate.running.way import revision_of, way
from whisper_migrate.wording.revision_ids import ids


@dataclass(frozen=True)
class Plan:
    """The steps of a run from the revisions `before` to `target`, and the losses of each step in lines.

    `lost` is the loss of a whole downgrade. `unknown` is the reason if the losses could not be found out.
    """

    direction: str
    target: str
    before: list[str]
    steps: Sequence[RevisionStep] = ()
    stopped: Sequence[HalfRun] = ()
    losses: Sequence[list[str]] = ()
    lost: TotalLoss | None = None
    unknown: str = ""

    def lines(self) -> Iterator[str]:
        """Yield the plan for people."""
        for half in self.stopped:
            yield half.what
            yield f"  -> {half.remedy}"
        if not self.steps:
            if not self.stopped:
                yield f"Nothing to do: the database is at {ids(self.before)}."
            return
        for number, (step, lines) in enumerate(zip(self.steps, self.losses, strict=True), 1):
            yield f"  {number}/{len(self.steps)} {revision_of(step)} {title(step)}"
            yield from (f"      {text}" for text in lines)
        if self.lost and self.lost.rows:
            yield f"Run with: {downgrade_to(self.target)(shlex.quote(self.lost.word))}"
        if self.unknown:
            yield f"Their losses are unknown. {self.unknown}"
        yield "Nothing was run."
        if self.direction == "upgrade":
            yield "  -> migrate.py preflight   (which tables it would block, on which rows it would fail)"

    @property
    def document(self) -> dict[str, Any]:
        """The plan as plain data."""
        return {
            "direction": self.direction,
            "target": self.target,
            "revisions": self.before,
            "steps": [
                {"revision": revision_of(step), "message": title(step), "losses": lines}
                for step, lines in zip(self.steps, self.losses, strict=True)
            ],
            "stopped": [{"what": half.what, "remedy": half.remedy} for half in self.stopped],
            "rows_lost": self.lost.rows if self.lost else None,
            "allow_data_loss": self.lost.word if self.lost and self.lost.rows else None,
            "unknown": self.unknown or None,
        }


def plan(project: Project, url: URL, direction: str, target: str) -> Plan:
    """Return the plan of a run. The database is only read; the losses come from a rehearsal in a shadow.

    Raises Failure if a revision was stopped in its middle and the run does not begin with it.
    """
    history = History(project)
    with connected(url, read_only=True) as connection:
        before = stamped(connection) or []
        history.require_known(before)
        steps = way(history, direction, target, before)
        stopped = half_run.read(connection, history)
        if not steps:
            return Plan(direction, target, before, stopped=stopped)
        half_run.require_first(stopped, steps)
    try:
        with rehearsal(history, url, before) as ahead:
            rehearsed_steps = ahead.go(steps)
        with connected(url, read_only=True, snapshot=False) as connection:
            losses = [total_loss([rehearsed], connection).lines for rehearsed in rehearsed_steps]
            lost = total_loss(rehearsed_steps, connection) if direction == "downgrade" else None
    except Failure as failure:
        return Plan(direction, target, before, steps, stopped, [[] for _ in steps], unknown=failure.what)
    return Plan(direction, target, before, steps, stopped, losses, lost)
