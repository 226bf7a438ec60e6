"""Read the databases of a fleet from the lines of a file."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterable
from dataclasses import dataclass, field

from sqlalchemy import URL

from whisper_migrate.addresses.connection_failures import sourced
from whisper_migrate.databases.settings import parse
from whisper_migrate.errors import Failure

# A name is printed, so it must not be an address: `postgresql://...`, `me:secret@host/app` or `password=...`.
ADDRESS = re.compile(r"://|:[^:@]*+@|=")

# A command for one database, which works on DATABASE_URL.
ON_ONE = re.compile(r"\bmigrate\.py (?!fleet\b)|\bmake (?:upgrade|repair|downgrade|status)\b")


@dataclass(frozen=True)
class Member:
    """A database of the fleet: its name, its address as in the file, and the place in the file (`bots.txt:7`)."""

    name: str
    address: str = field(repr=False)
    line: str

    @property
    def url(self) -> URL:
        """The URL of the database. Raises Failure for an invalid address."""
        return parse(self.address, self.line)

    @property
    def file(self) -> str:
        """The path of the URLS-FILE, or `-` for standard input."""
        file = self.line.rpartition(":")[0]
        return "-" if file == "<stdin>" else file

    def blame(self, failure: Failure) -> Failure:
        """Return a copy of the failure whose remedy names the line of the file instead of the environment."""
        if failure.remedy and self.line in failure.remedy:
            return failure
        named = sourced(failure, self.line)
        if named.remedy and ON_ONE.search(named.remedy):
            remedy = named.remedy[:1].lower() + named.remedy[1:]
            return Failure(named.what, f"With the URL of {self.line} as DATABASE_URL: {remedy}")
        return named


def read(lines: Iterable[str], file: str) -> list[Member]:
    """Return the members in the lines of `file`, each `URL` or `NAME URL`. Blank lines and `# comments` are skipped.

    The default name is that of the database, or `database@host:port` if several databases have that name. A member with
    an invalid URL is returned, and fails later. Raises Failure for a file without members, for a line with too many
    words or with its URL first, and for a name or database that occurs twice.
    """
    named: list[tuple[str | None, str, str]] = []
    for number, text in enumerate(lines, 1):
        words = re.sub(r"(^|\s)#.*", "", text).split()
        if len(words) > 2:
            raise Failure(f"{file}:{number} has {len(words)} words.", "A line is a URL, or a name and a URL.")
        if len(words) == 2 and ADDRESS.search(words[0]):
            raise Failure(
                f"{file}:{number} has a URL where the name should be.", "A line is a URL, or a name and a URL."
            )
        if words:
            named.append((words[0] if len(words) == 2 else None, words[-1], f"{file}:{number}"))
    if not named:
        raise Failure(f"{file} lists no database.", "A line is a URL, or a name and a URL.")
    databases = Counter(_database(address) for _, address, _ in named)
    members = [Member(name or _name(address, line, databases), address, line) for name, address, line in named]
    _require_once([_place(member.address) or member.line for member in members], members, "the database")
    _require_once([member.name for member in members], members, "the name")
    return members


def _url(address: str) -> URL | None:
    try:
        return parse(address)
    except Failure:
        return None


def _database(address: str) -> str | None:
    url = _url(address)
    return str(url.database or url.query.get("dbname")) if url else None


def _place(address: str) -> str | None:
    """Return the database and its server, without the user; None for an invalid address."""
    url = _url(address)
    if url is None:
        return None
    host = url.host or url.query.get("host") or "localhost"
    named = host if isinstance(host, str) else ",".join(host)
    return f"{_database(address)}@{named}:{url.port or url.query.get('port') or 5432}"


def _name(address: str, line: str, databases: Counter[str | None]) -> str:
    database = _database(address)
    return (database if databases[database] == 1 else _place(address) or line) if database else line


def _require_once(values: list[str], members: list[Member], what: str) -> None:
    for value, count in Counter(values).items():
        if count > 1:
            lines = [member.line for found, member in zip(values, members, strict=True) if found == value]
            raise Failure(f"{' and '.join(lines)} have {what} {value}.", "Name each database once.")
