"""Run revisions with checks: for drift and for data loss before the run, and of the catalog after it."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from contextlib import ExitStack
from dataclasses import dataclass

from sqlalchemy.exc import DBAPIError

from whisper_migrate.catalog.describe import line, outline
from whisper_migrate.catalog.model import Change, Key
from whisper_migrate.databases.whole_transaction import EndedItself
from whisper_migrate.errors import Failure, reason
from whisper_migrate.inspecting.inspect import inspect
from whisper_migrate.inspecting.owners import require_role
from whisper_migrate.running import locks_first
from whisper_migrate.running.drifted import blocking_drift
from whisper_migrate.running.journal import Journal
from whisper_migrate.running.loss_guard import guarded
from whisper_migrate.running.rehearsal import Rehearsal, rehearsal
from whisper_migrate.running.runner import Outcome, Runner
from whisper_migrate.running.total_loss import downgrade_to, everything, total_loss
from whisper_migrate.wording.plurals import counted, verb

Say = Callable[[str], None]
NO_CHECK = "--no-check"

FEW = 3  # lines of objects that are there already
MANY = 20  # lines of changes at most; for the rest only their number


@dataclass(frozen=True)
class Checked:
    """A finished run, with the differences between database and history, or the reason why nothing was compared."""

    outcome: Outcome
    differs: list[Change]
    why_not: str | None = None


def upgraded(run: Runner, say: Say, *, despite_drift: bool = False, unchecked: bool = False) -> Checked:
    """Run an upgrade, and compare the database with the history before and after it.

    Raises Failure, before any revision runs, if an object that the revisions touch has drifted.
    """
    if unchecked:
        return _done(run, None, say, NO_CHECK)
    require_role(run.opened.connection, run.history.project.owner)
    run.opened.connection.rollback()
    with ExitStack() as stack:
        ahead, why = None, None
        try:
            ahead = stack.enter_context(rehearsal(run.history, run.opened.url, run.before))
            _require_way(ahead, run, say, despite_drift)
        except (_Refused, EndedItself):
            raise
        except (Failure, DBAPIError) as error:
            run.opened.connection.rollback()
            ahead, why = None, _unchecked(error, say)
        return _done(run, ahead, say, why)


def downgraded(run: Runner, say: Say, *, word: str | None, unchecked: bool = False) -> Checked:
    """Run a downgrade, and compare the database with the history after it.

    Raises Failure, before any revision runs, if the downgrade would lose rows and `word` does not permit so many.
    """
    connection, again = run.opened.connection, downgrade_to(run.destination)
    with ExitStack() as stack:
        why = NO_CHECK if unchecked else None
        try:
            ahead = stack.enter_context(rehearsal(run.history, run.opened.url, run.before))
            rehearsed_steps = ahead.go(run.steps)
            lost, guard = total_loss(rehearsed_steps, connection), guarded(rehearsed_steps, connection, word, again)
        except EndedItself:
            raise
        except Failure as failure:
            connection.rollback()
            everything(connection, failure.what).require(
                word, f"The losses of the downgrade are unknown. {failure.what} Nothing was reverted", again
            )
            connection.rollback()
            return _done(run, None, say, why or _unchecked(failure, say))
        connection.rollback()
        lost.require(word, "Nothing was reverted", again)
        run.opened.listeners = (*run.opened.listeners, guard.listener, locks_first.listener(ahead.locks))
        for text in lost.lines:
            say(f"  {text}")
        outcome = run()
        return Checked(outcome, [], why) if unchecked else _compared_below(run, outcome, say)


def listed(changes: Sequence[Change], notes: Mapping[Key, str] | None = None) -> str:
    """Return changes as indented lines, each followed by its note."""
    shown = [line(change) + (notes or {}).get(change.object.key, "") for change in outline(list(changes))]
    more = [f"... and {len(shown) - MANY} more: migrate.py check-drift"] if len(shown) > MANY else []
    return "".join(f"\n  {text}" for text in shown[:MANY] + more)


class _Refused(Failure):
    """The run was refused because of drift. Other failures only mean that the rehearsal was not possible."""


def _require_way(ahead: Rehearsal, run: Runner, say: Say, despite_drift: bool) -> None:
    connection = run.opened.connection
    halfway = Journal.read(connection).entries  # an unfinished revision is no drift
    actual = inspect(connection, requires=True, owners=True, like=ahead.catalog)
    connection.rollback()
    drift = ahead.differences(actual)
    if not drift or halfway:
        ahead.hurry(run.steps)
        return
    where = ", ".join(run.before) or "its beginning"
    obstacles = blocking_drift(drift, ahead.go(run.steps), actual)
    if obstacles and not despite_drift and not run.before:
        there = outline([change for change, _ in obstacles])
        named = "".join(f"\n  {line(change)}" for change in there[:FEW])
        raise _Refused(
            f"Nothing was run: the database is stamped with no revision, and {counted(len(there), 'object')} of the"
            f" history {verb(len(there), 'is', 'are')} there already, such as:{named}",
            "migrate.py adopt   (compares it with every revision, says what it would do, and stamps)",
        )
    if obstacles and not despite_drift:
        touched = {change.object.key: f" ({revision} touches it)" for change, revision in obstacles}
        raise _Refused(
            f"Nothing was run: the database differs from the history at {where} in what is about to be changed."
            + listed([change for change, _ in obstacles], touched),
            "Take it back: migrate.py repair; to run all the same: migrate.py upgrade --despite-drift",
        )
    touch = "the revisions to run touch some of it" if obstacles else "the revisions to run do not touch it"
    say(f"The database differs from the history at {where} ({touch}):{listed(drift)}")


def _done(run: Runner, ahead: Rehearsal | None, say: Say, why_not: str | None) -> Checked:
    """Run the revisions, then compare the database with the rehearsal, if there was one."""
    if ahead:
        run.opened.listeners = (*run.opened.listeners, locks_first.listener(ahead.locks))
    outcome = run()
    return _compared(run, outcome, ahead, say) if ahead else Checked(outcome, [], why_not)


def _compared_below(run: Runner, outcome: Outcome, say: Say) -> Checked:
    """Compare a database after a downgrade with a shadow that was upgraded to there: a downgrade may leave objects."""
    try:
        with rehearsal(run.history, run.opened.url, outcome.after) as there:
            return _compared(run, outcome, there, say)
    except (Failure, DBAPIError) as error:
        return Checked(outcome, [], _unchecked(error, say))


def _compared(run: Runner, outcome: Outcome, ahead: Rehearsal, say: Say) -> Checked:
    connection = run.opened.connection
    try:
        return Checked(outcome, ahead.differences(inspect(connection, owners=True, like=ahead.catalog)))
    except (Failure, DBAPIError) as error:
        return Checked(outcome, [], _unchecked(error, say))
    finally:
        connection.rollback()


def _unchecked(error: Failure | DBAPIError, say: Say) -> str:
    why = error.what if isinstance(error, Failure) else f"{reason(error)}."
    say(f"Not checked: {why}")
    return why
