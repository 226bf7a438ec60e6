"""Failures that do not depend on values: the revision fails on every table with rows."""

from __future__ import annotations

import re

from sqlalchemy.exc import DBAPIError

from whisper_migrate.errors import Failure

# SQLSTATEs that no particular value causes: an unsupported feature, an invalid statement or state, an object in use or
# missing. Any other error, such as a violated constraint or a RAISE, may occur for some rows only.
OF_NO_VALUE = re.compile("0A|24|25|26|27|2B|34|39|3B|3F|42(?!501)|55(?!P03)")
IN_USE = "55006"
SYNTAX = "42601"  # without a position: a value that the input function of its new type cannot read (tsvector, hstore)
MADE_OF_VALUES = " at EXECUTE"  # dynamic SQL, which may contain values
REMEDIES = {
    "pending trigger events": (
        "Its constraints and constraint triggers are deferred. Write this behind the statement that changes rows:"
        ' op.execute("SET CONSTRAINTS ALL IMMEDIATE")'
    ),
    "active queries": "Read all rows before the table is altered: fetchall(), or an array in PL/pgSQL.",
}


class FailsOnAnyRow(Failure):
    """The step `direction` of a revision fails on every table with rows, independent of their values."""

    def __init__(self, direction: str, failure: Failure, remedy: str | None = None) -> None:
        known = next((remedy for words, remedy in REMEDIES.items() if words in failure.what), None)
        super().__init__(failure.what, remedy or known)
        self.direction = direction


def require_values(failure: Failure, direction: str) -> None:
    """Raises FailsOnAnyRow for a failure that does not depend on values."""
    error = failure.__cause__
    if _in_database(error) if isinstance(error, DBAPIError) else isinstance(error, (NameError, ImportError)):
        raise FailsOnAnyRow(direction, failure)


def _in_database(error: DBAPIError) -> bool:
    state = str(getattr(error.orig, "pgcode", None) or "")
    said = getattr(error.orig, "diag", None)
    context = str(getattr(said, "context", None) or "").partition("\nSQL statement")[0]
    if context.partition("\n")[0].endswith(" at RAISE"):
        return False
    if state == SYNTAX and said and not (said.statement_position or said.internal_position):
        return False
    return state == IN_USE or bool(OF_NO_VALUE.match(state) and MADE_OF_VALUES not in context)
