"""A schema as choices with names: another one is like it but for some of them."""

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, field
from random import Random
from typing import Any, TypeVar

T = TypeVar("T")


@dataclass
class Choices:
    """What is chosen is as in `like`, where it can be, but for what is `changed`.

    Each choice depends on the seed and its name only, so that one can be taken back and the others stay.
    """

    seed: str
    like: Mapping[str, Any] = field(default_factory=dict)
    changed: Collection[str] = ()
    made: dict[str, Any] = field(default_factory=dict)

    def pick(self, name: str, options: Sequence[T]) -> T:
        """One of the options, which comes out the likelier the more often it is listed."""
        known = self.like.get(name, self)
        if known not in options or name in self.changed:
            others = [option for option in options if option != known] or options
            known = Random(f"{self.seed} {name}").choice(others)
        self.made[name] = known
        return known

    def some(self, name: str, options: Sequence[T], most: int) -> list[T]:
        """Up to so many of the options, each once."""
        found: list[T] = []
        for number in range(most):
            left = [option for option in options if option not in found]
            one = self.pick(f"{name} {number}", [None, *left]) if left else None
            found += [] if one is None else [one]
        return found
