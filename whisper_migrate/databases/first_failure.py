"""Which of several errors was first, and all that PostgreSQL said of it.

A `finally` in a revision that fails as well, or a statement in a transaction that has failed, raises an error of its
own: Python then shows that one, and PostgreSQL's answer to the statement at fault is behind it.
"""

from __future__ import annotations

import re
from collections.abc import Iterator

from psycopg2.errorcodes import IN_FAILED_SQL_TRANSACTION
from sqlalchemy.exc import DBAPIError, InvalidRequestError

from whisper_migrate.errors import reason

MOST = 200  # characters of a statement, and of a detail: it may hold a whole row
PASSWORD = re.compile(r"(\bpassword\b[\s\"']*(?:=\s*)?E?)'(?:[^']|'')*+'", re.I)
HIDDEN = r"\1'***'"


def first_failure(error: BaseException) -> BaseException:
    """The first error of PostgreSQL's among those that led to this one; the error itself where there is none."""
    found = [one for one in _chain(error) if isinstance(one, DBAPIError) and not _follows(one)]
    return found[-1] if found else error


def explained(error: BaseException) -> str:
    """PostgreSQL's sentence, table, DETAIL and HINT, and the statement, shortened; never the values bound to it.

    There is no full stop at its end.
    """
    return ". ".join([named(error), *details(error, "It was")])


def named(error: BaseException) -> str:
    """PostgreSQL's sentence, and the table where it does not name that itself."""
    said, table = reason(error), getattr(_diagnosis(error), "table_name", None)
    unnamed = table and not re.search(rf"(?<!\w){re.escape(table)}(?!\w)", said)
    return f"{said} (table {table})" if unnamed else said


def details(error: BaseException, who: str) -> list[str]:
    """DETAIL, HINT and the statement at which `who` failed ("It was"): sentences without a full stop."""
    said = []
    for label in ("detail", "hint"):
        if words := getattr(_diagnosis(error), f"message_{label}", None):
            said.append(f"{label.upper()}: {_short(words).rstrip('.')}")
    if statement := getattr(error, "statement", None):
        said.append(f"{who} at: {_short(PASSWORD.sub(HIDDEN, statement)).rstrip(';')}")
    return said


def _diagnosis(error: BaseException) -> object:
    return getattr(getattr(error, "orig", error), "diag", None)


def _chain(error: BaseException) -> Iterator[BaseException]:
    seen: set[int] = set()
    found: BaseException | None = error
    while found is not None and id(found) not in seen:
        seen.add(id(found))
        yield found
        found = found.__cause__ or (None if found.__suppress_context__ else found.__context__)


def _follows(error: BaseException) -> bool:
    """Whether an error only reports an earlier failure, as a statement in an aborted transaction does."""
    code = getattr(getattr(error, "orig", None), "pgcode", None)
    return code == IN_FAILED_SQL_TRANSACTION or isinstance(error, InvalidRequestError)


def _short(text: str) -> str:
    words = " ".join(text.split())
    return words if len(words) <= MOST else f"{words[:MOST]}..."
