"""A revision's rehearsal, as it was watched in the shadow."""

from __future__ import annotations

import re
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass

from whisper_migrate.catalog.model import Key
from whisper_migrate.catalog.names import QUOTED, names_in
from whisper_migrate.preflight.as_found import AsFound
from whisper_migrate.preflight.effects import Effect
from whisper_migrate.rows.violations import Violation

STATEMENTS = re.compile(rf"((?:{QUOTED}|[^;])*);?")
# A word or a string, and the sign behind it if a value is assigned to it.
ASSIGNED = re.compile(rf"({QUOTED}|[\w$]++)(\s*+(?:\)\s*+)?=)?")
UPDATE = re.compile(r"\s*UPDATE\b", re.IGNORECASE)
ONLY_INSERTS = re.compile(r"\s*INSERT\b(?!.*\bDO\s+UPDATE\b)[^;]*+;?\s*", re.IGNORECASE | re.DOTALL)


@dataclass(frozen=True)
class Watched:
    """The rehearsal of one revision: its effects, and the database's tables by their names when it begins.

    `found` has the tables of the database as they are after it, `old_rules` the rules that it only renames. `writers`
    are the statements, up to its end, that change rows of a table, given by its oid. `new_bounds` are those of
    partitions.
    """

    effects: Sequence[Effect]
    names: Mapping[str, str]
    found: AsFound
    old_rules: Collection[Key]
    writers: Mapping[int, Sequence[str]]
    new_bounds: Sequence[Violation] = ()


def may_be_mended(watched: Watched, table: str, query: str) -> str:
    """Return the sentence that pending revisions may change the rows which the query finds; "" if they do not."""
    own = watched.found.oid(table)
    for oid in sorted(watched.found.tables(query)):
        if any(_may_mend(sql, names_in(query), oid == own) for sql in watched.writers.get(oid, ())):
            place = watched.found.after[oid, 0][0]
            mine = any(oid in effect.written for effect in watched.effects)
            which = "of this table itself" if oid == own else f"of {place.removeprefix('public.')}"
            return f"{'the revision' if mine else 'an earlier revision'} changes rows {which}"
    return ""


def _may_mend(sql: str, words: set[str], is_own: bool) -> bool:
    """Whether a statement may change the rows that break a rule; `words` are in the rule's condition."""
    if is_own and ONLY_INSERTS.fullmatch(sql):
        return False
    parts = [match[1] for match in STATEMENTS.finditer(sql) if match[1].strip()]
    if not is_own or not UPDATE.match(parts[0]):
        return True
    updates = [part for part in parts if UPDATE.match(part)]
    others = re.search(r"\b(?:DELETE|MERGE|TRUNCATE|DO|CALL)\b", sql, re.IGNORECASE)
    return bool(others) or any(_sets(part, words) for part in updates)


def _sets(update: str, words: set[str]) -> bool:
    """Whether an UPDATE sets one of the columns."""
    given = re.split(r"\bSET\b", update, maxsplit=1, flags=re.IGNORECASE)[-1]
    return any(found[2] and found[1] in words for found in ASSIGNED.finditer(given)) or "(" in given[:2]
