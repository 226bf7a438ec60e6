"""Parse database URLs, and accept common mistakes in them."""

import re
from collections.abc import Iterator
from urllib.parse import unquote, unquote_to_bytes

from sqlalchemy import URL

from whisper_migrate.errors import Failure

DRIVER = "postgresql+psycopg2"
EXAMPLE = "postgresql://user:password@host:5432/database"


def rendered(url: URL) -> str:
    """Return the URL as psql reads it. SQLAlchemy writes a space in the query as +, which psql takes literally."""
    text = url.set(drivername="postgresql").render_as_string(hide_password=False)
    address, mark, query = text.partition("?")
    return address + mark + query.replace("+", "%20")


def parse(text: str, source: str = "DATABASE_URL") -> URL:
    """Parse a URL. Its password may be percent-encoded or raw, as long as the URL has only one meaning.

    Raises Failure, without showing the URL, if it cannot be parsed. `source` names the variable that holds it.
    """
    found = re.fullmatch(r"([A-Za-z][\w.+-]*)://(.*)", text.strip(), re.DOTALL)
    if not found:
        raise Failure(f"{source} is no database URL.", f"It looks like this: {EXAMPLE}")
    dialect, rest = found[1].lower(), found[2]
    if dialect.partition("+")[0] not in ("postgres", "postgresql"):
        raise Failure(f"{source} is for {dialect}, but only PostgreSQL is supported.", f"Write it as {EXAMPLE}")
    authority, path, query = _split(rest, source)
    login, at, place = authority.rpartition("@")
    user, colon, password = login.partition(":")
    hosts = list(_hosts(place, source))
    options = [_pair(part) for part in query.split("&") if part]
    values: dict[str, list[str]] = {}
    for key, value in options:
        values.setdefault(key, []).append(value)
    url = URL.create(
        DRIVER,
        username=_decoded(user) if at and user else None,
        password=_decoded(password) if colon else None,
        database=_decoded(path) or None,
        query={key: value[0] if len(value) == 1 else tuple(value) for key, value in values.items()},
    )
    if not url.database and "dbname" not in url.query:
        raise Failure(f"{source} names no database.", f"It looks like this: {EXAMPLE}")
    if len(hosts) == 1 and not hosts[0][0].startswith("/"):
        return url.set(host=hosts[0][0] or None, port=hosts[0][1])
    if hosts:  # SQLAlchemy accepts several servers, or a socket's folder, only in the query
        named = [host if port is None else f"{host}:{port}" for host, port in hosts]
        if len(hosts) == 1 and hosts[0][1] is not None:
            named = [hosts[0][0]]
            url = url.update_query_dict({"port": str(hosts[0][1])})
        return url.update_query_dict({"host": tuple(named) if len(named) > 1 else named[0]})
    return url


def port_number(text: str, source: str) -> int:
    if not re.fullmatch(r"[0-9]{1,5}", text) or not 0 < int(text) < 65536:
        # Never shows a URL's port: it may be a piece of a password that was cut at the wrong place.
        said = f"the port {text!r}" if source == "POSTGRES_PORT" else "a port"
        raise Failure(f"{source} has {said} that is no number from 1 to 65535.", f"A URL looks like this: {EXAMPLE}")
    return int(text)


def _split(rest: str, source: str) -> tuple[str, str, str]:
    """Split a URL into authority, database and query, even if its password contains a raw `/`, `?` or `@`."""
    beyond = re.search(r"[/?]", rest)
    authority = rest[: beyond.start()] if beyond else rest
    head, _, query = rest.partition("?")
    tail = head[len(authority) :]
    sound = all("=" in part for part in query.split("&") if part)
    login_cut = "@" not in authority and _is_login(authority)
    if "@" not in rest or ("@" not in tail and sound and not login_cut):
        return authority, tail.removeprefix("/"), query
    if login_cut:  # the login ends at the one @ that has a valid address behind it
        ends = [found.start() for found in re.finditer("@", rest)]
        addresses = [(end, re.fullmatch(r"([^@/?]+)(?:/([^@/?]*))?(?:\?([^?]*))?", rest[end + 1 :])) for end in ends]
        possible = [(end, found) for end, found in addresses if found]
        if len(possible) == 1:
            end, found = possible[0]
            return f"{rest[:end]}@{found[1]}", found[2] or "", found[3] or ""
    raise Failure(
        f"{source} can be understood in more than one way.",
        "Percent-encode its user and password: @ is %40, : is %3A, / is %2F, ? is %3F, % is %25.",
    )


def _is_login(text: str) -> bool:
    """Whether a text is `user:password`, perhaps cut short, rather than `host:port`."""
    return not re.fullmatch(r"(\[[^\]]*\]|[^:\[\]]*)(:[0-9]*)?(,([^:]*)(:[0-9]*)?)*", text)


def _hosts(place: str, source: str) -> Iterator[tuple[str, int | None]]:
    for part in place.split(",") if place else ():
        found = re.fullmatch(r"(\[[^\]]*\]|[^:\[\]]*)(?::(.*))?", part, re.DOTALL)
        if not found:
            raise Failure(f"{source} has a host that cannot be understood.", f"It looks like this: {EXAMPLE}")
        port = port_number(found[2], source) if found[2] else None
        yield unquote(found[1].removeprefix("[").removesuffix("]")), port


def _pair(text: str) -> tuple[str, str]:
    key, _, value = text.partition("=")
    return _decoded(key), _decoded(value)


def _decoded(text: str) -> str:
    """Percent-decode a text; return it unchanged if the result is no UTF-8."""
    try:
        return unquote_to_bytes(text).decode("utf-8")
    except UnicodeDecodeError:
        return text
