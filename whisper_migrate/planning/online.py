"""Rewrite a plan so that it does not block a table with rows while a slow step runs.

A slow step cannot share a transaction with other steps: their locks would be held until it ends.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, replace
from itertools import pairwise

from whisper_migrate.catalog.model import Catalog, Object
from whisper_migrate.catalog.names import in_parentheses, shown
from whisper_migrate.catalog.sql import sibling
from whisper_migrate.catalog.statement import Does
from whisper_migrate.databases.batched_update import MARK
from whisper_migrate.objects import KINDS
from whisper_migrate.objects.constraint import NOT_VALID, validate
from whisper_migrate.planning.online_names import NEW, is_set, renamed_away, with_ending
from whisper_migrate.planning.steps import Step, dropped_late

KEY = re.compile(
    r"(?P<type>PRIMARY KEY|UNIQUE)(?P<nulls> NULLS NOT DISTINCT)? "
    r"(?P<columns>\((?:\"(?:[^\"]|\"\")++\"|[^\"()])+(?<! WITHOUT OVERLAPS)\))"
    r"(?P<include> INCLUDE \([^()]+\))?(?P<deferrable>[A-Z ]*)"
)
UNCHECKED = (NOT_VALID, " NOT ENFORCED")


@dataclass(frozen=True)
class Online:
    """Makes the online form of the steps from `before` to `after`, both read with `requires=True`."""

    steps: Sequence[Step]
    before: Catalog
    after: Catalog

    def plan(self) -> list[Step]:
        """Return the steps in their online form, in an order with as few transactions as possible.

        A step that is `alone` shares no transaction with others.
        """
        parts = list(self._in_parts())
        ways = [self._in_turns(parts, alone) for alone in (False, True)]
        return min(ways, key=_turns)

    def _in_parts(self) -> Iterator[tuple[Step, Step]]:
        """Yield each part with the step that it replaces.

        A backfill runs after a NOT VALID constraint that directly follows it: new rows must already satisfy the
        constraint. Not so the first of several backfills, whose UPDATE writes rows that only the last one completes.
        """
        filling: list[tuple[Step, Step]] = []
        for step in self.steps:
            for part in self._parts(step):
                if step.verb == "fill":
                    filling.append((step, part))
                elif _is_unvalidated(part) and len(_fills(part, filling)) < 2:
                    yield step, part
                    yield from filling
                    filling = []
                else:
                    yield from filling
                    yield step, part
                    filling = []
        yield from filling

    def slow(self) -> tuple[list[str], list[str]]:
        """Describe the slow steps on existing tables in two lists: those with an online form, and those without."""
        found: tuple[list[str], list[str]] = ([], [])
        for step in self.steps:
            if words := self._slow(step):
                found[self._parts(step) == [step]].append(words)
        return found

    def _slow(self, step: Step) -> str | None:
        item = step.item
        if not self._stands(item):
            return None
        name = shown(item.identity)
        name += f" ({shown(str(item.parent))} is partitioned)" if self._is_partitioned(item) else ""
        if step.verb == "create" and item.kind == "index":
            return f"index {name} is built"
        if item.kind == "constraint" and not item["definition"].endswith(UNCHECKED):
            checked = step.verb == "create" or Does.VALIDATE in step.does
            return f"constraint {name} is checked" if checked else None
        if item.kind == "column" and Does.SET_NOT_NULL in step.does:
            return f"column {name} is scanned for NULLs"
        return None

    def _stands(self, item: Object) -> bool:
        """Whether an object belongs to a table or materialized view that exists before and that the plan keeps."""
        keys = {("table", str(item.parent)), ("materialized_view", str(item.parent))}
        changed = {step.item.key for step in self.steps if step.verb in ("create", "drop")}
        return any(key in self.before and key in self.after and key not in changed for key in keys)

    def _is_partitioned(self, item: Object) -> bool:
        table = self.before.objects.get(("table", str(item.parent)))
        return bool(table and table["partition_key"])

    def _parts(self, step: Step) -> list[Step]:
        """Return the steps that replace one step; the step itself if it has no online form or needs none."""
        if step.item.kind != "enum" and not self._stands(step.item):
            return [step]
        match step.verb, step.item.kind:
            case "alter", "enum":
                return list(self._alter_enum(step))
            case "fill", "column":
                return [self._fill(step)]
            case "create", "index":
                return list(self._create_index(step))
            case "drop", "index":
                return list(self._drop_index(step))
            case "create", "constraint":
                return list(self._create_constraint(step))
            case "drop", "constraint":
                return list(self._drop_constraint(step))
            case "alter", "constraint":
                return [replace(step, alone=all(does is Does.VALIDATE for does in step.does))]
            case "alter", "column":
                return list(self._alter_column(step))
            case _:
                return [step]

    def _fill(self, step: Step) -> Step:
        """Mark a backfill, so that it runs in batches by the primary key, which must stay and may not be filled."""
        first, *rest = step.statements
        key = next((item for item in self.before if _is_key_of(item, step.item)), None)
        kept = key is not None and self.after.objects.get(key.key) == key and step.item["name"] not in _columns(key)
        return replace(step, statements=(f"{MARK} {first}" if kept else first, *rest), alone=True)

    def _alter_enum(self, step: Step) -> Iterable[Step]:
        others = [part for other in self.steps for part in (other.item, *other.inside) if part.key != step.item.key]
        assert step.before is not None
        yield replace(step, alone=KINDS["enum"].too_late(step.before, step.item, others))

    def _create_index(self, step: Step) -> Iterable[Step]:
        if self._is_partitioned(step.item):
            yield step
            return
        first, *rest = step.statements
        yield _concurrently(step.item, first)
        if rest:
            yield replace(step, verb="alter", before=step.item, statements=tuple(rest))
        if self._replaced(step):
            yield _drop_concurrently(renamed_away(self.before[step.item.key]))

    def _drop_index(self, step: Step) -> Iterable[Step]:
        """Rename an index that is replaced, so that queries can use it until the new index is built; drop any other."""
        if self._is_partitioned(step.item):
            yield step
        elif self._replaced(step):
            old = renamed_away(step.item)
            yield Step("rename", old, step.item, tuple(KINDS["index"].rename(step.item, old["name"])))
        else:
            yield _drop_concurrently(step.item)

    def _create_constraint(self, step: Step) -> Iterable[Step]:
        item, (first, *rest) = step.item, step.statements
        further = [replace(step, verb="alter", before=item, statements=tuple(rest))] if rest else []
        key = KEY.fullmatch(item["definition"])
        if key and not self._is_partitioned(item):
            yield from self._key(step, key)
        elif item["type"] == "check" or (item["type"] == "foreign key" and not self._is_partitioned(item)):
            if item["definition"].endswith(UNCHECKED):
                yield step
                return
            yield from _validated(item, first)
        else:
            yield step
            return
        yield from further

    def _key(self, step: Step, key: re.Match[str]) -> Iterable[Step]:
        """Build a unique index, then add the key USING this index: the index then gets the name of the constraint."""
        item = step.item
        name = with_ending(item["name"], NEW) if self._replaced(step) else item["name"]
        definition = f"CREATE UNIQUE INDEX {name} ON {item.parent} USING btree {key['columns']}"
        definition += f"{key['include'] or ''}{key['nulls'] or ''}"
        index = Object(
            "index", sibling(str(item.parent), name), item.parent, ("name", "definition"), (name, definition)
        )
        yield _concurrently(index, definition)
        if self._replaced(step):
            yield Step("drop", self.before[item.key], None, tuple(KINDS["constraint"].drop(self.before[item.key])))
        using = f"{key['type']} USING INDEX {name}{key['deferrable']}"
        adopted = f"ALTER TABLE {item.parent} ADD CONSTRAINT {item['name']} {using}"
        yield Step("create", item.but(definition=using), None, (adopted,))

    def _drop_constraint(self, step: Step) -> Iterable[Step]:
        """Yield nothing for a key that is replaced: `_key` drops it when the index of the new key is built."""
        key = KEY.fullmatch(self.after[step.item.key]["definition"]) if self._replaced(step) else None
        if not (key and not self._is_partitioned(step.item)):
            yield step

    def _alter_column(self, step: Step) -> Iterable[Step]:
        """Add and validate a check before SET NOT NULL, which then does not scan the table."""
        if Does.SET_NOT_NULL not in step.does:
            yield step
            return
        item, place = step.item, step.does.index(Does.SET_NOT_NULL)
        if place:
            yield replace(step, statements=step.statements[:place])
        name = is_set(item)
        fields = {"name": name, "type": "check", "definition": f"CHECK ({item['name']} IS NOT NULL)"}
        check = Object("constraint", f"{name} on {item.parent}", item.parent, tuple(fields), tuple(fields.values()))
        yield from _validated(check, f"ALTER TABLE {item.parent} ADD CONSTRAINT {name} {check['definition']}")
        yield replace(step, statements=step.statements[place:])
        yield Step("drop", check, None, tuple(KINDS["constraint"].drop(check)))

    def _replaced(self, step: Step) -> bool:
        """Whether the plan drops and creates an object with this identity, and no step in between depends on it."""
        verbs = {other.verb: number for number, other in enumerate(self.steps) if other.item.key == step.item.key}
        if not verbs.keys() >= {"drop", "create"}:
            return False
        between = self.steps[verbs["drop"] + 1 : verbs["create"]]
        return not any(self._related(self.steps[verbs["drop"]], other) for other in between)

    def _in_turns(self, parts: Sequence[tuple[Step, Step]], alone: bool) -> list[Step]:
        """Order the parts in turns: parts that share a transaction, then parts that run alone, and so on.

        `alone`: the first turn is one of parts that run alone. Tables, columns with data and functions are dropped
        after all parts that precede them.
        """
        done: list[Step] = []
        left = list(parts)
        late = dropped_late(origin for origin, _ in parts)
        while left:
            waiting: list[tuple[Step, Step]] = []
            for origin, part in left:
                held = origin.key in late or any(o is origin or self._related(o, origin) for o, _ in waiting)
                held = held or (_is_unvalidated(part) and bool(_fills(part, waiting)))
                if part.alone == alone and not (waiting and held):
                    done.append(part)
                else:
                    waiting.append((origin, part))
            left, alone = waiting, not alone
        return done

    def _related(self, first: Step, then: Step) -> bool:
        """Whether one of two steps has to come before the other."""
        if (_is_light(first) and _sees_values(then)) or (_is_light(then) and _sees_values(first)):
            return False
        ones, others = ({part.key for part in (step.item, *step.inside)} for step in (first, then))
        if ones & others or {str(first.item.parent), first.item.identity} & {then.item.identity}:
            return True
        needs = (catalog.requires.get(key, frozenset()) for catalog in (self.before, self.after) for key in ones)
        needed = (catalog.requires.get(key, frozenset()) for catalog in (self.before, self.after) for key in others)
        return any(found & others for found in needs) or any(found & ones for found in needed)


def _is_key_of(item: Object, column: Object) -> bool:
    return item.kind == "constraint" and item["type"] == "primary key" and item.parent == column.parent


def _columns(key: Object) -> list[str]:
    found = KEY.fullmatch(key["definition"])
    return in_parentheses(found["columns"])[0] if found else []


def _is_unvalidated(part: Step) -> bool:
    return part.item.kind == "constraint" and str(part.item["definition"]).endswith(NOT_VALID)


def _fills(part: Step, among: Sequence[tuple[Step, Step]]) -> list[Step]:
    """Return the backfills of the part's table. The constraint that a part adds binds each row that they write."""
    return [step for _, step in among if step.verb == "fill" and step.item.parent == part.item.parent]


def _is_light(step: Step) -> bool:
    """Whether a step alters a column without changing its type: no dependent has to wait for it."""
    return step.verb == "alter" and step.item.kind == "column" and Does.SET_TYPE not in step.does


def _sees_values(step: Step) -> bool:
    """Whether an object depends on nothing but the type and values of its columns.

    A primary key also needs its columns to be NOT NULL.
    """
    return step.item.kind == "index" or (step.item.kind == "constraint" and step.item["type"] != "primary key")


def _turns(steps: Sequence[Step]) -> int:
    return sum(one.alone != other.alone for one, other in pairwise(steps))


def _concurrently(item: Object, sql: str) -> Step:
    definition = sql.replace("INDEX ", "INDEX CONCURRENTLY ", 1)
    return Step("create", item.but(definition=definition), None, (definition,), alone=True)


def _drop_concurrently(item: Object) -> Step:
    return Step("drop", item, None, (f"DROP INDEX CONCURRENTLY {item.identity}",), alone=True)


def _validated(item: Object, added: str) -> Iterable[Step]:
    """Yield two steps for a constraint: add it NOT VALID, which binds new rows, then validate the existing rows."""
    yield Step("create", item.but(definition=item["definition"] + NOT_VALID), None, (added + NOT_VALID,))
    yield Step("alter", item, item, (validate(item),), alone=True)
