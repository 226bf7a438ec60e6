"""Pairs of schemas that once failed, each in a few lines, by subject."""

from dataclasses import dataclass


@dataclass(frozen=True)
class Found:
    """Two schemas, and their common part; `since` is the first PostgreSQL version that has all their features."""

    name: str
    common: str
    before: str
    after: str
    since: int = 14

    def __str__(self) -> str:
        return self.name
