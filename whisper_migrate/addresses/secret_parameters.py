"""Find the secrets in database addresses, and show addresses without them."""

from __future__ import annotations

import ctypes
import re
from collections.abc import Iterator, Mapping
from functools import cache
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:  # modules that never print a URL import this one, too
    from sqlalchemy import URL

# Includes parameters of newer clients. Parameters with similar names (NAMED) also count as secret.
KNOWN = frozenset({"password", "sslpassword", "scram_client_key", "scram_server_key", "oauth_client_secret"})
NAMED = re.compile(r"passw|secret|token|_key$", re.IGNORECASE)
# A password that is not percent-encoded may contain quotes, so the login ends at the last @ of the word.
ADDRESS = re.compile(r"\bpostgres(?:ql)?(?:\+\w+)?://(?:[^\s@/:]*:\S{0,999}@)?[^\s'\"<>]+", re.IGNORECASE)
# A secret in a connection string such as `host=a password=b`; its value may be quoted, doubly inside of an SQL string.
# Spaces may surround the =, and a backslash may come before a space in the value.
KEYWORD = re.compile(r"\b(\w++)(\s*+=\s*+)('{1,2}(?:[^'\\]|\\.)*'{1,2}|(?:\\.|[^\s'\"&\\])+)", re.DOTALL)
# With spaces, `password = x` may also be a condition in SQL. Another parameter shows that it is a connection string.
BESIDE = re.compile(r"\b(?:host|hostaddr|port|dbname|user|service|sslmode|passfile|options)\s*+=", re.IGNORECASE)
SECRETS = KNOWN | {"pgpassword"}  # and libpq's variable
# A secret as a string behind its name, as in `PASSWORD 'b'`, `OPTIONS (password 'b')`, `password := 'b'`, `SET
# app.secret TO 'b'` or set_config('app.secret', 'b'), also in the body of a function or inside of another string.
# Comments may stand between them, the quotes may be escaped in Python's source, and the end of a shortened statement
# may be missing. A quote right behind the name ends a string, as in `nextval('public.tokens_id_seq'::regclass)`.
# Repeated parts have bounds, or belong to the match: otherwise the time would grow with the square of the text.
NAME = r"(?:(?:passw|secret|token)\w*+|_key\b)"
SPACE = r"\s{0,99}"
GAP = r"""(?:[\s"\\]++|--[^\n]{0,500}\n|/\*.{0,500}?\*/){1,20}+"""
SET = rf"""\bSET\s{{1,99}}(?:(?:LOCAL|SESSION)\s{{1,99}})?[\w."]{{0,200}}?{NAME}"?{SPACE}(?:\bTO\b|=){SPACE}"""
CONFIG = rf"\bset_config\({SPACE}'{{1,2}}[\w.]{{0,200}}?{NAME}'{{1,2}}{SPACE},{SPACE}"
ESCAPED = r"""(?<=\\)'(?:[^'\\]|\\[^'])*+\\'"""
INNER = r"""[eE]?''(?!')(?:[^'\n]|'''')*+''"""
PART = r"""'(?:[^']|'')*+(?:'|\Z)"""
QUOTED = rf"""(?:[eE]'(?:[^'\\]|\\.|'')*+(?:'|\Z)|(?:[uU]&)?{PART}(?:[^\S\n]{{0,99}}\n{SPACE}{PART})*+)"""
DOLLARS = r"""\$(?P<tag>\w*)\$.*?(?:\$(?P=tag)\$|\Z)"""
STRING = f"{ESCAPED}|{INNER}|{QUOTED}|{DOLLARS}"
STATED = re.compile(
    rf"(?P<before>{SET}|{CONFIG}|{NAME}(?:{GAP}|{SPACE}[:=][=>]{SPACE}))(?:{STRING})", re.DOTALL | re.IGNORECASE
)
PAIR = re.compile(r"([?&][^=&?]*)=([^&]*)")
SHOWN = "***"


class _Option(ctypes.Structure):
    """The struct PQconninfoOption of libpq-fe.h."""

    _fields_ = (
        *((name, ctypes.c_char_p) for name in ("keyword", "envvar", "compiled", "val", "label", "dispchar")),
        ("dispsize", ctypes.c_int),
    )


@cache
def secret_names() -> frozenset[str]:
    """Return the parameters that libpq marks as secret, and those of newer versions."""
    from psycopg2 import _psycopg

    found = set()
    try:
        library = ctypes.CDLL(_psycopg.__file__)
        library.PQconndefaults.restype = ctypes.POINTER(_Option)
        library.PQconninfoFree.argtypes = [ctypes.POINTER(_Option)]
        options = library.PQconndefaults()
    except (AttributeError, OSError):  # psycopg2 may contain libpq without exporting its functions
        return KNOWN
    if options:
        number = 0
        while keyword := options[number].keyword:
            if options[number].dispchar == b"*":
                found.add(keyword.decode())
            number += 1
        library.PQconninfoFree(options)
    return KNOWN | found


def is_secret(name: str) -> bool:
    """Whether the value of this parameter must never be shown."""
    return name.lower() in secret_names() or NAMED.search(name) is not None


def shown(url: URL) -> str:
    """Return the URL for people: without secrets, and without the driver, which psql does not understand."""
    from whisper_migrate.addresses.url import rendered

    hidden = {key: SHOWN for key, value in url.query.items() if is_secret(key) or is_address(value)}
    plain = url.update_query_dict(hidden)
    if plain.password is not None:
        plain = plain.set(password=SHOWN)
    if plain.database and is_address(plain.database):
        plain = plain.set(database=SHOWN)
    return rendered(plain).replace("%2A%2A%2A", SHOWN)


def secrets(url: URL) -> dict[str, str]:
    """Return the secrets of this URL by the name of their parameter."""
    query = {key: value if isinstance(value, str) else ",".join(value) for key, value in url.query.items()}
    found = {key: value for key, value in query.items() if value and is_secret(key)}
    return found | ({"password": str(url.password)} if url.password else {})


def without_secrets(url: URL) -> URL:
    """Return the URL without secrets, so that it may appear in a list of processes."""
    return url._replace(password=None).difference_update_query(list(secrets(url)))


def scrubbed(text: str) -> str:
    """Return a text, such as an error message, without the secrets in addresses, connection strings and statements."""
    is_connection = cache(lambda: BESIDE.search(text) is not None)

    def hidden(pair: re.Match[str]) -> str:
        if pair[1].lower() not in SECRETS:
            return pair[0]
        sure = pair[2] == "=" or pair.start() == 0 or pair.string[pair.start() - 1] == "'"
        return f"{pair[1]}{pair[2]}{SHOWN}" if sure or is_connection() else pair[0]

    masked = STATED.sub(rf"\g<before>'{SHOWN}'", KEYWORD.sub(hidden, text))
    return ADDRESS.sub(_scrubbed, masked) if "://" in masked else masked


def scrubbed_values(value: Any) -> Any:
    """Return plain data, such as a JSON document, with every text `scrubbed`."""
    if isinstance(value, str):
        return scrubbed(value)
    if isinstance(value, Mapping):
        return {name: scrubbed_values(one) for name, one in value.items()}
    return [scrubbed_values(one) for one in value] if isinstance(value, list | tuple) else value


def _scrubbed(found: re.Match[str]) -> str:
    scheme, _, rest = found[0].partition("://")
    rest = PAIR.sub(lambda pair: f"{pair[1]}={SHOWN}" if is_secret(pair[1][1:]) else pair[0], rest)
    login, at, place = rest.rpartition("@")
    user, colon, _ = login.partition(":")
    return f"{scheme}://{user}:{SHOWN}@{place}" if at and colon else f"{scheme}://{rest}"


def is_address(value: Any) -> bool:
    """Whether a value is itself a connection string, which libpq accepts in place of a database name."""
    return any("=" in part or "://" in part for part in _parts(value) if NAMED.search(part) or "://" in part)


def _parts(value: Any) -> Iterator[str]:
    yield from [value] if isinstance(value, str) else value
