"""Remember which connections to shadows were lost: an error on one says nothing about a revision or a model."""

from __future__ import annotations

from collections.abc import Collection

from sqlalchemy import URL, ExceptionContext

from whisper_migrate.databases import silence
from whisper_migrate.errors import Failure

_lost: dict[str, str] = {}  # the hosts, by database


def host_of(url: URL) -> str:
    """Return the host in a URL, for messages."""
    return str(url.query.get("host") or url.host or "the default socket")


def note(url: URL, context: ExceptionContext) -> None:
    """Remember the database if an error means that its connection is lost."""
    if context.is_disconnect:
        _lost[str(url.database)] = host_of(url)


def unanswered(host: str) -> Failure:
    """Return the failure for a server that stopped answering."""
    return Failure(f"PostgreSQL at {host} did not answer for {silence.SILENCE:g} s, so the connection was closed.")


def require_none(databases: Collection[str | None], what: str = "") -> None:
    """Raise Failure if a connection to one of the databases was lost; `what` was going on, if that is known."""
    if host := next((_lost[name] for name in databases if name in _lost), None):
        if silence.broken:
            raise unanswered(host)
        raise Failure(f"The connection to PostgreSQL at {host} was lost{what}.", "Run the command again.")
