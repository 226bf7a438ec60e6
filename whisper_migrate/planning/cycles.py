"""Objects that need each other: what is loosened so that an order is found."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field

from whisper_migrate.catalog import Key
from whisper_migrate.errors import Failure
from whisper_migrate.objects import ATTACHED, KINDS
from whisper_migrate.planning.steps import KEPT, USED_BY_DEFAULTS, Step


class Cycle(Exception):
    """Steps each of which has to come after the one before it, the last of them the first again.

    `because` says which object needs which there: they may be inside of what the steps make or drop.
    """

    def __init__(self, steps: Sequence[Step], because: set[tuple[Key, Key]]) -> None:
        super().__init__(" -> ".join(f"{step.verb} {step.item.kind} {step.item.identity}" for step in steps))
        self.steps = steps
        self.because = because


@dataclass
class Loosened:
    """What comes and goes by itself, and not with the table or domain that it is in; which columns get their default
    last and lose it first; and what is dropped and created again, though it could be altered.
    """

    apart: set[Key] = field(default_factory=set)
    untied: set[Key] = field(default_factory=set)
    rebuilt: set[Key] = field(default_factory=set)

    def loosen(self, cycle: Cycle) -> None:
        """Loosen what makes the cycle, the least of it first. Raises Failure when all of it is loose already."""
        own = {step.item.key for step in cycle.steps}
        parts = {key for key, _ in cycle.because if key not in own}
        constraints = {key for key in parts if key[0] == "constraint"}
        columns = {key for key in parts if key[0] == "column"}
        calling = {key for key, needed in cycle.because if key in columns and needed[0] in USED_BY_DEFAULTS}
        altered = {step.item.key for step in cycle.steps if step.verb == "alter" and step.item.kind not in FOR_LIFE}
        for found, loose in (
            (parts - columns, self.apart),
            (constraints, self.rebuilt),
            (calling, self.untied),
            (altered, self.rebuilt),
            (columns, self.apart),
        ):
            if found - loose:
                loose |= found
                return
        raise Failure(f"No order works for these objects, each needs the next: {cycle}.") from cycle


# What holds values, or what values are of.
FOR_LIFE = KEPT | ATTACHED | {kind for kind, module in KINDS.items() if hasattr(module, "rename")}
