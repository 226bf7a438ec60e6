"""A run that looks before and after: at drift in its way, at what it would lose, and at what the catalog is then."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from contextlib import ExitStack

from sqlalchemy import Connection
from sqlalchemy.exc import DBAPIError

from whisper_migrate.catalog import Change, Key
from whisper_migrate.databases.whole_transaction import EndedItself
from whisper_migrate.errors import Failure, reason
from whisper_migrate.inspect import inspect
from whisper_migrate.plurals import counted
from whisper_migrate.running.drifted import in_the_way
from whisper_migrate.running.foresight import Foresight, Stride, foresight
from whisper_migrate.running.journal import Journal
from whisper_migrate.running.runner import Outcome, Runner
from whisper_migrate.words import line, outline

Say = Callable[[str], None]
Checked = tuple[Outcome, list[Change] | None]  # what differs then; None where that was not looked at

MANY = 20  # lines; of more, only how many there are


def upgraded(run: Runner, say: Say, *, despite_drift: bool = False) -> Checked:
    """Make an upgrade; its outcome, and how the database differs then from what the history says.

    Raises Failure, before anything runs, when the database has drifted in what the revisions touch.
    """
    with ExitStack() as stack:
        ahead = None
        try:
            ahead = stack.enter_context(foresight(run.history, run.opened.url, run.before))
            _require_way(ahead, run, say, despite_drift)
        except (_Refused, EndedItself):
            raise
        except (Failure, DBAPIError) as error:
            run.opened.connection.rollback()
            _unchecked(error, say)
            ahead = None
        return _done(run, ahead, say)


def downgraded(run: Runner, say: Say, *, allow_data_loss: bool) -> Checked:
    """Make a downgrade, the same way. Raises Failure when it would lose rows, and that is not allowed."""
    with ExitStack() as stack:
        try:
            ahead = stack.enter_context(foresight(run.history, run.opened.url, run.before))
            strides = ahead.go(run.steps)
        except Failure as failure:
            if not allow_data_loss:
                raise Failure(
                    f"What the downgrade would lose cannot be told. {failure.what}",
                    "If nothing there is needed: --allow-data-loss",
                ) from failure
            _unchecked(failure, say)
            return _done(run, None, say)
        lost, some = told(strides, run.opened.connection)
        run.opened.connection.rollback()
        if some and not allow_data_loss:
            raise Failure(
                "Nothing was taken back, since that would lose data.\n  " + "\n  ".join(lost),
                "If that is meant: --allow-data-loss",
            )
        for text in lost:
            say(f"  {text}")
        return _done(run, ahead, say)


def told(strides: Sequence[Stride], connection: Connection) -> tuple[list[str], bool]:
    """In words what steps lose in the database behind `connection`; and whether that may hold any data."""
    found = [(loss, loss.rows(connection)) for stride in strides for loss in stride.losses]
    lines = [
        f"loses {loss.what}" + ("" if rows is None else f": {counted(rows, 'row')}")
        for loss, rows in found
        if rows != 0
    ]
    statements = [statement for stride in strides for statement in stride.on_rows]
    updates = [statement for statement in statements if statement.upper().startswith("UPDATE")]
    lines += [f"loses rows, by: {statement[:100]}" for statement in statements if statement not in updates]
    some = bool(lines)
    lines += [f"changes rows, by: {statement[:100]}" for statement in updates]
    empty = [loss.what for loss, rows in found if rows == 0]
    if empty:
        lines.append(
            f"loses {empty[0] if len(empty) == 1 else f'{len(empty)} tables and columns'}, without a row in it"
        )
    return lines, some


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
    actual = inspect(connection, requires=True, like=ahead.catalog)
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


def _done(run: Runner, ahead: Foresight | None, say: Say) -> Checked:
    """Make the run, and compare afterwards."""
    outcome = run()
    if ahead is None:
        return outcome, None
    try:
        return outcome, ahead.differences(inspect(run.opened.connection, like=ahead.catalog))
    except (Failure, DBAPIError) as error:
        _unchecked(error, say)
        return outcome, None
    finally:
        run.opened.connection.rollback()


def _unchecked(error: Failure | DBAPIError, say: Say) -> None:
    say(f"Not checked: {error.what if isinstance(error, Failure) else f'{reason(error)}.'}")
