"""Find the first of several chained errors, and everything that PostgreSQL reported about it.

A `finally` that fails in a revision, or a statement in a failed transaction, raises another error. Python then shows
the later error, and hides PostgreSQL's answer to the statement that caused it.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator

import psycopg2
from psycopg2.errorcodes import IN_FAILED_SQL_TRANSACTION
from sqlalchemy.exc import DBAPIError, InvalidRequestError

from whisper_migrate.addresses.secret_parameters import STRING, scrubbed
from whisper_migrate.errors import reason

MOST = 200  # characters of a statement or a DETAIL, which may hold a whole row
PASSWORD = re.compile(rf"(\bpassword\b[\s\"']*=\s*)(?:{STRING})", re.I | re.S)  # UPDATE users SET password = 'x'
PARAMETER = re.compile(r"%\(\w+\)s")
HIDDEN = r"\1'***'"


def first_failure(error: BaseException) -> BaseException:
    """Return PostgreSQL's first error among those that led to `error`; `error` itself if there is none."""
    found = [one for one in _chain(error) if isinstance(one, DBAPIError) and not _follows(one)]
    return found[-1] if found else error


def before(error: BaseException, is_told: Callable[[BaseException], object]) -> BaseException | None:
    """Return the first error of Python's own that was being handled when `error` was raised, if it `is_told`."""
    found = [one for one in _chain(error) if not isinstance(one, (DBAPIError, psycopg2.Error, InvalidRequestError))]
    return next((one for one in reversed(found) if one is not error and is_told(one)), None)


def explained(error: BaseException) -> str:
    """Return PostgreSQL's message, table, DETAIL, HINT and the shortened statement, never its bound values.

    The text has no full stop at its end.
    """
    return ". ".join([named(error), *details(error, "It was")])


def named(error: BaseException) -> str:
    """Return PostgreSQL's message, with the table added if the message does not name it."""
    said, table = reason(error), getattr(_diagnosis(error), "table_name", None)
    unnamed = table and not re.search(rf"(?<!\w){re.escape(table)}(?!\w)", said)
    return f"{said} (table {table})" if unnamed else said


def answer(error: BaseException) -> str:
    """Return PostgreSQL's message, DETAIL and HINT, without the full stop at the end."""
    return ". ".join([reason(error), *_further(error)])


def _further(error: BaseException) -> list[str]:
    found = ((label, getattr(_diagnosis(error), f"message_{label}", None)) for label in ("detail", "hint"))
    return [f"{label.upper()}: {_short(words).rstrip('.')}" for label, words in found if words]


def details(error: BaseException, who: str) -> list[str]:
    """Return DETAIL, HINT and the statement at which `who` failed ("It was"), each without a full stop."""
    said = _further(error)
    if statement := getattr(error, "statement", None):
        said.append(f"{who} at: {_short(scrubbed(PASSWORD.sub(HIDDEN, _as_written(statement)))).rstrip(';')}")
    return said


def _as_written(statement: str) -> str:
    """Return a statement with single percent signs, which SQLAlchemy doubles for psycopg2."""
    others = PARAMETER.sub("", statement.replace("%%", ""))
    return statement if "%" in others else statement.replace("%%", "%")


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
