"""One step of a plan, and facts about objects that decide where it comes."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Literal

from whisper_migrate.catalog.model import Catalog, Key, Object
from whisper_migrate.catalog.names import plain_name
from whisper_migrate.catalog.statement import Does, effect

# What a step does to its object. `prepare` comes first and removes what would block other steps; `discard` drops a
# replaced type; `fill` is a data step; `finish` comes last.
Verb = Literal["prepare", "drop", "rename", "create", "alter", "fill", "discard", "finish"]


@dataclass(frozen=True)
class Step:
    """One change to one object.

    `inside` are the objects that the statement for `item` creates too. `alone`: no other step shares the transaction.
    """

    verb: Verb
    item: Object
    before: Object | None
    statements: tuple[str, ...]
    inside: tuple[Object, ...] = ()
    alone: bool = False

    @property
    def key(self) -> tuple[Verb, Key]:
        """The verb and the object's key, which identify the step in its plan."""
        return self.verb, self.item.key

    @property
    def does(self) -> list[Does | None]:
        """The effect of each statement."""
        return [effect(statement) for statement in self.statements]


def is_foreign_key(item: Object) -> bool:
    """Whether a constraint is a foreign key: its columns may not be comparable while one has its new type already."""
    return item.kind == "constraint" and bool(item["type"] == "foreign key")


def both_tables(catalog: Catalog, foreign_key: Key) -> set[Key]:
    """Return both tables of a foreign key; one if a table refers to itself."""
    keys = {foreign_key, *catalog.requires[foreign_key]}
    return {("table", str(catalog[key].parent)) for key in keys}


def drops_rows(step: Step) -> bool:
    """Whether a step drops rows or values: a table, a sequence, or a column that is not generated."""
    item = step.item
    if item.kind == "column":
        return step.verb == "drop" and item["generated"] is None and not item["of_view"]
    return step.verb == "drop" and item.kind in ("table", "foreign_table", "sequence")


def dropped_late(steps: Iterable[Step]) -> set[tuple[Verb, Key]]:
    """Return the keys of the steps that drop what a data step may use: rows, values and functions.

    A function is dropped early if the plan creates one of the same name: a call could mean either of them.
    """
    steps = list(steps)
    new = {plain_name(step.item) for step in steps if step.verb == "create" and step.item.kind == "function"}
    return {
        step.key
        for step in steps
        if drops_rows(step)
        or (step.verb == "drop" and step.item.kind == "function" and plain_name(step.item) not in new)
    }
