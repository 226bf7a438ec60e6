"""Functions that are called when a transaction of a revision begins or ends."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, NamedTuple

# Called with a cursor at the beginning of each transaction of a revision, but not of those of autocommit blocks.
Opening = Callable[[Any], None]


class TransactionCheck(NamedTuple):
    """A check of each transaction of a revision that is committed in its middle, or begins there.

    `begin` is called with a cursor at the beginning of each transaction but the first, and of each statement of an
    autocommit block; `end` before each commit but the last. `end` may raise Failure.
    """

    begin: Callable[[Any], None]
    end: Callable[[], None]
