"""A run that looks before and after: at drift in its way, at what it would lose, and at what the catalog is then."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from contextlib import ExitStack
from dataclasses import dataclass

from sqlalchemy.exc import DBAPIError

from whisper_migrate.catalog import Change, Key
from whisper_migrate.databases.whole_transaction import EndedItself
from whisper_migrate.errors import Failure, reason
from whisper_migrate.inspect import inspect
from whisper_migrate.running.data_loss import everything, toll
from whisper_migrate.running.drifted import in_the_way
from whisper_migrate.running.foresight import Foresight, foresight
from whisper_migrate.running.journal import Journal
from whisper_migrate.running.runner import Outcome, Runner
from whisper_migrate.words import line, outline

Say = Callable[[str], None]
NO_CHECK = "--no-check"

MANY = 20  # lines; of more, only how many there are


@dataclass(frozen=True)
class Checked:
    """A run that was made: how the database differs then from what the history says, or why nobody has compared it."""

    outcome: Outcome
    differs: list[Change]
    why_not: str | None = None


def upgraded(run: Runner, say: Say, *, despite_drift: bool = False, unchecked: bool = False) -> Checked:
    """Make an upgrade; its outcome, and how the database differs then from what the history says.

    Raises Failure, before anything runs, when the database has drifted in what the revisions touch.
    """
    if unchecked:
        return _done(run, None, say, NO_CHECK)
    with ExitStack() as stack:
        ahead, why = None, None
        try:
            ahead = stack.enter_context(foresight(run.history, run.opened.url, run.before))
            _require_way(ahead, run, say, despite_drift)
        except (_Refused, EndedItself):
            raise
        except (Failure, DBAPIError) as error:
            run.opened.connection.rollback()
            ahead, why = None, _unchecked(error, say)
        return _done(run, ahead, say, why)


def downgraded(run: Runner, say: Say, *, word: str | None, unchecked: bool = False) -> Checked:
    """Make a downgrade, the same way. Raises Failure when it would lose rows, and `word` does not permit so many."""
    connection = run.opened.connection
    with ExitStack() as stack:
        why = NO_CHECK if unchecked else None
        try:
            ahead = stack.enter_context(foresight(run.history, run.opened.url, run.before))
            lost = toll(ahead.go(run.steps), connection)
        except EndedItself:
            raise
        except Failure as failure:
            connection.rollback()
            everything(connection, failure.what).require(
                word, f"What the downgrade would lose cannot be told. {failure.what} Nothing was taken back"
            )
            connection.rollback()
            return _done(run, None, say, why or _unchecked(failure, say))
        connection.rollback()
        lost.require(word, "Nothing was taken back")
        for text in lost.lines:
            say(f"  {text}")
        return _done(run, None if unchecked else ahead, say, why)


def listed(changes: Sequence[Change], notes: Mapping[Key, str] | None = None) -> str:
    """Changes as lines, indented, each with its note."""
    shown = [line(change) + (notes or {}).get(change.object.key, "") for change in outline(list(changes))]
    more = [f"... and {len(shown) - MANY} more: migrate.py check-drift"] if len(shown) > MANY else []
    return "".join(f"\n  {text}" for text in shown[:MANY] + more)


class _Refused(Failure):
    """The run was refused, which is no failure to look ahead."""


def _require_way(ahead: Foresight, run: Runner, say: Say, despite_drift: bool) -> None:
    connection = run.opened.connection
    halfway = Journal.read(connection).entries  # what a revision did before it was stopped is no drift
    actual = inspect(connection, requires=True, owners=True, like=ahead.catalog)
    connection.rollback()
    drift = ahead.differences(actual)
    if not drift or halfway:
        ahead.hurry(run.steps)
        return
    where = ", ".join(run.before) or "its beginning"
    obstacles = in_the_way(drift, ahead.go(run.steps), actual)
    if obstacles and not despite_drift:
        touched = {change.object.key: f" ({revision} touches it)" for change, revision in obstacles}
        remedy = "Take it back: migrate.py repair" if run.before else "See what it is: migrate.py whereami"
        raise _Refused(
            f"Nothing was run: the database differs from the history at {where} in what is about to be changed."
            + listed([change for change, _ in obstacles], touched),
            f"{remedy}; to run all the same: migrate.py upgrade --despite-drift",
        )
    touch = "the revisions to run touch some of it" if obstacles else "the revisions to run do not touch it"
    say(f"The database differs from the history at {where} ({touch}):{listed(drift)}")


def _done(run: Runner, ahead: Foresight | None, say: Say, why_not: str | None) -> Checked:
    """Make the run, and compare afterwards where there is something to compare with."""
    outcome = run()
    if ahead is None:
        return Checked(outcome, [], why_not)
    try:
        return Checked(outcome, ahead.differences(inspect(run.opened.connection, owners=True, like=ahead.catalog)))
    except (Failure, DBAPIError) as error:
        return Checked(outcome, [], _unchecked(error, say))
    finally:
        run.opened.connection.rollback()


def _unchecked(error: Failure | DBAPIError, say: Say) -> str:
    why = error.what if isinstance(error, Failure) else f"{reason(error)}."
    say(f"Not checked: {why}")
    return why
