"""Upgrades and downgrades: what ran, from where to where, and how long it took."""

from __future__ import annotations

import warnings
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from alembic.runtime.environment import EnvironmentContext
from alembic.runtime.migration import RevisionStep
from alembic.util.exc import CommandError
from psycopg2.errors import DuplicateObject, DuplicateTable
from sqlalchemy import URL
from sqlalchemy.exc import DBAPIError

from whisper_migrate.errors import Failure, reason
from whisper_migrate.history import History, stamped
from whisper_migrate.project import Project
from whisper_migrate.running.session import Session, Underway, session


@dataclass(frozen=True)
class Applied:
    """One revision that was run: its id, its message, and how many seconds it took."""

    revision: str
    message: str
    seconds: float


@dataclass(frozen=True)
class Outcome:
    """Where a database stood before a run and after it, and what was run."""

    before: list[str]
    after: list[str]
    applied: list[Applied]


def upgrade(project: Project, url: URL, target: str, tell: Callable[[Applied], None]) -> Outcome:
    """Run the revisions up to `target` (an id, the beginning of one, `+1`, `head`); `tell` hears of each."""
    return _run(project, url, "upgrade", target, tell)


def downgrade(project: Project, url: URL, target: str, tell: Callable[[Applied], None]) -> Outcome:
    """Take revisions back, down to `target` (an id, `-1`, `base`); `tell` hears of each."""
    return _run(project, url, "downgrade", target, tell)


def _run(project: Project, url: URL, direction: str, target: str, tell: Callable[[Applied], None]) -> Outcome:
    history = History(project)
    if target == "head":
        target = history.head or "base"
    applied: list[Applied] = []

    def heard(underway: Underway) -> Callable[[], None]:
        def ran() -> None:
            script = history.find(underway.revision)
            applied.append(Applied(script.revision, script.doc, underway.seconds))
            tell(applied[-1])

        return ran

    with session(project, url, [heard]) as opened:
        connection = opened.connection
        before = stamped(connection) or []
        history.require_known(before)
        connection.rollback()
        try:
            with warnings.catch_warnings():
                warnings.filterwarnings("error", category=UserWarning, module=r"alembic\.")  # what is ambiguous
                _alembic(opened, history, direction, target)
            connection.commit()
        except Failure:
            raise
        except (CommandError, UserWarning) as error:
            raise Failure(f"{reason(error)}.", "See the revisions there are with: migrate.py history") from error
        except Exception as error:
            words = reason(error) if isinstance(error, DBAPIError) else project.blame(error)
            remedy = f"Applied before that: {len(applied)}. See where the database stands with: migrate.py status"
            if not before and isinstance(getattr(error, "orig", None), (DuplicateTable, DuplicateObject)):
                remedy = "Did the database have this schema already? Then stamp it: migrate.py stamp REV"
            raise Failure(f"The {direction} stopped and its revision was rolled back: {words}.", remedy) from error
        after = stamped(connection) or []
    return Outcome(before, after, applied)


def _alembic(opened: Session, history: History, direction: str, target: str) -> None:
    """Let Alembic run the revisions on the way to `target`."""

    def steps(heads: Any, _: Any) -> list[RevisionStep]:
        way = history.scripts._upgrade_revs if direction == "upgrade" else history.scripts._downgrade_revs
        return way(target, heads)

    config = opened.project.alembic(opened.connection)
    config.attributes["options"] = opened.options(steps)
    with EnvironmentContext(config, history.scripts, fn=steps, destination_rev=target):
        history.scripts.run_env()
