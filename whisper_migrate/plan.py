"""From one catalog to another: which statements, and in which order."""

from __future__ import annotations

import heapq
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from graphlib import CycleError, TopologicalSorter

from whisper_migrate.catalog import Catalog, Key, Object, diff
from whisper_migrate.errors import Failure
from whisper_migrate.objects import ATTACHED, KINDS

Priority = tuple[int, int, str, int, str]

CONTAINERS = ("table", "view", "materialized_view", "foreign_table")
# A view or an index can be made again at any time; these hold rows or values, which could not.
KEPT = frozenset({"schema", "extension", "table", "column", "foreign_table", "sequence"})


@dataclass(frozen=True)
class Step:
    """One object to `drop`, `create`, `alter` or `finish`, and the statements that do it."""

    verb: str
    item: Object
    before: Object | None
    statements: tuple[str, ...]
    inside: tuple[Object, ...] = ()

    @property
    def key(self) -> tuple[str, Key]:
        """What names this step in its plan."""
        return self.verb, self.item.key


def plan(before: Catalog, after: Catalog) -> list[Step]:
    """The steps that turn `before` into `after`, both read with `requires=True`.

    Drops come first where nothing holds them back; an object comes after those that it needs; what stands on
    something that has to be dropped or rebuilt comes off before and goes back on afterwards, as it was.
    """
    changes = diff(before, after)
    created = {change.object.key for change in changes if change.sign == "+"}
    dropped = {change.object.key for change in changes if change.sign == "-"}
    altered: dict[Key, list[str]] = {}
    rebuilt: set[Key] = set()
    for change in changes:
        if change.before and change.after:
            alter = getattr(KINDS[change.object.kind], "alter", None)
            statements = alter(change.before, change.after) if alter else None
            if statements is None:
                rebuilt.add(change.object.key)
            else:
                altered[change.object.key] = statements
    disturbed = {key for key in altered if _disturbs(before, after, key)}
    rebuilt |= _dependents(before, after, rebuilt | dropped | disturbed)
    steps = [
        Step("alter", after[key], before[key], tuple(sql))
        for key, sql in altered.items()
        if key not in rebuilt and not _derived(after[key])
    ]
    # Foreign keys that go round in a circle, or a check that needs its own table, cannot be made inside CREATE TABLE.
    for apart in ((), ("foreign key",), ("foreign key", "check", "exclusion", "unique", "primary key")):
        try:
            ordered = _in_order(
                [*steps, *_drops(before, dropped | rebuilt, apart), *_creates(after, created | rebuilt, apart)],
                before,
                after,
            )
            break
        except CycleError as cycle:
            if len(apart) > 1:
                raise Failure(f"No order works for these objects, each needs the next: {_shown(cycle)}.") from cycle
    finished = [_step("finish", after[key]) for key in created | rebuilt if hasattr(KINDS[key[0]], "finish")]
    return ordered + sorted((step for step in finished if step.statements), key=lambda step: step.item.identity)


def statements(steps: Iterable[Step]) -> list[str]:
    """The SQL of some steps, in order."""
    return [statement for step in steps for statement in step.statements]


def _step(verb: str, item: Object, inside: Sequence[Object] = ()) -> Step:
    make = getattr(KINDS[item.kind], verb)
    return Step(verb, item, None, tuple(make(item, inside) if inside else make(item)), tuple(inside))


def _drops(before: Catalog, dropped: set[Key], apart: Sequence[str]) -> list[Step]:
    """What is dropped by itself: the rest goes along with the table or the object that it belongs to."""
    steps = []
    for key in dropped:
        item = before[key]
        if item.kind in ATTACHED:
            along = any(owner in dropped for owner in before.requires.get(key, ()))
        else:
            along = _container(item, dropped) is not None and not (item.kind == "constraint" and item["type"] in apart)
        if not along and not _derived(item):
            steps.append(_step("drop", item))
    return steps


def _creates(after: Catalog, created: set[Key], apart: Sequence[str]) -> list[Step]:
    """What is created by itself, each with what comes inside it."""
    inside: dict[Key, list[Object]] = {}
    steps = []
    for key in [key for key in after.objects if key in created and not _derived(after[key])]:
        item = after[key]
        container, fits = _container(item, created), getattr(KINDS[item.kind], "fits_inside", None)
        if container and fits and fits(item) and not (item.kind == "constraint" and item["type"] in apart):
            inside.setdefault(container, []).append(item)
        else:
            steps.append(item)
    return [_step("create", item, inside.get(item.key, ())) for item in steps]


def _container(item: Object, among: set[Key]) -> Key | None:
    """The table or view that `item` lives and dies with, if it is one of `among`."""
    return next(((kind, item.parent) for kind in CONTAINERS if item.parent and (kind, item.parent) in among), None)


def _shown(cycle: CycleError) -> str:
    return " -> ".join(f"{kind} {identity}" for _, (kind, identity) in cycle.args[1])


def _derived(item: Object) -> bool:
    """A partition's share of what its parent has: it follows the parent."""
    return "inherited" in item.fields and bool(item["inherited"]) and item.kind != "trigger"


def _disturbs(before: Catalog, after: Catalog, key: Key) -> bool:
    """Whether changing this object in place is refused while others stand on it."""
    return key[0] == "column" and any(before[key][name] != after[key][name] for name in ("type", "collation"))


# PostgreSQL itself rebuilds these when the type of a column changes under them.
FOLLOWS_TYPE = ATTACHED | {"index", "constraint", "statistics"}


def _dependents(before: Catalog, after: Catalog, roots: set[Key]) -> set[Key]:
    """Everything that stands on `roots`, at any distance, stays in `after`, and can be taken off and put back."""
    standing: dict[Key, set[Key]] = {}
    for key, needed in before.requires.items():
        for other in needed:
            standing.setdefault(other, set()).add(key)
    found: set[Key] = set()
    todo = list(roots)
    while todo:
        key = todo.pop()
        retyped = key[0] == "column" and key in after and key not in found
        for other in standing.get(key, ()):
            if other in found or other in roots or other[0] in KEPT or other not in after:
                continue
            if retyped and other[0] in FOLLOWS_TYPE:
                continue
            found.add(other)
            todo.append(other)
    return found


def _in_order(steps: list[Step], before: Catalog, after: Catalog) -> list[Step]:
    """A topological order; where nothing decides, that of kinds, of names, and of columns in a table.

    The indexes of a new table follow it at once, as a person would write them.
    """
    place = {step.key: step for step in steps}
    makes = {step.item.key: step for step in steps if step.verb != "drop"}
    makes |= {part.key: step for step in steps for part in step.inside}
    drops = {step.item.key: step for step in steps if step.verb != "create"}
    graph: TopologicalSorter[tuple[str, Key]] = TopologicalSorter({step.key: () for step in steps})
    for key, needed in after.requires.items():
        for other in needed:
            step, earlier = makes.get(key), makes.get(other)
            if step and earlier and step is not earlier:
                graph.add(step.key, earlier.key)
    gone = {key for key, step in drops.items() if step.verb == "drop"}
    for key, needed in before.requires.items():
        step = drops.get(key) or drops.get(_container(before[key], gone) or key)
        for other in needed:
            later = drops.get(other) or drops.get(_container(before[other], gone) or other)
            if step and later and step is not later and "drop" in (step.verb, later.verb):
                graph.add(later.key, step.key)
    for key in gone & makes.keys():
        graph.add(makes[key].key, drops[key].key)

    rank = {kind: number for number, kind in enumerate(KINDS)}
    position = {key: number for number, key in enumerate(after.objects)}
    new_tables = {step.item.identity for step in steps if step.verb == "create" and step.item.kind == "table"}

    def priority(node: tuple[str, Key]) -> Priority:
        verb, (kind, identity) = node
        if verb == "drop":
            return 0, -rank[kind], "", 0, identity
        item = place[node].item
        if kind == "index" and item.parent in new_tables:
            return 1, rank["table"], item.parent, rank[kind], identity
        return (
            1,
            rank[kind],
            identity if kind == "table" else "",
            position[item.key] if kind == "column" else 0,
            identity,
        )

    graph.prepare()
    ready: list[tuple[Priority, tuple[str, Key]]] = []
    ordered: list[Step] = []
    while graph.is_active():
        for node in graph.get_ready():
            heapq.heappush(ready, (priority(node), node))
        _, node = heapq.heappop(ready)
        ordered.append(place[node])
        graph.done(node)
    return ordered
