"""Identifiers as PostgreSQL prints them (quoted where needed) and as Python code wants them (plain)."""

import re
import shlex
from collections.abc import Iterable

from sqlalchemy.dialects import postgresql

from whisper_migrate.catalog.model import Object

_PREPARER = postgresql.dialect(paramstyle="named").identifier_preparer  # type: ignore[no-untyped-call]
QUOTED = r""""(?:[^"]|"")*+"|'(?:[^']|'')*+'"""
_PART = re.compile(r'"((?:[^"]|"")*+)"|([^".,\s]+)')


def unquoted(name: str) -> str:
    """Return a name without its quotes; doubled quotes inside become single ones."""
    return name[1:-1].replace('""', '"') if name.startswith('"') else name


def identifier(name: str) -> str:
    """Return a name as SQL takes it, in quotes if needed."""
    return str(_PREPARER.quote(name))


def split_name(identity: str) -> tuple[str, str]:
    """Split an identity: `schema."Name"` -> (schema, Name), both without quotes."""
    parts = split_names(identity)
    return (parts[0], parts[1]) if len(parts) > 1 else ("public", parts[0])


def split_names(identity: str) -> list[str]:
    """Return the names in an identity, without quotes."""
    return [quoted.replace('""', '"') if quoted else plain for quoted, plain in _PART.findall(identity)]


def plain_name(item: Object) -> str:
    """Return an object's name without schema, table, arguments and quotes."""
    own = item["name"] if "name" in item.fields else None
    return unquoted(str(own)) if own else split_name(item.identity)[1].partition("(")[0]


def name_there(item: Object) -> str:
    """Return an object's name in its database, as in PostgreSQL's messages, even if PostgreSQL chose the name."""
    return unquoted(item.called) if item.called else plain_name(item)


def split_list(names: str) -> list[str]:
    """Split a list of names: `a, "b, c"` -> [`a`, `"b, c"`], still quoted."""
    return [match.group(0) for match in _PART.finditer(names)]


def names_in(expression: str) -> set[str]:
    """Return every name and word of an expression, still quoted."""
    return set(re.findall(r'"(?:[^"]|"")*+"|[^\W\d][\w$]*', expression))


def in_parentheses(text: str) -> tuple[list[str], int]:
    """Return the comma-separated parts of the parentheses at the start of `text`, and the position after these.

    Commas in inner parentheses and in quotes do not separate. Raises ValueError if parentheses or quotes do not close.
    """
    parts: list[str] = []
    depth, start, number = 0, 1, 0
    while number < len(text):
        char = text[number]
        if char in "'\"":
            number = text.index(char, number + 1)
        elif char in "([":
            depth += 1
        elif char in ")]":
            depth -= 1
            if depth == 0:
                return [*parts, text[start:number].strip()], number + 1
        elif char == "," and depth == 1:
            parts.append(text[start:number].strip())
            start = number + 1
        number += 1
    raise ValueError(f"Parentheses that do not close: {text}")


def position(words: str, sql: str) -> int | None:
    """Return the first position of `words` in SQL outside quotes; None if they do not occur."""
    found = re.finditer(f"{QUOTED}|{re.escape(words)}", sql)
    return next((match.start() for match in found if match[0] == words), None)


def inside(definition: str) -> str:
    """Return the text in the first parentheses of a definition: `UNIQUE (a, b) INCLUDE (c)` -> `a, b`."""
    start = position("(", definition) or 0
    _, length = in_parentheses(definition[start:])
    return definition[start + 1 : start + length - 1]


def schema_argument(schema: str) -> list[str]:
    """Return `schema='x'` for an Alembic operation; nothing for public."""
    return [] if schema == "public" else [f"schema={schema!r}"]


def arguments(*words: str) -> str:
    """Join the arguments of a call. A trailing comma makes ruff put nested calls on lines of their own."""
    return ", ".join(words) + ("," if sum(word.startswith("sa.") for word in words) > 1 else "")


def shown(identity: str) -> str:
    """Return an identity for people, without `public.`."""
    return re.sub(rf"({QUOTED})|(?<![\w.])public\.", lambda found: found[1] or "", identity)


def typed(argument: str) -> str:
    """Return an argument in quotes, as one types it into a shell."""
    return shlex.quote(argument) if re.search(r'["$`\\!]', argument) else f'"{argument}"'


def listed(argument: str) -> list[str]:
    """Split a user's list at commas outside quotes: `a, "b, c"` -> [`a`, `"b, c"`]."""
    return [part.strip() for part in re.findall(r'(?:[^,"]|"[^"]*")+', argument) if part.strip()]


def joined(names: Iterable[str]) -> str:
    """Join names for people: `a, b and c`."""
    *first, last = list(names)
    return f"{', '.join(first)} and {last}" if first else last
