"""Small pieces of SQL text that several kinds of objects need."""

from __future__ import annotations

import re
from collections.abc import Iterable
from typing import TYPE_CHECKING, Any

from whisper_migrate.wording.hidden_characters import visible

if TYPE_CHECKING:
    from sqlalchemy import Connection, CursorResult

# A condition on a catalog's row `x`. Members of extensions are never compared, and printing them takes time.
NOT_AN_EXTENSIONS = """(x.tableoid, x.oid) NOT IN (
    SELECT e.classid, e.objid FROM pg_catalog.pg_depend AS e
    WHERE e.refclassid = 'pg_catalog.pg_extension'::regclass AND e.deptype = 'e')"""


def literal(value: str) -> str:
    """Return `value` as an SQL string constant; standard_conforming_strings must be on."""
    return "'" + value.replace("'", "''") + "'"


def comment(words: str) -> str:
    """Return an SQL comment on one line: a line break in a name must not end the comment and run the rest."""
    return f"-- {visible(' '.join(words.split()))}"


def options(pairs: Iterable[str]) -> str:
    """Turn options as a catalog stores them into those of a WITH or SET clause.

    `("fillfactor=70", ...)` -> `fillfactor = '70', ...`
    """
    return ", ".join(f"{name} = {literal(value)}" for name, _, value in (pair.partition("=") for pair in pairs))


def option_changes(what: str, before: Iterable[str] | None, after: Iterable[str] | None) -> list[str]:
    """Return `what RESET (...)` and `what SET (...)` that turn one list of stored options into another."""
    old, new = set(before or ()), set(after or ())
    gone = {pair.partition("=")[0] for pair in old} - {pair.partition("=")[0] for pair in new}
    changes = [f"{what} RESET ({', '.join(sorted(gone))})"] if gone else []
    if new - old:
        changes.append(f"{what} SET ({options(sorted(new - old))})")
    return changes


def run(connection: Connection, statement: str) -> CursorResult[Any]:
    """Execute SQL exactly as written: `%` and `:name` have no special meaning."""
    return connection.exec_driver_sql(statement, execution_options={"no_parameters": True})


# The text shown for a secret: four hex digits of its hash reveal a change, but not the secret.
HIDDEN = "(hidden "


def hidden(expression: str) -> str:
    """Return the SQL that prints a secret as this text."""
    return f"'{HIDDEN}' || left(encode(sha256(convert_to({expression}, 'UTF8')), 'hex'), 4) || ')'"


def foreign_options(pairs: Iterable[str] | None) -> str:
    """Turn stored options of a foreign object (`host=a`) into ` OPTIONS (host 'a', ...)`; "" if there are none."""
    words = [
        f"{_option_name(name)} {literal(value)}" for name, _, value in (pair.partition("=") for pair in pairs or ())
    ]
    return f" OPTIONS ({', '.join(words)})" if words else ""


def foreign_option_changes(what: str, before: Iterable[str] | None, after: Iterable[str] | None) -> list[str]:
    """Return `what OPTIONS (ADD a '1', SET b '2', DROP c)` that turns one list of stored options into another."""
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
    """Return another name in the schema of `identity`, quoted where needed."""
    schema = re.match(r'(?:"(?:[^"]|"")*+"|[^".]+)\.', identity)
    return (schema[0] if schema else "") + name
