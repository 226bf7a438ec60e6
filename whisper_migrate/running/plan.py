"""The plan of a run (--plan): the revisions that it would run, and the data that they would lose."""

from __future__ import annotations

import shlex
from collections.abc import Iterator

from sqlalchemy import URL

from whisper_migrate.databases.connect import connected
from whisper_migrate.databases.stamps import stamped
from whisper_migrate.errors import Failure
from whisper_migrate.history import History
from whisper_migrate.project import Project
from whisper_migrate.running import half_run
from whisper_migrate.running.data_loss import OPTION, toll
from whisper_migrate.running.foresight import foresight
from whisper_migrate.running.way import way
from whisper_migrate.words import title


def plan(project: Project, url: URL, direction: str, target: str) -> Iterator[str]:
    """Yield the plan as lines. The database is only read; the losses come from a rehearsal in a shadow."""
    history = History(project)
    with connected(url, read_only=True) as connection:
        before = stamped(connection) or []
        history.require_known(before)
        steps = way(history, direction, target, before)
        if not steps:
            yield f"Nothing to do: the database is at {', '.join(before) or 'no revision'}."
            return
        for half in half_run.read(connection, history):
            yield half.what
            yield f"  -> {half.remedy}"
        try:
            with foresight(history, url, before) as ahead:
                strides = ahead.go(steps)
                for number, stride in enumerate(strides, 1):
                    yield f"  {number}/{len(steps)} {stride.revision} {title(stride.step)}"
                    for text in toll([stride], connection).lines:
                        yield f"      {text}"
                if direction == "downgrade" and (lost := toll(strides, connection)).rows:
                    yield f"Run with: migrate.py downgrade {shlex.quote(target)} {OPTION}{shlex.quote(lost.word)}"
        except Failure as failure:
            for number, step in enumerate(steps, 1):
                yield f"  {number}/{len(steps)} {step.revision.revision} {title(step)}"
            yield f"What they lose cannot be told. {failure.what}"
        yield "Nothing was run."
