"""One step of a plan, and what is to be known of an object to place it."""

from __future__ import annotations

from dataclasses import dataclass

from whisper_migrate.catalog import Key, Object
from whisper_migrate.statement import Does, effect

CONTAINERS = ("table", "view", "materialized_view", "foreign_table", "domain")
# What keeps rows or values, which would be lost if it was dropped and created again.
KEPT = frozenset({"schema", "extension", "table", "column", "sequence"})
# What the default of a column can call: the default comes off while they are made again.
USED_BY_DEFAULTS = frozenset({"function", "operator", "sequence"})


@dataclass(frozen=True)
class Step:
    """What is done to one object and how: loosen, drop, rename, create, alter, discard or finish.

    What is `alone` is done in no transaction with others.
    """

    verb: str
    item: Object
    before: Object | None
    statements: tuple[str, ...]
    inside: tuple[Object, ...] = ()
    alone: bool = False

    @property
    def key(self) -> tuple[str, Key]:
        """What names this step in its plan."""
        return self.verb, self.item.key

    @property
    def does(self) -> list[Does | None]:
        """The effect of each statement."""
        return [effect(statement) for statement in self.statements]


def container(item: Object, among: set[Key]) -> Key | None:
    """The table or view that `item` lives and dies with, if it is one of `among`."""
    return next(((kind, item.parent) for kind in CONTAINERS if item.parent and (kind, item.parent) in among), None)


def is_foreign_key(item: Object) -> bool:
    """While one of its columns has changed and the other has not, they may not compare."""
    return item.kind == "constraint" and bool(item["type"] == "foreign key")


def drops_rows(step: Step) -> bool:
    """Whether a step drops what rows or values are in: a table, a sequence, a column that is not generated."""
    item = step.item
    if item.kind == "column":
        return step.verb == "drop" and item["generated"] is None and not item["of_view"]
    return step.verb == "drop" and item.kind in ("table", "foreign_table", "sequence")
