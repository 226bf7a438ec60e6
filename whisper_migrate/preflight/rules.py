"""The rules of preflight. Each has a page `docs/rules/<id>.md` with the reason and the way without a pause."""

from __future__ import annotations

from dataclasses import dataclass
from enum import Enum


class Level(Enum):
    """The weight of a finding, the heaviest first."""

    FAILS = "fails on rows"
    LOSES = "loses data"
    BLOCKS = "blocks"
    BREAKS = "breaks running code"
    WAITS = "waits"
    UNKNOWN = "could not tell"
    NOTE = "note"


@dataclass(frozen=True)
class Rule:
    """A rule: its id and name, such as `WM101 table-rewrite`, and the level of its findings."""

    id: str
    name: str
    level: Level

    def __str__(self) -> str:
        return f"{self.id} {self.name}"


TABLE_REWRITE = Rule("WM101", "table-rewrite", Level.BLOCKS)
BLOCKING_INDEX = Rule("WM102", "blocking-index-build", Level.BLOCKS)
SCAN_UNDER_LOCK = Rule("WM103", "scan-under-lock", Level.BLOCKS)
LOCK_HELD = Rule("WM104", "lock-held-during-work", Level.BLOCKS)
MANY_ROWS_CHANGED = Rule("WM105", "many-rows-changed", Level.BLOCKS)
ROWS_BREAK_RULE = Rule("WM201", "rows-break-rule", Level.FAILS)
DATA_LOST = Rule("WM202", "data-lost", Level.LOSES)
NOT_ASKED = Rule("WM203", "rows-not-asked", Level.UNKNOWN)
NAME_GONE = Rule("WM301", "name-gone", Level.BREAKS)
VALUE_REQUIRED = Rule("WM302", "value-required", Level.BREAKS)
UNINDEXED_REFERENCE = Rule("WM303", "unindexed-reference", Level.NOTE)
LONG_TRANSACTION = Rule("WM401", "long-transaction", Level.WAITS)
PREPARED_TRANSACTION = Rule("WM402", "prepared-transaction", Level.WAITS)
PUBLISHED_TABLE = Rule("WM403", "published-table", Level.NOTE)

RULES = tuple(value for value in globals().values() if isinstance(value, Rule))
