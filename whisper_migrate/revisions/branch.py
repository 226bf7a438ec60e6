"""Find the head that a new revision follows."""

from __future__ import annotations

from whisper_migrate.errors import Failure
from whisper_migrate.history.branches import labels
from whisper_migrate.history.history import History


def head_of(history: History, branch: str | None) -> str | None:
    """Return the only head, or that of `branch`, a branch label or the head's id; None if there is no revision yet.

    Raises Failure for a fork, for an unknown branch, and if the history has branches and none is named.
    """
    history.require_no_fork()
    names = labels(history.scripts, history.heads)
    if branch is not None:
        for head, name in names.items():
            if branch in (head, name):
                return head
        known = ", ".join(names.values()) or "none yet"
        raise Failure(f"The history has no branch {branch}. Its branches: {known}.")
    if len(names) > 1:
        ways = " or ".join(f"--branch {name}" for name in names.values())
        raise Failure(f"{history.several} A new revision follows one of them.", f"Say which: {ways}")
    return next(iter(names), None)
