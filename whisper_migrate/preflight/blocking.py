"""Find the tables that a revision blocks, for how long, and because of which statement."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass

from whisper_migrate.catalog.names import shown
from whisper_migrate.databases.batched_update import is_marked
from whisper_migrate.databases.lock_modes import BLOCKS_READS, BLOCKS_WRITES, MODES
from whisper_migrate.preflight import durations
from whisper_migrate.preflight.durations import Range
from whisper_migrate.preflight.effects import Effect
from whisper_migrate.preflight.findings import Finding
from whisper_migrate.preflight.rules import (
    BLOCKING_INDEX,
    LOCK_HELD,
    MANY_ROWS_CHANGED,
    SCAN_UNDER_LOCK,
    TABLE_REWRITE,
    Rule,
)
from whisper_migrate.preflight.sizes import Size

# Not ON DELETE of a foreign key, AFTER UPDATE of a trigger, or FOR UPDATE of a query.
CHANGES_ROWS = re.compile(
    r"(?<!\bON )(?<!\bFOR )(?<!\bAFTER )(?<!\bBEFORE )(?<!\bOR )\b(?:UPDATE|DELETE|MERGE|CALL|EXECUTE)\b",
    re.IGNORECASE,
)
LEAST_ROW = 28  # bytes
LONG = 1.0  # seconds: sessions that wait for less are not asked about
MANY = 100_000  # rows
ORDER = (TABLE_REWRITE, BLOCKING_INDEX, SCAN_UNDER_LOCK, MANY_ROWS_CHANGED)


@dataclass(frozen=True)
class Tables:
    """The tables of the shadow by oid, their sizes in the real database by name, and its speed in bytes per second.

    A partition that stands for all partitions of a table has the name of the table.
    """

    names: Mapping[int, str]
    sizes: Mapping[str, Size]
    speed: int

    def size(self, oid: int) -> Size | None:
        """Return a table's size; None if it is not in the real database, because a revision creates it."""
        return self.sizes.get(self.names.get(oid, ""))


@dataclass(frozen=True)
class _Work:
    """A table on which a statement works, with the duration and the rule."""

    rule: Rule
    oid: int
    seconds: Range


def blocking(revision: str, effects: Sequence[Effect], tables: Tables) -> Iterator[Finding]:
    """Yield the findings about locks and work of a revision, whose statements had these effects in the shadow.

    A lock lasts until the end of its transaction, so all later work in the transaction counts.
    """
    works = [list(_works(effect, tables)) for effect in effects]
    said: set[tuple[str, bool]] = set()
    for number, (effect, mine) in enumerate(zip(effects, works, strict=True)):
        for work in mine:
            if work.rule is MANY_ROWS_CHANGED and _has_many(tables.size(work.oid)):
                yield _changes(revision, effect, work, tables)
        for oid in sorted(effect.locks, key=lambda one: tables.names.get(one, "")):
            size = tables.size(oid)
            mode = effect.locks[oid]
            if size is None or mode not in BLOCKS_WRITES or effect.is_concurrent or not _is_taken(effects, number, oid):
                continue
            held = mine if effect.alone else _to_the_end(effects, works, number)
            seconds = sum((one.seconds for one in held), Range())
            if seconds.high < LONG or (tables.names[oid], mode in BLOCKS_READS) in said:
                continue
            said.add((tables.names[oid], mode in BLOCKS_READS))
            own = sorted(
                (one for one in held if tables.names[one.oid] == tables.names[oid]),
                key=lambda one: ORDER.index(one.rule),
            )
            rule = own[0].rule if own and own[0].rule is not MANY_ROWS_CHANGED else LOCK_HELD
            yield _blocks(revision, rule, effect, tables.names[oid], size, mode, seconds)


def brief(effects: Sequence[Effect], tables: Tables, besides: set[str]) -> list[str]:
    """Return the names of the tables that are locked only for a moment: all but the tables `besides`."""
    locked = {
        tables.names[oid]
        for effect in effects
        for oid, mode in effect.locks.items()
        if mode in BLOCKS_WRITES and not effect.is_concurrent and tables.size(oid) is not None
    }
    return sorted(locked - besides)


def _works(effect: Effect, tables: Tables) -> Iterator[_Work]:
    changes = CHANGES_ROWS.search(" ".join(effect.sql.split())) is not None
    seen: set[str] = set()
    for oid in sorted({*effect.rewritten, *effect.scanned, *effect.indexed}):
        size = tables.size(oid)
        if size is None or not size.bytes or tables.names[oid] in seen:
            continue
        seen.add(tables.names[oid])
        if oid in effect.rewritten:
            yield _Work(TABLE_REWRITE, oid, durations.REWRITE.on(size, tables.speed))
        elif oid in effect.indexed:
            yield _Work(BLOCKING_INDEX, oid, durations.INDEX.on(size, tables.speed))
        elif changes and oid in effect.written:
            if effect.alone and is_marked(effect.sql):
                continue  # each batch ends its locks
            yield _Work(MANY_ROWS_CHANGED, oid, durations.CHANGED_ROWS.on(size, tables.speed))
        else:
            yield _Work(SCAN_UNDER_LOCK, oid, durations.SCAN.on(size, tables.speed))


def _has_many(size: Size | None) -> bool:
    """Whether a table may have many rows. One that was never analyzed may have as many as its bytes hold."""
    return size is not None and (size.bytes // LEAST_ROW if size.rows is None else size.rows) >= MANY


def _is_taken(effects: Sequence[Effect], number: int, oid: int) -> bool:
    """Whether statement `number` takes the lock, or a stronger one than the transaction holds already."""
    if number == 0 or effects[number].alone:
        return True
    held = effects[number - 1].locks.get(oid)
    return held is None or effects[number - 1].alone or MODES.index(held) < MODES.index(effects[number].locks[oid])


def _to_the_end(effects: Sequence[Effect], works: Sequence[list[_Work]], number: int) -> list[_Work]:
    """Return the work of this statement and of the later ones in its transaction."""
    found: list[_Work] = []
    for effect, work in zip(effects[number:], works[number:], strict=True):
        if effect.alone:
            break
        found += work
    return found


def _blocks(revision: str, rule: Rule, effect: Effect, table: str, size: Size, mode: str, seconds: Range) -> Finding:
    whom = "all access to" if mode in BLOCKS_READS else "writes to"
    what = f"blocks {whom} {shown(table)} ({size}) for {seconds}"
    return Finding(rule, revision, what, table, _short(effect.sql), seconds.high, seconds.low)


def _changes(revision: str, effect: Effect, work: _Work, tables: Tables) -> Finding:
    table = tables.names[work.oid]
    size = tables.sizes[table]
    what = f"changes up to all rows of {shown(table)} ({size}) in one transaction, which takes {work.seconds}"
    return Finding(MANY_ROWS_CHANGED, revision, what, table, _short(effect.sql), work.seconds.high, work.seconds.low)


def _short(sql: str) -> str:
    words = " ".join(sql.split())
    return words if len(words) <= 100 else f"{words[:99]}…"
