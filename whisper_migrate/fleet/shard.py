"""A part of a fleet, so that several runs share the work: the jobs of a CI matrix, or of an indexed Kubernetes job."""

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
    """The part `number`, counted from 1, of `of` parts that are about as large."""

    number: int
    of: int

    def __str__(self) -> str:
        return f"{self.number}/{self.of}"

    def members(self, members: Sequence[Member]) -> list[Member]:
        """Those that are in it. A member's name alone says which part that is, whoever else comes or goes."""
        return [member for member in members if _hash(member.name) % self.of == self.number - 1]


class ShardOption(click.ParamType[Shard]):
    """`3/10` on the command line."""

    name = "K/N"

    def convert(self, value: Any, param: click.Parameter | None, ctx: click.Context | None) -> Shard:
        """Refuses what is no number of a part, from 1 on, and how many parts there are."""
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
    """The same number on every machine, in every process."""
    return int.from_bytes(hashlib.sha256(name.encode()).digest()[:8])
