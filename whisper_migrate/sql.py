"""Small pieces of SQL text that several kinds of objects need."""

from __future__ import annotations

import re
from collections.abc import Iterable
from typing import TYPE_CHECKING, Any

from whisper_migrate.hidden_characters import visible

if TYPE_CHECKING:
    from sqlalchemy import Connection, CursorResult

# Of a catalog's row `x`. What an extension brings along is left out of every reading; to print it first takes time.
NOT_AN_EXTENSIONS = """(x.tableoid, x.oid) NOT IN (
    SELECT e.classid, e.objid FROM pg_catalog.pg_depend AS e
    WHERE e.refclassid = 'pg_catalog.pg_extension'::regclass AND e.deptype = 'e')"""


def literal(value: str) -> str:
    """`value` as a string constant (standard_conforming_strings on, as it is everywhere that we run)."""
    return "'" + value.replace("'", "''") + "'"


def comment(words: str) -> str:
    """A comment of one line, whatever is in the words: a name must not end it, and have its rest run."""
    return f"-- {visible(' '.join(words.split()))}"


def options(pairs: Iterable[str]) -> str:
    """`('fillfactor=70', ...)` as stored in a catalog -> `fillfactor = '70', ...` for a WITH or SET clause."""
    return ", ".join(f"{name} = {literal(value)}" for name, _, value in (pair.partition("=") for pair in pairs))


def option_changes(what: str, before: Iterable[str] | None, after: Iterable[str] | None) -> list[str]:
    """`what SET (...)` and `what RESET (...)` that turn one list of stored options into another."""
    old, new = set(before or ()), set(after or ())
    gone = {pair.partition("=")[0] for pair in old} - {pair.partition("=")[0] for pair in new}
    changes = [f"{what} RESET ({', '.join(sorted(gone))})"] if gone else []
    if new - old:
        changes.append(f"{what} SET ({options(sorted(new - old))})")
    return changes


def run(connection: Connection, statement: str) -> CursorResult[Any]:
    """Execute SQL as it is: no `%` and no `:name` in it means anything to us."""
    return connection.exec_driver_sql(statement, execution_options={"no_parameters": True})


# What stands for a secret: four digits of a hash are enough to notice a change, and too few to guess the secret from.
HIDDEN = "(hidden "


def hidden(expression: str) -> str:
    """The SQL that shows this much of a secret."""
    return f"'{HIDDEN}' || left(encode(sha256(convert_to({expression}, 'UTF8')), 'hex'), 4) || ')'"


def foreign_options(pairs: Iterable[str] | None) -> str:
    """`("host=a", ...)` as stored for a foreign server or table -> ` OPTIONS (host 'a', ...)`, or nothing."""
    words = [
        f"{_option_name(name)} {literal(value)}" for name, _, value in (pair.partition("=") for pair in pairs or ())
    ]
    return f" OPTIONS ({', '.join(words)})" if words else ""


def foreign_option_changes(what: str, before: Iterable[str] | None, after: Iterable[str] | None) -> list[str]:
    """`what OPTIONS (ADD a '1', SET b '2', DROP c)` that turns one list of stored options into another."""
    old, new = (dict(pair.split("=", 1) for pair in pairs or ()) for pairs in (before, after))
    words = [f"DROP {_option_name(name)}" for name in old if name not in new]
    words += [
        f"{'SET' if name in old else 'ADD'} {_option_name(name)} {literal(value)}"
        for name, value in new.items()
        if old.get(name) != value
    ]
    return [f"{what} OPTIONS ({', '.join(words)})"] if words else []


def _option_name(name: str) -> str:
    return name if re.fullmatch("[a-z_][a-z0-9_]*", name) else '"' + name.replace('"', '""') + '"'


def sibling(identity: str, name: str) -> str:
    """Another name in the schema of `identity`, all of them quoted where they have to be."""
    schema = re.match(r'(?:"(?:[^"]|"")*+"|[^".]+)\.', identity)
    return (schema[0] if schema else "") + name
