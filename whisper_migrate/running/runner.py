"""Upgrades and downgrades: what ran, from where to where, and how long it took."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import Any

from alembic.runtime.migration import RevisionStep
from alembic.script import Script
from psycopg2.errors import DuplicateObject, DuplicateTable
from sqlalchemy import URL
from sqlalchemy.exc import DBAPIError, InvalidRequestError

from whisper_migrate.databases.first_failure import details, first_failure, named
from whisper_migrate.databases.stamps import stamped
from whisper_migrate.databases.whole_transaction import EndedItself
from whisper_migrate.environment import environment
from whisper_migrate.errors import Failure
from whisper_migrate.history import History
from whisper_migrate.plurals import verb
from whisper_migrate.project import Project
from whisper_migrate.running import half_run
from whisper_migrate.running.heartbeat import lost
from whisper_migrate.running.patience import Patience, passing
from whisper_migrate.running.progress import Progress
from whisper_migrate.running.session import Session, Underway, session
from whisper_migrate.running.way import plain_words, way


@dataclass(frozen=True)
class Applied:
    """One revision that was run: its id, its message, the seconds it took, and its place among those to run."""

    revision: str
    message: str
    seconds: float
    number: int
    total: int


@dataclass(frozen=True)
class Outcome:
    """Where a database stood before a run and after it, and what was run."""

    before: list[str]
    after: list[str]
    applied: list[Applied]


Tell = Callable[[Applied], None]


def upgrade(project: Project, url: URL, target: str, tell: Tell) -> Outcome:
    """Run the revisions up to `target` (an id, the beginning of one, `+1`, `head`); `tell` hears of each."""
    with runner(project, url, "upgrade", target, tell) as run:
        return run()


def downgrade(project: Project, url: URL, target: str, tell: Tell) -> Outcome:
    """Take revisions back, down to `target` (an id, `-1`, `base`); `tell` hears of each."""
    with runner(project, url, "downgrade", target, tell) as run:
        return run()


@dataclass
class Runner:
    """A run that is about to be made: nobody else runs revisions there until it is over."""

    history: History
    opened: Session
    direction: str
    target: str
    before: list[str]
    tell: Tell
    applied: list[Applied] = field(default_factory=list)

    @property
    def steps(self) -> list[RevisionStep]:
        """What it will run, in order."""
        return way(self.history, self.direction, self.target, self.before)

    def __call__(self) -> Outcome:
        """Run it. Raises Failure when a revision fails: that one is then not applied, and those before it are."""
        connection = self.opened.connection
        try:
            with plain_words():
                self.opened.run(
                    lambda heads, _: way(self.history, self.direction, self.target, heads), self._work, self._applied
                )
        except EndedItself as failure:
            error = first_failure(failure)
            if error is failure:
                raise
            raise self._stopped(error, failure) from error
        except Failure:
            raise
        except (Exception, SystemExit) as error:
            raise self._stopped(first_failure(error), error) from error
        return Outcome(self.before, stamped(connection) or [], self.applied)

    def _work(self, **options: Any) -> None:
        config = self.opened.project.alembic(self.opened.connection)
        config.attributes["options"] = options
        with environment(config, self.history.scripts, destination_rev=self.target):
            self.history.scripts.run_env()

    def _applied(self, underway: Underway) -> None:
        # Of two files with one id, a squash and the last that it folded, it is the one that was run.
        script = underway.info.revision_map.get_revision(underway.revision)
        doc = script.doc if isinstance(script, Script) else ""
        self.applied.append(Applied(underway.revision, doc, underway.seconds, underway.number, underway.total))
        self.tell(self.applied[-1])

    def _stopped(self, error: BaseException, last: BaseException) -> Failure:
        """What an error means that has stopped the run; `last` is what Python raised in the end."""
        project, direction = self.opened.project, self.direction
        revision, began = self.opened.statements.kept
        words = named(error) if isinstance(error, DBAPIError) else project.blame(error)
        more = details(error, f"{revision} was" if revision else "It was")
        if last is not error and not isinstance(last, (DBAPIError, InvalidRequestError, Failure)):
            more.append(f"Then {project.blame(last)}")
        remedy = f"Applied before that: {len(self.applied)}. See where the database stands with: migrate.py status"
        if not self.before and isinstance(getattr(error, "orig", None), (DuplicateTable, DuplicateObject)):
            remedy = "Did the database have this schema already? See what it is: migrate.py whereami"
        if passing(error):
            words = f"it {passing(error)} behind {self.opened.watch.blocked_by()}"
            remedy = self.opened.watch.remedy
        if self.opened.watch.heartbeat.driver.closed:
            return lost(direction, words if isinstance(error, DBAPIError) else "there was no answer any more")
        if began:
            done = sum(entry.done for entry in began)
            count = f"{done} of its statements {verb(done, 'is', 'are')} done"
            remedy = f"They are in the journal: when the cause is gone, migrate.py {direction} goes on behind them."
            if done < len(began):
                remedy = (
                    f"Nothing tells how far statement {began[-1].statement} came. What to do: migrate.py {direction}"
                )
            what = f"The {direction} stopped in the middle of {revision}: "
            return Failure(what + ". ".join([words, count, *more, ""]).rstrip(), remedy)
        what = f"The {direction} stopped and its revision was rolled back: "
        return Failure(what + ". ".join([words, *more, ""]).rstrip(), remedy)


@contextmanager
def runner(
    project: Project,
    url: URL,
    direction: str,
    target: str,
    tell: Tell,
    patience: Patience | None = None,
    progress: Progress | None = None,
) -> Iterator[Runner]:
    """A run of the revisions on the way to `target`, "upgrade" or "downgrade": made when it is called."""
    history = History(project)
    with session(project, url, (), patience, progress) as opened:
        before = stamped(opened.connection) or []
        history.require_known(before)
        found = half_run.read(opened.connection, history)
        opened.connection.rollback()
        run = Runner(history, opened, direction, target, before, tell)
        if found:
            half_run.require_first(found, run.steps)
        yield run
