"""An UPDATE of a revision that a trigger refuses by RAISE: for every generated row, or for some values only."""

from __future__ import annotations

import re

from sqlalchemy import URL
from sqlalchemy.exc import DBAPIError

from whisper_migrate.catalog.names import shown
from whisper_migrate.catalog.sql import literal, run
from whisper_migrate.databases.connect import connected
from whisper_migrate.databases.shadow import Shadows
from whisper_migrate.errors import Failure, reason
from whisper_migrate.history.history import History
from whisper_migrate.rows.any_row import FailsOnAnyRow
from whisper_migrate.rows.fill import IDENTIFIER

UPDATE = re.compile(rf"\s*UPDATE\s+(?:ONLY\s+)?((?:{IDENTIFIER}\.)?{IDENTIFIER})", re.IGNORECASE)
REMEDY = "Let the trigger permit this change, or give the column a server_default: no trigger fires for that."


def require_some_row(made: Shadows, filled: URL, history: History, revision: str, error: DBAPIError) -> None:
    """Raise FailsOnAnyRow if a trigger refuses every row that the failed UPDATE of a revision changes.

    The revision is run on copies of `filled`, a shadow with generated rows, each with a single row of the table.
    """
    found = UPDATE.match(error.statement or "")
    said = getattr(error.orig, "diag", None)
    is_raised = str(getattr(said, "context", None) or "").partition("\n")[0].endswith(" at RAISE")
    if found is None or not is_raised:
        return
    with connected(filled) as connection:
        run(connection, history.project.session)  # the name in the statement is the revision's
        places = run(connection, f"SELECT ctid::text FROM {found[1]}").scalars().all()
    if places and not any(_passes(made, filled, history, revision, found[1], place) for place in places):
        why = f"a trigger refuses every generated test row of {shown(found[1])}: {reason(error)}"
        raise FailsOnAnyRow("upgrade", Failure(why), REMEDY) from error


def _passes(made: Shadows, filled: URL, history: History, revision: str, table: str, place: str) -> bool:
    """Whether the revision runs if the table has only the row at `place`, or that cannot be tried."""
    with connected(made.create(f"row_{len(made.names)}", filled.database)) as connection:
        try:
            run(connection, history.project.session)
            run(connection, "SET LOCAL session_replication_role = replica")  # other rows may refer to those that go
            run(connection, f"DELETE FROM {table} WHERE ctid <> {literal(place)}")
        except DBAPIError:  # such as for a role that is no superuser
            return True
        connection.commit()
        try:
            history.step(connection, revision, "upgrade")
        except Failure:
            return False
        return True
