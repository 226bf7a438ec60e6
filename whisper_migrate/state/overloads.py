"""Find definitions in which PostgreSQL could choose another role's function or operator.

A definition such as `CHECK (public.valid(n))` names a function without the types of its arguments. If the history's
function is `valid(anyelement)`, a function `valid(integer)` of another role fits better when the definition is run
again. Its code then runs with the rights of the current role or, later, of whoever uses the view or the table.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Iterator, Mapping
from typing import NamedTuple

from whisper_migrate.catalog.model import Catalog, Key, Object
from whisper_migrate.objects import CONTAINERS, OVERLOADED, kinds_that
from whisper_migrate.planning.steps import Step

EXACT = kinds_that("names_exactly")


class Captured(NamedTuple):
    """A definition that is to be run, and the other role's function or operator that could be chosen in it."""

    item: Object
    other: Key
    owner: str


def captured(steps: Iterable[Step], actual: Catalog, recorded: Catalog, trusted: Collection[str]) -> Captured | None:
    """Return the first definition in `steps` that could call an object of a role that is not trusted; else None.

    `actual` is the database's catalog with owners. A definition of the history, `recorded`, calls objects of the
    history or of an extension. Another definition may have been written for the other role's object, unless a trusted
    role has one of that name. Objects of roles that are not trusted do not count: `owners` refuses those that run code.
    """
    others = {
        key: owner
        for key, owner in actual.owners.items()
        if key[0] in OVERLOADED and owner not in trusted and key not in recorded
    }
    known = {_call(key) for key, owner in actual.owners.items() if key[0] in OVERLOADED and owner in trusted}
    for step in steps:
        item, texts = step.item, list(_texts(step))
        if step.verb == "drop":
            others.pop(item.key, None)
        elif owner_of(item, actual.owners) in {None, *trusted}:
            for key, owner in others.items():
                if (item.key in recorded or _call(key) in known) and any(_call(key) in text for text in texts):
                    return Captured(item, key, owner)
    return None


def owner_of(item: Object, owners: Mapping[Key, str]) -> str | None:
    """Return the owner of an object, or of its table, view or domain."""
    keys = [item.key, *((kind, item.parent) for kind in CONTAINERS if item.parent)]
    return next((owners[key] for key in keys if key in owners), None)


def _call(key: Key) -> str:
    """Return the beginning of a call, as PostgreSQL prints it in an expression."""
    kind, identity = key
    name = identity.partition("(")[0]
    return f"OPERATOR({name})" if kind == "operator" else f"{name}("


def _texts(step: Step) -> Iterator[str]:
    """Yield the texts of a step in which PostgreSQL chooses functions now. A function's string is read when it runs."""
    for item in (step.item, *step.inside):
        if item.kind == "function":
            yield str(item["arguments"])
            if str(item["body"]).lstrip().startswith(("BEGIN ATOMIC", "RETURN")):
                yield str(item["body"])
    if step.item.kind not in EXACT | {"function"}:
        yield from step.statements
