"""The way from where a database stands to a target as Alembic knows them: `head`, `+1`, an id, how one begins."""

from __future__ import annotations

import warnings
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

from alembic.runtime.migration import RevisionStep
from alembic.util.exc import CommandError

from whisper_migrate.errors import Failure, reason
from whisper_migrate.history import History
from whisper_migrate.running.targets import refusal


def way(history: History, direction: str, target: str, stands_at: Any) -> list[RevisionStep]:
    """The steps of an "upgrade" or a "downgrade" to `target`, in order. Raises Failure for a target that is none."""
    if target == "head":
        target = history.head or "base"
    steps = history.upgrade_steps if direction == "upgrade" else history.downgrade_steps
    try:
        with plain_words():
            return steps(target, stands_at)
    except (Failure, AssertionError, ValueError) as error:
        cause = error.__cause__ if isinstance(error, Failure) else error
        if isinstance(error, Failure) and not isinstance(cause, (CommandError, UserWarning)):
            raise
        said = error.what if isinstance(error, Failure) else f"{target} leads to no revision."
        raise refusal(history, direction, target, tuple(stands_at), said) from error


def revision_of(step: RevisionStep) -> str:
    """The id of the revision that a step runs, up or down."""
    return str(step.revision.revision)


@contextmanager
def plain_words() -> Iterator[None]:
    """Alembic's errors on a target, and its warnings of what is ambiguous, are the user's to mend."""
    try:
        with warnings.catch_warnings():
            warnings.filterwarnings("error", category=UserWarning, module=r"alembic\.")
            yield
    except (CommandError, UserWarning) as error:
        raise Failure(f"{reason(error)}.", "See the revisions there are with: migrate.py history") from error
