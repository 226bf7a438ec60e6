"""Sort the differences between a database and a revision: what an adoption may change, keeps, or leaves undecided."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, replace

from whisper_migrate.catalog.model import Catalog, Change, Key, Object
from whisper_migrate.catalog.sql import comment
from whisper_migrate.comparing.settle import agreed
from whisper_migrate.inspecting.owners import OWNER
from whisper_migrate.objects import KINDS, REPLACEABLE, kinds_that
from whisper_migrate.planning.hazards import hazards
from whisper_migrate.planning.steps import Step
from whisper_migrate.state.repair import planned

# Kinds that change how a table of the history works, even though the history does not have the object.
INTERFERING = kinds_that("changes_its_table")
# Kinds whose objects can have another name than in the history, and be equal otherwise.
NAMED = ("constraint", "index")


@dataclass(frozen=True)
class Differences:
    """Differences from a revision to a database, sorted.

    `names`: objects that only have another name. `reconcilable`: these, and objects without rows. `owners`: objects of
    another owner than the project's. `besides`: objects of the user's own, which are kept. `undecided`: all others.
    """

    changes: list[Change]
    names: list[Change]
    reconcilable: list[Change]
    owners: list[Change]
    besides: list[Change]
    undecided: list[Change]

    @property
    def own(self) -> frozenset[Key]:
        """The keys of the user's own objects."""
        return frozenset(change.object.key for change in self.besides)

    def steps(self, actual: Catalog, wanted: Catalog) -> list[Step]:
        """Return the steps that remove all differences but those of the user's own objects."""
        renamed = [Step("rename", new, old, _renaming(old, new)) for new, old in _pairs(self.names)]
        actual = _with_names(actual, self.names)
        return [*renamed, *planned(actual, self._goal(actual, wanted))]

    def sql_to_decide(self, steps: list[Step], actual: Catalog, wanted: Catalog) -> Iterator[str]:
        """Yield the SQL that would remove the undecided differences, with a comment before each loss of data.

        A reconcilable object that one of these needs, such as the function of a default, is created by it too.
        """
        keys = {change.object.key for change in self.undecided}
        keys |= _needed(keys, wanted) & {change.object.key for change in self.reconcilable}
        chosen = [step for step in steps if step.item.key in keys or keys & {item.key for item in step.inside}]
        lost = {id(hazard.item): hazard for hazard in hazards(chosen, actual, self._goal(actual, wanted))}
        for step in chosen:
            if hazard := lost.get(id(step.item)):
                yield comment(f"LOSES DATA: {hazard}")
            yield from (f"{statement};" for statement in step.statements)

    def _goal(self, actual: Catalog, wanted: Catalog) -> Catalog:
        return _with(agreed(actual, wanted, self.changes), actual, list(self.own))


def differences(changes: list[Change], wanted: Catalog) -> Differences:
    """Sort the differences between the revision's catalog `wanted` and a database."""
    names = list(_other_names(changes))
    named = {item.key for pair in _pairs(names) for item in pair}
    changes = [change for change in changes if change.object.key not in named]
    gone = {one.object.identity for one in changes if one.sign == "-" and one.object.kind not in REPLACEABLE}
    reconcilable = [change for change in changes if _is_reconcilable(change) and change.object.parent not in gone]
    besides = [change for change in changes if change.sign == "+" and not _interferes(change, wanted)]
    owners = [change for change in changes if change.object.kind == OWNER]
    sorted_out = {change.object.key for change in (*reconcilable, *owners, *besides)}
    undecided = [change for change in changes if change.object.key not in sorted_out]
    return Differences(changes, names, [*names, *reconcilable], owners, besides, undecided)


def _needed(keys: set[Key], wanted: Catalog) -> set[Key]:
    """Return the keys of all objects that those with these keys require, directly or not."""
    found: set[Key] = set()
    todo = list(keys)
    while todo:
        more = wanted.requires.get(todo.pop(), frozenset()) - found
        found |= more
        todo += more
    return found


def _other_names(changes: list[Change]) -> Iterator[Change]:
    """Yield a change for each object that is equal but for its name."""
    ours = [change.object for change in changes if change.sign == "-" and change.object.kind in NAMED]
    for change in changes:
        theirs = change.object
        if change.sign == "+" and theirs.kind in NAMED and not theirs.derived:
            equal = [item for item in ours if item.parent == theirs.parent and _nameless(item) == _nameless(theirs)]
            if equal:
                ours.remove(equal[0])
                yield Change(equal[0], theirs)


def _nameless(item: Object) -> Object:
    definition = str(item["definition"])
    if item.kind == "index":
        definition = definition.replace(f" {item['name']} ON ", " ON ", 1)
    return replace(item.but(name="", definition=definition), identity="")


def _pairs(names: list[Change]) -> list[tuple[Object, Object]]:
    return [(change.before, change.after) for change in names if change.before and change.after]


def _renaming(old: Object, new: Object) -> tuple[str, ...]:
    return tuple(KINDS[old.kind].rename(old, str(new["name"])))


def _with_names(catalog: Catalog, names: list[Change]) -> Catalog:
    """Return the catalog with the names of the history."""
    keys = {old.key: new for new, old in _pairs(names)}
    objects = {item.key: item for item in (keys.get(item.key, item) for item in catalog)}
    requires = {
        keys[key].key if key in keys else key: frozenset(keys[one].key if one in keys else one for one in needed)
        for key, needed in catalog.requires.items()
    }
    return replace(catalog, objects=objects, requires=requires)


def _is_reconcilable(change: Change) -> bool:
    if change.object.kind not in REPLACEABLE or change.sign == "+":
        return False
    sides = [item for item in (change.before, change.after) if item and item.kind == "index"]
    return not any(item["definition"].startswith("CREATE UNIQUE") for item in sides)


def _interferes(change: Change, wanted: Catalog) -> bool:
    """Whether an object that only the database has changes how a table of the history works."""
    item = change.object
    if item.parent is None or ("table", item.parent) not in wanted or _is_optional(item):
        return False
    return item.kind in INTERFERING or (item.kind == "index" and item["definition"].startswith("CREATE UNIQUE"))


def _is_optional(item: Object) -> bool:
    """Whether an object is a column to which an INSERT need not give a value."""
    filled = ("default", "generated", "identity_kind")
    return item.kind == "column" and not (item["not_null"] and all(item[name] is None for name in filled))


def _with(catalog: Catalog, other: Catalog, keys: list[Key]) -> Catalog:
    """Return a copy of a catalog, with some objects of another one added."""
    objects = {**catalog.objects, **{key: other[key] for key in keys}}
    requires = {**catalog.requires, **{key: other.requires.get(key, frozenset()) for key in keys}}
    return replace(
        catalog, objects=objects, requires={key: needed & objects.keys() for key, needed in requires.items()}
    )
