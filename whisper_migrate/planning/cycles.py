"""Break cycles of objects that depend on each other, so that the plan has an order."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field

from whisper_migrate.catalog.model import Key
from whisper_migrate.errors import Failure
from whisper_migrate.objects import ATTACHED, USED_BY_COLUMNS, USED_BY_DEFAULTS, kinds_that
from whisper_migrate.planning.steps import Step


class Cycle(Exception):
    """The steps of a plan form a cycle: each has to come after the step before it, the first after the last.

    `because` holds pairs (object, object that it depends on). Both may be created inside another object, as a column in
    its table.
    """

    def __init__(self, steps: Sequence[Step], because: set[tuple[Key, Key]]) -> None:
        super().__init__(" -> ".join(f"{step.verb} {step.item.kind} {step.item.identity}" for step in steps))
        self.steps = steps
        self.because = because


@dataclass
class Relaxed:
    """Exceptions from the usual plan that break cycles.

    `apart`: objects that get a step of their own instead of being part of their table's or domain's statement.
    `untied`: columns whose default is set last and dropped first. `rebuilt`: objects that are dropped and created
    again, although PostgreSQL could alter them.
    """

    apart: set[Key] = field(default_factory=set)
    untied: set[Key] = field(default_factory=set)
    rebuilt: set[Key] = field(default_factory=set)

    def add(self, cycle: Cycle) -> None:
        """Add the smallest exception that may break the cycle. Raises Failure if all of them were made already."""
        own = {step.item.key for step in cycle.steps}
        parts = {key for key, _ in cycle.because if key not in own}
        constraints = {key for key in parts if key[0] == "constraint"}
        columns = {key for key in parts if key[0] == "column"}
        calling = {key for key, needed in cycle.because if key in columns and needed[0] in USED_BY_DEFAULTS}
        altered = {step.item.key for step in cycle.steps if step.verb == "alter" and step.item.kind not in FOR_LIFE}
        for found, known in (
            (parts - columns, self.apart),
            (constraints, self.rebuilt),
            (calling, self.untied),
            (altered, self.rebuilt),
            (columns, self.apart),
        ):
            if found - known:
                known |= found
                return
        raise Failure(f"No order works for these objects, each needs the next: {cycle}.") from cycle


# Kinds that are never dropped and created again to break a cycle: columns would lose their values.
FOR_LIFE = kinds_that("is_kept") | ATTACHED | USED_BY_COLUMNS
