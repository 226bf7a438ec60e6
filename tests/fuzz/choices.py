"""A schema as named choices, so that a second schema can differ from it in a few of them."""

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, field
from random import Random
from typing import Any, TypeVar

T = TypeVar("T")


@dataclass
class Choices:
    """Makes the same choices as `like` where possible, except those named in `changed`.

    Each choice depends only on the seed and its name, so one can be reverted without affecting the others.
    """

    seed: str
    like: Mapping[str, Any] = field(default_factory=dict)
    changed: Collection[str] = ()
    made: dict[str, Any] = field(default_factory=dict)

    def pick(self, name: str, options: Sequence[T]) -> T:
        """Choose one of the options; an option that is listed twice is twice as likely."""
        known = self.like.get(name, self)
        if known not in options or name in self.changed:
            others = [option for option in options if option != known] or options
            known = Random(f"{self.seed} {name}").choice(others)
        self.made[name] = known
        return known

    def some(self, name: str, options: Sequence[T], most: int) -> list[T]:
        """Choose up to `most` of the options, each at most once."""
        found: list[T] = []
        for number in range(most):
            left = [option for option in options if option not in found]
            one = self.pick(f"{name} {number}", [None, *left]) if left else None
            found += [] if one is None else [one]
        return found
