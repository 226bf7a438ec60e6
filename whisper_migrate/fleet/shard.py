"""Split a fleet among several runs, such as the jobs of a CI matrix or of an indexed Kubernetes job."""

from __future__ import annotations

import hashlib
import re
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import click

from whisper_migrate.fleet.members import Member


@dataclass(frozen=True)
class Shard:
    """Part `number`, counted from 1, of a fleet that is split into `of` parts of about equal size."""

    number: int
    of: int

    def __str__(self) -> str:
        return f"{self.number}/{self.of}"

    def members(self, members: Sequence[Member]) -> list[Member]:
        """Return the members in this part. Only a member's name decides, so other members may come and go."""
        return [member for member in members if _hash(member.name) % self.of == self.number - 1]


class ShardOption(click.ParamType[Shard]):
    """The type of an option with a value such as `3/10`."""

    name = "K/N"

    def convert(self, value: Any, param: click.Parameter | None, ctx: click.Context | None) -> Shard:
        """Parse the value. Fails unless it is a number from 1 on, and the number of parts."""
        if isinstance(value, Shard):
            return value
        found = re.fullmatch(r"([0-9]{1,6})/([0-9]{1,6})", str(value))
        number, of = map(int, found.groups()) if found else (0, 0)
        if not 1 <= number <= of:
            self.fail(
                f"{value!r} is no part of a whole: 1/10 is the first of ten parts, and 10/10 the last.", param, ctx
            )
        return Shard(number, of)


def _hash(name: str) -> int:
    """Return a hash of a name that is the same on every machine and in every process."""
    return int.from_bytes(hashlib.sha256(name.encode()).digest()[:8])
