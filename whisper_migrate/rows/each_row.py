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
    if (table := _refusing(error)) is None:
        return
    with connected(filled) as connection:
        run(connection, history.project.session)  # the name in the statement is the revision's
        places = run(connection, f"SELECT ctid::text FROM {table}").scalars().all()
    if places and not any(_passes(made, filled, history, revision, table, place) for place in places):
        why = f"a trigger refuses every generated test row of {shown(table)}: {reason(error)}"
        raise FailsOnAnyRow("upgrade", Failure(why), REMEDY) from error


def _refusing(error: BaseException | None) -> str | None:
    """Return the table of a failed UPDATE if the error was raised by RAISE; else None."""
    found = UPDATE.match(error.statement or "") if isinstance(error, DBAPIError) else None
    said = getattr(getattr(error, "orig", None), "diag", None)
    is_raised = str(getattr(said, "context", None) or "").partition("\n")[0].endswith(" at RAISE")
    return found[1] if found and is_raised else None


def _passes(made: Shadows, filled: URL, history: History, revision: str, table: str, place: str) -> bool:
    """Whether no trigger refuses the row at `place`, if the table has no other; also if that cannot be tried."""
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
        except Failure as failure:
            return _refusing(failure.__cause__) != table
        return True
