"""Upgrade and downgrade a database, and report which revisions ran and how long they took."""

from __future__ import annotations

import re
import shlex
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import Any

from alembic.runtime.migration import RevisionStep
from alembic.script import Script
from psycopg2.errors import DuplicateFunction, DuplicateObject, DuplicateSchema, DuplicateTable, NotNullViolation
from sqlalchemy import URL
from sqlalchemy.exc import DBAPIError, InvalidRequestError

from whisper_migrate.catalog.describe import title
from whisper_migrate.databases.first_failure import before, details, first_failure, named
from whisper_migrate.databases.interruption import is_of_a_signal
from whisper_migrate.databases.stamps import stamped
from whisper_migrate.databases.whole_transaction import EndedItself
from whisper_migrate.errors import Failure
from whisper_migrate.history import baseline
from whisper_migrate.history.history import History
from whisper_migrate.models.unchanged_models import noted
from whisper_migrate.project.environment import environment
from whisper_migrate.project.project import Project
from whisper_migrate.running import half_run
from whisper_migrate.running.heartbeat import lost
from whisper_migrate.running.journal import goes_on, so_far
from whisper_migrate.running.patience import Patience, passing
from whisper_migrate.running.progress import Progress
from whisper_migrate.running.session import Session, Underway, session
from whisper_migrate.running.way import plain_words, way

THERE_ALREADY = (DuplicateTable, DuplicateObject, DuplicateSchema, DuplicateFunction)


@dataclass(frozen=True)
class Applied:
    """A revision that was run: its id, message and duration, its number, and how many there were to run."""

    revision: str
    message: str
    seconds: float
    number: int
    total: int


@dataclass(frozen=True)
class Outcome:
    """The stamps of a database before and after a run, and the revisions that were run."""

    before: list[str]
    after: list[str]
    applied: list[Applied]


Tell = Callable[[Applied], None]


def upgrade(project: Project, url: URL, target: str, tell: Tell) -> Outcome:
    """Apply the revisions up to `target` (an id, its beginning, `+1`, `head`), and call `tell` after each."""
    with runner(project, url, "upgrade", target, tell) as run:
        return run()


def downgrade(project: Project, url: URL, target: str, tell: Tell) -> Outcome:
    """Revert revisions down to `target` (an id, `-1`, `base`), and call `tell` after each."""
    with runner(project, url, "downgrade", target, tell) as run:
        return run()


@dataclass
class Runner:
    """A prepared run. It holds the lock, and starts when it is called."""

    history: History
    opened: Session
    direction: str
    target: str
    before: list[str]
    tell: Tell
    applied: list[Applied] = field(default_factory=list)

    @property
    def steps(self) -> list[RevisionStep]:
        """The steps to run, in order."""
        return way(self.history, self.direction, self.target, self.before)

    @property
    def destination(self) -> str:
        """The target, as a revision id if it counts steps, since a command that is repeated counts from elsewhere."""
        if not self.steps or not re.fullmatch(r"-\d+", self.target):
            return self.target
        down = self.steps[-1].revision.down_revision
        return self.target if isinstance(down, tuple) else str(down or "base")

    def __call__(self) -> Outcome:
        """Run the revisions. Raises Failure if one fails: it is not applied, and those before it stay applied."""
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
        except BaseException as error:
            if is_of_a_signal(error):
                raise
            raise self._stopped(first_failure(error), error) from error
        return Outcome(self.before, stamped(connection) or [], self.applied)

    def _work(self, **options: Any) -> None:
        config = self.opened.project.alembic(self.opened.connection)
        config.attributes["options"] = options
        work = environment(config, self.history.scripts, destination_rev=self.target)
        with noted(self.history.folders), work as run:
            run()

    def _applied(self, underway: Underway) -> None:
        # A squash and the last revision it folded have one id; the revision map has the file that was run.
        script = underway.info.revision_map.get_revision(underway.revision)
        doc = title(script) if isinstance(script, Script) else ""
        self.applied.append(Applied(underway.revision, doc, underway.seconds, underway.number, underway.total))
        self.tell(self.applied[-1])

    def _stopped(self, error: BaseException, last: BaseException) -> Failure:
        """Return the failure for the `error` that stopped the run; `last` is the last exception that Python raised."""
        project, direction = self.opened.project, self.direction
        revision, began = self.opened.statements.kept
        words = named(error) if isinstance(error, DBAPIError) else project.blame(error)
        more = details(error, f"{revision} was" if revision else "It was")
        if revision and isinstance(error, DBAPIError) and not error.statement:
            more.append(f"{revision} was at its COMMIT, which checks what is deferred")
        if earlier := before(error, project.whereabouts):
            more.append(f"Before that {project.blame(earlier)}")
        if last is not error and not isinstance(last, (DBAPIError, InvalidRequestError, Failure)):
            more.append(f"Then {project.blame(last)}")
        remedy = f"Applied before that: {len(self.applied)}. See the state of the database with: migrate.py status"
        if direction == "downgrade" and isinstance(getattr(error, "orig", None), NotNullViolation):
            file = self.history.path(self.history.find(revision))
            remedy = f"Fill the column in downgrade() of {file}, before its NOT NULL; then: migrate.py downgrade"
            remedy += f" {shlex.quote(self.destination)}"
        if not self.before and isinstance(getattr(error, "orig", None), THERE_ALREADY):
            remedy = "Did the database have this schema already? This compares it, and stamps: migrate.py adopt"
        if not self.before:
            remedy = baseline.remedy(error, project) or remedy
        if passing(error):
            words = f"it {passing(error)} behind {self.opened.watch.blocked_by()}"
            remedy = self.opened.watch.remedy
        if self.opened.watch.heartbeat.driver.closed:
            return lost(direction, revision, words if isinstance(error, DBAPIError) else "there was no answer any more")
        if began:
            they = "It is" if [entry.done for entry in began] == [True] else "They are"
            remedy = f"{they} in the journal: when the cause is gone, migrate.py {direction} {goes_on(began)}."
            if not (began[-1].done or began[-1].in_batches):
                remedy = (
                    f"Nothing tells how far statement {began[-1].statement} came. What to do: migrate.py {direction}"
                )
            what = f"The {direction} stopped in the middle of {revision}: "
            return Failure(what + ". ".join([words, so_far(began), *more, ""]).rstrip(), remedy)
        rolled_back = f"revision {revision}" if revision else "its revision"
        what = f"The {direction} stopped and {rolled_back} was rolled back: "
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
    """Prepare a run to `target`; `direction` is "upgrade" or "downgrade". Calling the runner runs the revisions."""
    history = History(project)
    with session(project, url, (), patience, progress) as opened:
        before = stamped(opened.connection) or []
        history.require_known(before)
        found = half_run.read(opened.connection, history)
        opened.connection.rollback()
        if direction == "upgrade" and not before:
            baseline.begin(opened.connection, project)
        run = Runner(history, opened, direction, target, before, tell)
        if found:
            half_run.require_first(found, run.steps)
        yield run
