"""Order the steps of a plan."""

from __future__ import annotations

import heapq
from collections.abc import Mapping
from graphlib import CycleError, TopologicalSorter
from itertools import pairwise

from whisper_migrate.catalog.model import Catalog, Key
from whisper_migrate.objects import KINDS
from whisper_migrate.planning.cycles import Cycle
from whisper_migrate.planning.precedence import Precedence
from whisper_migrate.planning.steps import Step, Verb, dropped_late

Priority = tuple[int, int, str, int, str]
Node = tuple[Verb, Key]
# The turn of a step, unless a step that depends on it comes earlier.
FIRST, THEN, BLOCKING, LAST = range(4)


def in_order(steps: list[Step], before: Catalog, after: Catalog) -> list[Step]:
    """Order the steps so that each object is created after the objects that it depends on, and dropped before them.

    Where no rule decides, the order is that of kinds, of names, and of columns in a table. Tables, columns, sequences
    and functions are dropped last, so that a person can move rows from the old to the new. One that blocks a new
    object, such as a table of the same name, is dropped as late as possible before it. The indexes of a new table come
    directly after the table. Raises Cycle if there is no order.
    """
    precedence = Precedence(steps, before, after)
    place = precedence.place
    graph: TopologicalSorter[Node] = TopologicalSorter(dict.fromkeys(sorted(place), ()))
    preceding: dict[Node, set[Node]] = {}
    reasons: dict[tuple[Node, Node], set[tuple[Key, Key]]] = {}
    # Sorted, so that every process finds the same cycle first.
    for earlier, later, reason in sorted(precedence.edges(), key=lambda edge: (edge[0].key, edge[1].key)):
        graph.add(later.key, earlier.key)
        preceding.setdefault(later.key, set()).add(earlier.key)
        if reason:
            reasons.setdefault((earlier.key, later.key), set()).add(reason)

    late = dropped_late(steps)
    blocking = _before_any(preceding, {key for key, step in place.items() if step.verb in ("create", "alter")})
    rank = {kind: number for number, kind in enumerate(KINDS)}
    position = {key: number for number, key in enumerate(after.objects)}
    new_tables = {step.item.identity for step in steps if step.verb == "create" and step.item.kind == "table"}

    def priority(node: Node) -> Priority:
        verb, (kind, identity) = node
        if verb in ("drop", "rename", "discard"):
            turn = FIRST if node not in late else BLOCKING if node in blocking else LAST
            return turn, -rank[kind], "", 0, identity
        item = place[node].item
        if kind == "index" and item.parent in new_tables:
            return THEN, rank["table"], "", rank[kind], identity  # before the next table
        if kind == "column":  # new columns come before changes of existing ones
            return THEN, rank[kind], verb if verb == "create" else "later", position[item.key], identity
        return THEN, rank[kind], identity if kind == "table" else "", 0, identity

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


def _before_any(preceding: Mapping[Node, set[Node]], ends: set[Node]) -> set[Node]:
    """Return the steps that have to precede any of the steps `ends`, directly or indirectly."""
    found: set[Node] = set()
    todo = list(ends)
    while todo:
        more = preceding.get(todo.pop(), set()) - found
        found |= more
        todo += more
    return found
