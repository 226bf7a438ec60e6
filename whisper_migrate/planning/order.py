"""The order of a plan's steps."""

from __future__ import annotations

import heapq
from collections.abc import Callable, Iterator, Mapping
from graphlib import CycleError, TopologicalSorter
from itertools import pairwise

from whisper_migrate.catalog import Catalog, Key, Object
from whisper_migrate.objects import ATTACHED, KINDS
from whisper_migrate.objects.constraint import HAS_INDEX
from whisper_migrate.planning.cycles import Cycle
from whisper_migrate.planning.inheritance import above
from whisper_migrate.planning.shares import on_its_own
from whisper_migrate.planning.steps import USED_BY_DEFAULTS, Step, container, is_foreign_key
from whisper_migrate.sql import sibling

NAMED = frozenset({"table", "view", "materialized_view", "foreign_table", "sequence", "index"}) | {
    *("enum", "domain", "composite_type", "range_type")
}
# What can hold values of a domain inside of others: PostgreSQL adds no check to the domain then.
HOLDERS = frozenset({"column", "composite_type", "range_type"})
Priority = tuple[int, int, str, int, str]
Node = tuple[str, Key]


def in_order(steps: list[Step], before: Catalog, after: Catalog) -> list[Step]:
    """A topological order; where nothing decides, that of kinds, of names, and of columns in a table.

    The indexes of a new table follow it at once, as a person would write them. Raises Cycle where there is no order.
    """
    loosened = {step.item.key for step in steps if step.verb == "loosen"}
    steps = [step for step in steps if step.verb not in ("loosen", "finish")]
    place = {step.key: step for step in steps}
    makes = {step.item.key: step for step in steps if step.verb in ("create", "alter")}
    ties = {key: makes[key] for step in steps for key in {part.key for part in step.inside} & makes.keys()}
    makes |= {part.key: step for step in steps for part in step.inside}
    drops = {step.item.key: step for step in steps if step.verb in ("drop", "alter")}
    drops |= {step.item.key: step for step in steps if step.verb == "discard"}
    renames = {(step.before or step.item).key: step for step in steps if step.verb == "rename"}
    makes = {step.item.key: step for step in renames.values() if step.before} | makes
    graph: TopologicalSorter[Node] = TopologicalSorter({step.key: () for step in steps})
    reasons: dict[tuple[Node, Node], set[tuple[Key, Key]]] = {}

    def follow(step: Step, earlier: Step, key: Key, needed: Key) -> None:
        graph.add(step.key, earlier.key)
        reasons.setdefault((earlier.key, step.key), set()).add((key, needed))

    for key, tie in ties.items():
        graph.add(tie.key, makes[key].key)
    for key, needed in after.requires.items():
        for other in needed:
            step, earlier = makes.get(key), makes.get(other)
            if other[0] in USED_BY_DEFAULTS and key in ties:
                step = ties[key]
            if step and earlier and step is not earlier:
                follow(step, earlier, key, other)
    gone = {key for key, step in drops.items() if step.verb == "drop"}

    def ends(key: Key) -> list[Step]:
        """What drops or alters it: its own step or that of what it is in, and those of what it has its being from."""
        own = key if key in drops else container(before[key], gone)
        return [drops[one] for one in (own, *above(before, before[key])) if one in drops]

    for key, needed in before.requires.items():
        whole = None if key[0] in ATTACHED else container(before[key], gone)
        step = drops.get(key) or drops.get(whole or key)
        for other in needed if step else ():
            for later in ends(other):
                if not step or step is later or not {step.verb, later.verb} & {"drop", "discard"}:
                    continue
                if key not in loosened or other[0] not in USED_BY_DEFAULTS:
                    follow(later, step, key, other)
                elif step.verb == "alter":
                    follow(step, later, key, other)
            # What is dropped, or renamed, is so while the types that its name tells still have theirs.
            if other in renames and step and (step.verb == "drop" or key in renames):
                graph.add(renames[other].key, renames.get(key, step).key)
    for key, step in renames.items():
        if key in makes and makes[key].verb != "rename":
            graph.add(makes[key].key, step.key)
            if ("discard", key) in place:
                graph.add(("discard", key), makes[key].key)
        if step.before and makes[step.item.key] is not step:
            graph.add(makes[step.item.key].key, step.key)
    for key in gone & makes.keys():
        graph.add(makes[key].key, drops[key].key)
    for step in steps:  # what a parent is given later reaches its heirs
        if step.verb == "create" and step.item.kind in ("table", "foreign_table"):
            given = (part.key for parent in step.item["parents"] or () for part in after.children(parent, "column"))
            for key in given:
                if key in makes and makes[key] is not step:
                    graph.add(step.key, makes[key].key)
    for key, needed in after.requires.items():  # a check is for those values too that come to its domain by others
        for domain in needed if key[0] in HOLDERS and key in makes else ():
            for check in after.children(domain[1], "domain_constraint") if domain[0] == "domain" else ():
                if check.key in makes and makes[check.key].item is check and makes[key] is not makes[check.key]:
                    graph.add(makes[key].key, makes[check.key].key)
    freed: dict[str, Step] = {}
    for key, item in before.objects.items() if gone or renames else ():
        for end in [renames[key]] if key in renames else ends(key) if gone else ():
            if end.verb in ("drop", "rename"):
                freed |= dict.fromkeys(_names(item), end)
    for step in steps:
        for item in (step.item, *step.inside) if step.verb in ("create", "rename") else ():
            for name in _names(item) & freed.keys():
                if not step.verb == freed[name].verb == "rename":  # two shares can change names
                    graph.add(step.key, freed[name].key)
                    graph.add(makes.get(on_its_own(after, item.key), step).key, freed[name].key)
    for first, then, reason in _by_persistence(place, makes, ends, before, after):
        if first is not then:
            follow(then, first, reason, then.item.key)

    rank = {kind: number for number, kind in enumerate(KINDS)}
    position = {key: number for number, key in enumerate(after.objects)}
    new_tables = {step.item.identity for step in steps if step.verb == "create" and step.item.kind == "table"}

    def priority(node: Node) -> Priority:
        verb, (kind, identity) = node
        if verb in ("drop", "rename", "discard"):
            return 0, -rank[kind], "", 0, identity
        item = place[node].item
        if kind == "index" and item.parent in new_tables:
            return 1, rank["table"], "", rank[kind], identity  # before the next table
        return (
            1,
            rank[kind],
            identity if kind == "table" else "",
            position[item.key] if kind == "column" else 0,
            identity,
        )

    try:
        graph.prepare()
    except CycleError as error:
        nodes = error.args[1]
        because = {reason for edge in pairwise(nodes) for reason in reasons.get(edge, ())}
        raise Cycle([place[node] for node in nodes], because) from None
    ready: list[tuple[Priority, Node]] = []
    ordered: list[Step] = []
    while graph.is_active():
        for node in graph.get_ready():
            heapq.heappush(ready, (priority(node), node))
        _, node = heapq.heappop(ready)
        ordered.append(place[node])
        graph.done(node)
    return ordered


def _names(item: Object) -> set[str]:
    """The names that no other object may have: relations share theirs with types, functions with aggregates."""
    if item.kind in ("function", "aggregate") or item.kind in NAMED:
        return {item.identity}
    if item.kind == "constraint" and item["type"] in HAS_INDEX:
        return {sibling(str(item.parent), item["name"])}
    return {item["identity_sequence"]} if item.kind == "column" and item["identity_sequence"] else set()


def _by_persistence(
    place: Mapping[Node, Step],
    makes: Mapping[Key, Step],
    ends: Callable[[Key], list[Step]],
    before: Catalog,
    after: Catalog,
) -> Iterator[tuple[Step, Step, Key]]:
    """A logged table must not refer to an unlogged one, not even while both are on their way to the other.

    Nor is one published that goes unlogged. The third says why.
    """
    tables = (item for item in after if item.kind == "table" and ("alter", item.key) in place)
    switches = {t.key: place["alter", t.key] for t in tables if t["unlogged"] != before[t.key]["unlogged"]}
    for key, needed in before.requires.items() if switches else ():
        if key[0] == "publication" and ("alter", key) in place:
            for table in needed & switches.keys():
                if after[table]["unlogged"]:
                    yield place["alter", key], switches[table], key
        elif is_foreign_key(before[key]):
            for table in _tables(before, key) & switches.keys():
                yield from ((end, switches[table], key) for end in ends(key) if end.verb == "drop")
    for key in after.requires if switches else ():
        if not is_foreign_key(after[key]):
            continue
        referring, made = ("table", str(after[key].parent)), makes.get(key)
        for table in _tables(after, key) & switches.keys():
            if made and made.verb == "create":
                yield switches[table], made, key
            elif table != referring and referring in switches:
                pair = switches[referring], switches[table]
                first, then = pair if after[table]["unlogged"] else reversed(pair)
                yield first, then, key


def _tables(catalog: Catalog, foreign_key: Key) -> set[Key]:
    """Both tables, or the one that refers to itself."""
    keys = {foreign_key, *catalog.requires[foreign_key]}
    return {("table", str(catalog[key].parent)) for key in keys}
