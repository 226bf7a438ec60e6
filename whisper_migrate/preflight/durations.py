"""How long a statement works on a table, as a range: PostgreSQL's work measured in readings of the table."""

from __future__ import annotations

from dataclasses import dataclass
from math import ceil

from whisper_migrate.preflight.sizes import Size

ROW = 80  # bytes of a row, where the number of rows is not known


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
            return f"{int(self.low)} to {ceil(self.high)} seconds"
        if self.high < 5400:
            return f"{_number(self.low / 60)} to {_number(self.high / 60)} minutes"
        return f"{_number(self.low / 3600)} to {_number(self.high / 3600)} hours"


@dataclass(frozen=True)
class Work:
    """A kind of work: its time as multiples, at least and at most, of reading the table and of reading its indexes.

    `row` are the seconds that each row takes at most in addition: a table in memory is read faster than its rows are
    computed. `make bench` compares the ranges with the time on 2 million rows.
    """

    table: tuple[float, float]
    indexes: tuple[float, float] = (0.0, 0.0)
    row: float = 0.0

    def on(self, size: Size, speed: int) -> Range:
        """Return the duration on a table, at `speed` bytes per second."""
        rows = size.bytes / ROW if size.rows is None else size.rows
        low, high = (
            size.bytes * one + size.index_bytes * other for one, other in zip(self.table, self.indexes, strict=True)
        )
        return Range(low / speed, high / speed + rows * self.row)


SCAN = Work((0.3, 6.0), row=5e-7)
REWRITE = Work((1.0, 20.0), (1.0, 30.0), row=5e-6)
INDEX = Work((1.0, 20.0), row=5e-6)
CHANGED_ROWS = Work((0.1, 60.0), (0.0, 60.0), row=5e-5)


def _number(value: float) -> str:
    return f"{value:.0f}" if value >= 10 else f"{value:.1f}"
