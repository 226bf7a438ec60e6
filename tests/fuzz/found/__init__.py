"""What pairs have found, each in a few lines, by subject."""

from dataclasses import dataclass


@dataclass(frozen=True)
class Found:
    """Two schemas, and what they have in common; `since` is the first version of PostgreSQL that has all of it."""

    name: str
    common: str
    before: str
    after: str
    since: int = 14

    def __str__(self) -> str:
        return self.name
