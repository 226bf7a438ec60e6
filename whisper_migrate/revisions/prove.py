"""Prove a revision: run it up, down and up in a shadow, and compare the catalog each time."""

from __future__ import annotations

from collections.abc import Collection

from sqlalchemy import Connection

from whisper_migrate.catalog.describe import line, outline
from whisper_migrate.catalog.model import Catalog, Change, diff
from whisper_migrate.catalog.sql import run
from whisper_migrate.comparing.settle import settled
from whisper_migrate.databases import lost_connections
from whisper_migrate.errors import Failure
from whisper_migrate.history.history import History
from whisper_migrate.inspecting.inspect import inspect
from whisper_migrate.planning.locality import beyond_reach
from whisper_migrate.wording.plurals import counted
from whisper_migrate.wording.sign_of_life import doing

MOST_LINES = 20


class Flaw(Exception):
    """A defect of a revision: `what` (`downgrade leaves 2 differences`), and `details` to print after it.

    In the details, `+ index i` is unexpected, and `- index i` is missing.
    """

    def __init__(self, what: str, details: str) -> None:
        super().__init__(f"{what}:{details}")
        self.what = what
        self.details = details


@doing("running it up, down and up")
def prove(
    history: History, connection: Connection, revision: str, before: Catalog, after: Catalog | None = None
) -> Catalog:
    """Run a revision up, down and up in a shadow that has the catalog `before`, and return the catalog after it.

    Both upgrades must lead to `after`, or to the same catalog if `after` is None. The downgrade must lead to `before`.
    Raises Flaw if the revision fails or leads elsewhere.
    """
    for direction in ("upgrade", "downgrade", "second upgrade"):
        try:
            history.step(connection, revision, direction.removeprefix("second "))
        except Failure as failure:
            lost_connections.require_none([connection.engine.url.database], f" during the {direction} of {revision}")
            raise Flaw(f"{direction} fails in a shadow", f" {failure.what}") from failure
        # In a real database, each direction has a session of its own.
        run(connection, "DISCARD TEMP")
        connection.commit()
        found = inspect(connection, like=before)
        if after is None:
            after = found
        require_none(connection, direction, diff(found, before if direction == "downgrade" else after))
    assert after is not None
    return after


def require_none(shadow: Connection, what: str, changes: Collection[Change]) -> None:
    """Raise Flaw if a change between a shadow and its expected catalog is real, not just printed otherwise."""
    left = settled(shadow, [change for change in changes if not beyond_reach(change)])
    shadow.rollback()
    if left:
        surplus = outline([Change(change.after, change.before) for change in left])
        details = "".join(f"\n  {line(change)}" for change in surplus[:MOST_LINES])
        raise Flaw(f"{what} leaves {counted(len(surplus), 'difference')}", details)
