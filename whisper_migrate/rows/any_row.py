"""Failures that no particular value brings about: a revision that has one fails on each table with rows."""

from __future__ import annotations

import re

from sqlalchemy.exc import DBAPIError

from whisper_migrate.errors import Failure

# What is not supported, invalid, in another state than a statement needs, in use, or nowhere. Of the rest, data
# exceptions, violated constraints and RAISE among them, some rows are the cause and others may pass.
OF_NO_VALUE = re.compile("0A|24|25|26|27|2B|34|39|3B|3F|42(?!501)|55(?!P03)")
IN_USE = "55006"
MADE_OF_VALUES = " at EXECUTE"  # SQL that a function puts together, of values too
REMEDIES = {
    "pending trigger events": (
        "Its constraints and constraint triggers are deferred. Write this behind the statement that changes rows:"
        ' op.execute("SET CONSTRAINTS ALL IMMEDIATE")'
    ),
    "active queries": "Read all rows before the table is altered: fetchall(), or an array in PL/pgSQL.",
}


class FailsOnAnyRow(Failure):
    """A step of a revision, `direction`, fails where tables have rows, whatever these say."""

    def __init__(self, direction: str, failure: Failure) -> None:
        remedy = next((remedy for words, remedy in REMEDIES.items() if words in failure.what), None)
        super().__init__(failure.what, remedy)
        self.direction = direction


def require_values(failure: Failure, direction: str) -> None:
    """Raises FailsOnAnyRow for a failure that is no property of particular values."""
    error = failure.__cause__
    if _in_database(error) if isinstance(error, DBAPIError) else isinstance(error, (NameError, ImportError)):
        raise FailsOnAnyRow(direction, failure)


def _in_database(error: DBAPIError) -> bool:
    state = str(getattr(error.orig, "pgcode", None) or "")
    context = str(getattr(getattr(error.orig, "diag", None), "context", None) or "").partition("\nSQL statement")[0]
    if context.partition("\n")[0].endswith(" at RAISE"):
        return False
    return state == IN_USE or bool(OF_NO_VALUE.match(state) and MADE_OF_VALUES not in context)
