"""A revision leaves alembic_version to Alembic, which stamps the database with it when it has run."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any

from sqlalchemy import Connection
from sqlalchemy.exc import DBAPIError

from whisper_migrate.databases.stamps import stamped
from whisper_migrate.databases.version_table import version_table
from whisper_migrate.databases.whole_transaction import EndedItself
from whisper_migrate.errors import Failure
from whisper_migrate.wording.revision_ids import ids

REMEDY = "Take that out of its file: Alembic writes the stamp when the revision has run."


@dataclass
class OwnStamp:
    """The revisions with which Alembic has stamped the database so far."""

    known: Iterable[str] = ()

    def applied(self, *, heads: Iterable[str], **_: Any) -> None:
        """Alembic has stamped it anew."""
        self.known = list(heads)

    def require(self, connection: Connection, revision: str) -> None:
        """Raises EndedItself where the database is stamped otherwise, or cannot be read for it: `revision` has run."""
        was = sorted(self.known)
        try:
            there = sorted(map(str, stamped(connection) or []))
        except (Failure, DBAPIError):
            raise _changed(revision, f"it had {ids(was)}, and cannot be read any more") from None
        if there != was:
            raise _changed(revision, f"it had {ids(was)}, and has {ids(there)}")


def _changed(revision: str, how: str) -> EndedItself:
    what = f"changes {version_table().identity}, in which Alembic keeps where the database is ({how})"
    return EndedItself(revision, what, "its transaction is rolled back", REMEDY)
