"""How long a statement works on a table, as a range: PostgreSQL's work measured in readings of the table."""

from __future__ import annotations

from dataclasses import dataclass

from whisper_migrate.preflight.sizes import Size

# How often the time of reading a table's bytes each kind of work takes, at least and at most. The range covers a table
# in memory and one on a disk, narrow and wide rows, one index and several (see `make bench`).
SCAN = (0.3, 6.0)
REWRITE = (1.0, 20.0)
INDEX = (1.0, 20.0)
REBUILT_INDEXES = (1.0, 30.0)  # of the bytes of the indexes
CHANGED_ROWS = (0.1, 60.0)


@dataclass(frozen=True)
class Range:
    """A duration in seconds, from `low` to `high`."""

    low: float = 0.0
    high: float = 0.0

    def __add__(self, other: Range) -> Range:
        return Range(self.low + other.low, self.high + other.high)

    def __str__(self) -> str:
        if self.high < 1:
            return "less than a second"
        if self.high < 90:
            return f"{self.low:.0f} to {max(self.high, self.low + 1):.0f} seconds"
        if self.high < 5400:
            return f"{_number(self.low / 60)} to {_number(self.high / 60)} minutes"
        return f"{_number(self.low / 3600)} to {_number(self.high / 3600)} hours"


def reading(amount: int, speed: int, factors: tuple[float, float]) -> Range:
    """Return the time for `amount` bytes at `speed` bytes per second, multiplied by the factors."""
    return Range(amount / speed * factors[0], amount / speed * factors[1])


def scan(size: Size, speed: int) -> Range:
    return reading(size.bytes, speed, SCAN)


def rewrite(size: Size, speed: int) -> Range:
    """Writing the table anew, with all of its indexes."""
    return reading(size.bytes, speed, REWRITE) + reading(size.index_bytes, speed, REBUILT_INDEXES)


def index(size: Size, speed: int) -> Range:
    return reading(size.bytes, speed, INDEX)


def changed_rows(size: Size, speed: int) -> Range:
    """Up to all rows changed, and entered into the indexes."""
    return reading(size.bytes, speed, CHANGED_ROWS) + reading(size.index_bytes, speed, (0.0, CHANGED_ROWS[1]))


def _number(value: float) -> str:
    return f"{value:.0f}" if value >= 10 else f"{value:.1f}"
