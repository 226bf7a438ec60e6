"""Identifiers as PostgreSQL prints them (quoted where needed) and as Python code wants them (plain)."""

import re
import shlex
from collections.abc import Iterable

from sqlalchemy.dialects import postgresql

from whisper_migrate.catalog import Object

_PREPARER = postgresql.dialect(paramstyle="named").identifier_preparer  # type: ignore[no-untyped-call]
QUOTED = r""""(?:[^"]|"")*+"|'(?:[^']|'')*+'"""
_PART = re.compile(r'"((?:[^"]|"")*+)"|([^".,\s]+)')


def unquoted(name: str) -> str:
    """The name itself: quotes come off, and doubled quotes inside become single ones."""
    return name[1:-1].replace('""', '"') if name.startswith('"') else name


def identifier(name: str) -> str:
    """The name as SQL takes it: in quotes where it needs them."""
    return str(_PREPARER.quote(name))


def split_name(identity: str) -> tuple[str, str]:
    """`schema."Name"` -> (schema, Name), both without quotes."""
    parts = split_names(identity)
    return (parts[0], parts[1]) if len(parts) > 1 else ("public", parts[0])


def split_names(identity: str) -> list[str]:
    """The names in an identity, without quotes."""
    return [quoted.replace('""', '"') if quoted else plain for quoted, plain in _PART.findall(identity)]


def plain_name(item: Object) -> str:
    """What an object is called, without schema, table, arguments and quotes."""
    own = item["name"] if "name" in item.fields else None
    return unquoted(str(own)) if own else split_name(item.identity)[1].partition("(")[0]


def name_there(item: Object) -> str:
    """What an object is called in its database, also where nobody chose that name: an error's message says it."""
    return unquoted(item.called) if item.called else plain_name(item)


def split_list(names: str) -> list[str]:
    """`a, "b, c"` -> [`a`, `"b, c"`], still quoted."""
    return [match.group(0) for match in _PART.finditer(names)]


def names_in(expression: str) -> set[str]:
    """Every name and word of an expression, still quoted."""
    return set(re.findall(r'"(?:[^"]|"")*+"|[^\W\d][\w$]*', expression))


def in_parentheses(text: str) -> tuple[list[str], int]:
    """The top-level, comma-separated parts of the parentheses that `text` begins with, and where they end.

    Raises ValueError where they, or quotes in them, do not close.
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
    """Where these words first stand in SQL, outside of all quotes."""
    found = re.finditer(f"{QUOTED}|{re.escape(words)}", sql)
    return next((match.start() for match in found if match[0] == words), None)


def inside(definition: str) -> str:
    """What is in the first parentheses of a definition: `UNIQUE (a, b) INCLUDE (c)` -> `a, b`."""
    start = position("(", definition) or 0
    _, length = in_parentheses(definition[start:])
    return definition[start + 1 : start + length - 1]


def schema_argument(schema: str) -> list[str]:
    """`schema="x"` for an operation, left out for public."""
    return [] if schema == "public" else [f"schema={schema!r}"]


def arguments(*words: str) -> str:
    """The arguments of a call, with a trailing comma where they are calls in turn: ruff gives each its own line."""
    return ", ".join(words) + ("," if sum(word.startswith("sa.") for word in words) > 1 else "")


def shown(identity: str) -> str:
    """An identity for people: without `public.`, which says nothing."""
    return re.sub(rf"({QUOTED})|(?<![\w.])public\.", lambda found: found[1] or "", identity)


def typed(argument: str) -> str:
    """An argument in quotes, as one types it into a shell."""
    return shlex.quote(argument) if re.search(r'["$`\\!]', argument) else f'"{argument}"'


def listed(argument: str) -> list[str]:
    """`a, "b, c"` -> [`a`, `"b, c"`]: what a user names, with commas between, also such in quotes."""
    return [part.strip() for part in re.findall(r'(?:[^,"]|"[^"]*")+', argument) if part.strip()]


def joined(names: Iterable[str]) -> str:
    """`a, b and c`."""
    *first, last = list(names)
    return f"{', '.join(first)} and {last}" if first else last
