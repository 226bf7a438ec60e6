"""The modes of table locks, from the weakest to the strongest, as pg_locks names them.

https://www.postgresql.org/docs/current/explicit-locking.html#LOCKING-TABLES
"""

from __future__ import annotations

import re

MODES = (
    "AccessShareLock",
    "RowShareLock",
    "RowExclusiveLock",
    "ShareUpdateExclusiveLock",
    "ShareLock",
    "ShareRowExclusiveLock",
    "ExclusiveLock",
    "AccessExclusiveLock",
)
WRITES = MODES[2]
OF_SCHEMA_CHANGES = MODES[3:]
BLOCKS_WRITES = frozenset(MODES[4:])
BLOCKS_READS = frozenset(MODES[7:])


def words(mode: str) -> str:
    """Return a mode as LOCK TABLE takes it: `AccessExclusiveLock` -> `ACCESS EXCLUSIVE`."""
    return " ".join(re.findall("[A-Z][a-z]+", mode.removesuffix("Lock"))).upper()
