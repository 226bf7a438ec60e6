"""Find other roles' code that PostgreSQL runs when a repair changes the type of a column.

PostgreSQL then converts every value with the cast of the old type, and evaluates the checks on the column again, with
the rights of the current role. The owner of a table may have chosen both.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable
from typing import NamedTuple

from whisper_migrate.catalog.model import Catalog, Key
from whisper_migrate.objects import OVERLOADED, TYPES
from whisper_migrate.planning.steps import Step

CODE = TYPES | OVERLOADED


class Strange(NamedTuple):
    """A column or check that uses another role's code, that code, and its owner."""

    part: Key
    code: Key
    owner: str


def strange_code(steps: Iterable[Step], actual: Catalog, recorded: Catalog, trusted: Collection[str]) -> Strange | None:
    """Return the first use of another role's code that a change of a column's type would run; else None.

    `actual` is the database's catalog with dependencies and owners. The code of the history, `recorded`, does not
    count: a repair restores it. Neither do checks that the steps have dropped before.
    """
    gone: set[Key] = set()
    for step in steps:
        column = step.item.key
        if step.verb in ("drop", "prepare"):
            gone.add(column)
        elif column[0] == "column" and column in actual and actual[column]["type"] != step.item["type"]:
            checks = {item.key for item in actual.children(str(step.item.parent), "constraint")} - gone
            for part in (column, *sorted(key for key in checks if column in actual.requires.get(key, ()))):
                for code in sorted(_code(actual, part)):
                    owner = actual.owners.get(code)
                    if owner and owner not in trusted and code not in recorded:
                        return Strange(part, code, owner)
    return None


def _code(actual: Catalog, key: Key) -> set[Key]:
    """Return the functions, operators and types that an object uses, and those that its types use."""
    found: set[Key] = set()
    more = {one for one in actual.requires.get(key, ()) if one[0] in CODE}
    while more:
        found |= more
        types = {one for one in more if one[0] in TYPES}
        parts = {part.key for _, identity in types for part in actual.children(identity)}
        more = {one for each in types | parts for one in actual.requires.get(each, ()) if one[0] in CODE} - found
    return found
