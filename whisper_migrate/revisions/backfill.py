"""Backfills: steps that give the rows that are there what the models want of them from now on."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, replace

from whisper_migrate.catalog import Catalog, Object
from whisper_migrate.errors import Failure
from whisper_migrate.names import in_parentheses, shown
from whisper_migrate.objects import KINDS
from whisper_migrate.planning.steps import Step
from whisper_migrate.rows.breaches import Breach, breach, concerns, domain_breach, of_domain
from whisper_migrate.rows.fill import IDENTIFIER
from whisper_migrate.statement import Does
from whisper_migrate.unwritten import PLACE

GIVEN = re.compile(rf"\s*((?:{IDENTIFIER}\.)?{IDENTIFIER}\.{IDENTIFIER})\s*(?:=(.*))?", re.DOTALL)


@dataclass(frozen=True)
class Backfill:
    """A column, and the SQL expression that it is set to, which is PLACE where the author is yet to write it."""

    column: Object
    expression: str


def backfills(given: Iterable[str], after: Catalog) -> list[Backfill]:
    """What `users.plan='free', users.level` asks for. Raises Failure for what is no column of the models."""
    found = []
    for text in (part for some in given for part in _parts(some)):
        match = GIVEN.fullmatch(text)
        named = {shown(item.identity): item for item in after if item.kind == "column" and not item["of_view"]}
        column = named.get(shown(match[1])) if match else None
        if match is None or column is None:
            raise Failure(
                f"No column of the models can be backfilled as {text!r} says.",
                """Name it, with an SQL expression or none: backfill="users.plan='free'" or backfill="users.plan\"""",
            )
        found.append(Backfill(column, (match[2] or "").strip() or PLACE))
    return found


def backfilled(steps: Sequence[Step], before: Catalog, wanted: Iterable[Backfill]) -> list[Step]:
    """The plan with a step for each backfill, before what needs it. Raises Failure for one that nothing needs."""
    found = list(steps)
    for backfill in wanted:
        column = backfill.column
        found = [part for step in found for part in _nullable_first(step, column)]
        needed = {
            number: rule.condition
            for number, step in enumerate(found)
            for rule in _rules(step, before)
            if concerns(rule, column)
        }
        made = [number for number, step in enumerate(found) if step.item.key == column.key and step.verb == "create"]
        if not needed and not made:
            raise Failure(
                f"{shown(column.identity)} needs no backfill: this revision does not make it,"
                " and brings no rule that its values may not keep."
            )
        conditions = dict.fromkeys(needed.values()) or [f"{column['name']} IS NULL"]
        where = next(iter(conditions)) if len(conditions) == 1 else " OR ".join(f"({one})" for one in conditions)
        update = f"UPDATE {shown(str(column.parent))} SET {column['name']} = {backfill.expression} WHERE {where}"
        place = min(needed, default=made[0] + 1 if made else 0)
        found.insert(place, Step("fill", column, None, (update,)))
    return found


def _parts(given: str) -> list[str]:
    """`a.b=f(1, 2), c.d` -> [`a.b=f(1, 2)`, `c.d`]; the whole where its quotes or parentheses do not fit together."""
    try:
        parts, end = in_parentheses(f"({given})")
    except ValueError:
        return [given]
    return parts if end == len(given) + 2 else [given]


def _nullable_first(step: Step, column: Object) -> Iterator[Step]:
    """A new column has to take NULL until it is filled."""
    if step.verb == "create" and step.item.key == column.key and column["not_null"]:
        loose = column.but(not_null=False, not_null_name=None, not_null_state=None)
        yield replace(step, item=loose, statements=tuple(KINDS["column"].create(loose)))
        yield Step("alter", column, loose, tuple(KINDS["column"].alter(loose, column)))
    else:
        yield step


def rules(steps: Iterable[Step], before: Catalog) -> Iterator[Breach]:
    """What the plan brings that rows of tables that are there may not keep."""
    return (rule for step in steps for rule in _rules(step, before) if ("table", rule.table) in before)


def _rules(step: Step, before: Catalog) -> Iterator[Breach]:
    item = step.item
    set_not_null = Does.SET_NOT_NULL in step.does
    if item.kind == "domain" and set_not_null:
        found = [breach(before, column) for column in of_domain(before, item.identity)]
    elif item.kind == "domain_constraint" and step.verb == "create":
        found = [domain_breach(item, column) for column in of_domain(before, str(item.parent))]
    elif (item.kind == "column" and set_not_null) or (step.verb == "create" and item.kind in ("constraint", "index")):
        found = [breach(before, item)]
    else:
        found = []
    yield from (rule for rule in found if rule)
