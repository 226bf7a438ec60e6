"""Whether a child table also defines a column or check that it inherits, and keeps it when the parent drops its own.

PostgreSQL makes an inherited column or check the child table's own when the table leaves its parent (NO INHERIT). No
statement makes a column merely inherited again. A table that leaves its parents during a plan therefore inherits from a
temporary table until it returns.
"""

from __future__ import annotations

import hashlib
from collections.abc import Iterable, Iterator
from dataclasses import replace

from whisper_migrate.catalog.model import Catalog, Change, Key, Object
from whisper_migrate.catalog.names import shown
from whisper_migrate.catalog.sql import sibling
from whisper_migrate.objects import KINDS, TABLES, column
from whisper_migrate.planning.inheritance import PASSED_ON, above, depth
from whisper_migrate.planning.steps import Step

FIELD = "inherited_only"


def becomes_own(before: Catalog, after: Catalog, altered: Iterable[Key]) -> set[Key]:
    """Return the child tables that must leave their parents for a moment so that a column becomes their own."""
    found = set()
    for key in altered:
        if key[0] == "column" and before[key][FIELD] and not after[key][FIELD] and after[key].derived:
            found |= {(kind, str(after[key].parent)) for kind in TABLES} & before.objects.keys()
    return found


def definition_of_its_own(item: Object) -> Object:
    """Return an inherited column as CREATE TABLE ... INHERITS defines it again; the rest comes with the parent's."""
    blank = dict.fromkeys((*PASSED_ON[2:], "compression", "options"))
    return replace(item.but(**blank | {"not_null": False}), derived=False)


def is_defined_again(catalog: Catalog, item: Object) -> bool:
    """Whether a child table inherits a column or check from an ordinary table, and defines it as well."""
    if not item.derived or item.kind not in ("column", "constraint") or item[FIELD]:
        return False
    table = next((catalog[kind, str(item.parent)] for kind in TABLES if (kind, str(item.parent)) in catalog), None)
    is_child = table is not None and _inherits(table)
    return is_child and (item.kind == "column" or bool(item["type"] == "check"))


def _inherits(table: Object) -> bool:
    """Whether a table has parents and is not a partition."""
    return bool(table["parents"]) and not table["partition_bound"]


def defined_again(before: Catalog, after: Catalog, made: set[Key]) -> Iterator[Step]:
    """Yield the checks that a child table defines in addition to its parent's: PostgreSQL merges the two."""
    for item in after:
        if item.kind == "constraint" and is_defined_again(after, item):
            old = before.objects.get(item.key)
            if item.key in made or (old is not None and old[FIELD]):
                sql = f"ALTER TABLE {item.parent} ADD CONSTRAINT {item['name']} {item['definition']}"
                yield Step("finish", item, item, (sql,))


class Kept:
    """Columns and checks that a temporary parent keeps merely inherited while their table leaves its parents."""

    def __init__(self, before: Catalog, after: Catalog, moved: set[Key], changed: set[Key]) -> None:
        self.before, self.after, self.moved, self.changed = before, after, moved, changed
        self.parts: dict[Key, list[Object]] = {}
        for key in sorted(moved):
            if key in before and key in after and _inherits(before[key]) and _inherits(after[key]):
                self._keep(key, changed)
        self.keys = {part.key for parts in self.parts.values() for part in parts}

    def _keep(self, table: Key, changed: set[Key]) -> None:
        parts = [one for one in self.before.children(table[1]) if one.kind in ("column", "constraint") and one[FIELD]]
        parts = [one for one in parts if self.after.objects.get(one.key) == one and one.key not in changed]
        columns = {one.key for one in parts if one.kind == "column"}
        others = {one.key for one in self.before.children(table[1], "column")} - columns
        if kept := [one for one in parts if not others & self.before.requires.get(one.key, frozenset())]:
            self.parts[table] = kept

    def made(self) -> Iterator[Step]:
        """Create the temporary parents, before any table leaves its own."""
        for key, parts in self.parts.items():
            lines = [column.definition(definition_of_its_own(part)) for part in parts if part.kind == "column"]
            lines += [f"CONSTRAINT {part['name']} {part['definition']}" for part in parts if part.kind == "constraint"]
            parent = _temporary(key)
            sql = f"CREATE TABLE {parent} ({', '.join(lines)})", f"ALTER TABLE {key[1]} INHERIT {parent}"
            yield Step("prepare", self.before[key], self.before[key], sql)

    def released(self) -> Iterator[Step]:
        """Drop the temporary parents when every table has its parents again."""
        for key in self.parts:
            parent = _temporary(key)
            sql = f"ALTER TABLE {key[1]} NO INHERIT {parent}", f"DROP TABLE {parent}"
            yield Step("finish", self.after[key], self.after[key], sql)

    def inherited_again(self) -> Iterator[Step]:
        """Make checks merely inherited that a child table defines: the parent's check is dropped and added again."""
        for item in self.after:
            if item.kind == "constraint" and item[FIELD] and item.key not in self.keys:
                left = any((kind, str(item.parent)) in self.moved for kind in TABLES)
                # A check that the plan drops comes back from the parent alone.
                stays = item.key in self.before and item.key not in self.changed
                if left or (stays and not self.before[item.key][FIELD]):
                    yield Step("finish", item, item, tuple(self._from_above(item)))

    def _from_above(self, item: Object) -> Iterator[str]:
        """Drop a check from its table and the parent tables, and add it to the tables with their own definition."""
        above_it = above(self.after, item)
        own = sorted((self.after[key] for key in above_it if not self.after[key][FIELD]), key=self._place)
        for one in (*own, item):
            yield f"ALTER TABLE {one.parent} DROP CONSTRAINT {one['name']}"
        for one in own:
            yield f"ALTER TABLE {one.parent} ADD CONSTRAINT {one['name']} {one['definition']}"
        for comment in self.after:  # the check was re-created, so its comment is set again
            if comment.kind == "comment" and comment["type"] == "table constraint":
                on = ("constraint", comment.identity.removeprefix("table constraint "))
                if on in above_it or (on in self.after and above_it & above(self.after, self.after[on])):
                    yield from KINDS["comment"].create(comment)

    def _place(self, check: Object) -> tuple[int, str]:
        tables = (self.after.objects.get((kind, str(check.parent))) for kind in TABLES)
        return max((depth(self.after, table) for table in tables if table), default=0), check.identity


def _temporary(table: Key) -> str:
    return sibling(table[1], f"whisper_keeps_{hashlib.sha256(table[1].encode()).hexdigest()[:12]}")


def beyond_reach(change: Change) -> bool:
    """Whether a column should become merely inherited, for which PostgreSQL has no statement.

    A model that does not define the column again leaves this open, so the history may keep the definition.
    """
    before, after = change.before, change.after
    if before is None or after is None or after.kind != "column" or change.fields != [FIELD]:
        return False
    return bool(after[FIELD])


def stays(change: Change) -> bool:
    """Whether no statement reverts a drift (from the history to a database), as for `beyond_reach`."""
    return beyond_reach(Change(change.after, change.before))


def why_it_stays(changes: Iterable[Change]) -> str:
    """Return a sentence on the columns for which `stays` is true."""
    names = ", ".join(shown(change.object.identity) for change in changes)
    return (
        f"Not repaired: {names}. The child table defines it as well, and would keep it if the parent dropped it; the"
        " history only inherits it. PostgreSQL has no statement for that: create the table anew, or say the same in a"
        " revision (NO INHERIT and INHERIT)."
    )
