"""Find the steps from the stamps of a database to a target in Alembic's notation: `head`, `+1`, an id."""

from __future__ import annotations

import warnings
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

from alembic.runtime.migration import RevisionStep
from alembic.util.exc import CommandError

from whisper_migrate.errors import Failure, reason
from whisper_migrate.history.history import History
from whisper_migrate.running.targets import refusal


def way(history: History, direction: str, target: str, stamps: Any) -> list[RevisionStep]:
    """Return the steps of an "upgrade" or "downgrade" to `target`, in order. Raises Failure if there is no such way."""
    if target == "head":
        target = all_heads(history)
    steps = history.upgrade_steps if direction == "upgrade" else history.downgrade_steps
    try:
        with plain_words():
            return steps(target, stamps)
    except (Failure, AssertionError, ValueError) as error:
        cause = error.__cause__ if isinstance(error, Failure) else error
        if isinstance(error, Failure) and not isinstance(cause, (CommandError, UserWarning)):
            raise
        said = error.what if isinstance(error, Failure) else f"{target} leads to no revision."
        raise refusal(history, direction, target, tuple(stamps), said) from error


def all_heads(history: History) -> str:
    """Return the target that is the end of the history: its head, all heads of its branches, or the base if empty."""
    history.require_no_fork()
    return "heads" if len(history.heads) > 1 else history.head or "base"


def revision_of(step: RevisionStep) -> str:
    """Return the id of the revision that a step applies or reverts."""
    return str(step.revision.revision)


@contextmanager
def plain_words() -> Iterator[None]:
    """Turn Alembic's errors about a target, and its warnings about ambiguous ones, into Failure."""
    try:
        with warnings.catch_warnings():
            warnings.filterwarnings("error", category=UserWarning, module=r"alembic\.")
            yield
    except (CommandError, UserWarning) as error:
        raise Failure(f"{reason(error)}.", "See the revisions there are with: migrate.py history") from error
