"""Backfills: steps that set a column in existing rows, so that the rows satisfy what the models newly require."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace

from whisper_migrate.catalog.model import Catalog, Object
from whisper_migrate.catalog.names import in_parentheses, shown
from whisper_migrate.catalog.sql import literal
from whisper_migrate.catalog.statement import Does
from whisper_migrate.errors import Failure
from whisper_migrate.history.unwritten import PLACE
from whisper_migrate.objects import KINDS
from whisper_migrate.planning.steps import Step, drops_rows
from whisper_migrate.revisions.deferred import SETTLE, has_deferred
from whisper_migrate.rows.fill import IDENTIFIER
from whisper_migrate.rows.violations import (
    Violation,
    asks_no_row,
    concerns,
    domain_violation,
    is_already_unique,
    of_domain,
    violation,
)

GIVEN = re.compile(rf"\s*((?:{IDENTIFIER}\.)?{IDENTIFIER}\.{IDENTIFIER})\s*(?:=(.*))?", re.DOTALL)


@dataclass(frozen=True)
class Backfill:
    """A column and the SQL expression for its values; PLACE if the author still has to write the expression."""

    column: Object
    expression: str


def _meant(name: str, named: Mapping[str, Object]) -> Object | None:
    """Return the column of a name, which may lack the quotes that PostgreSQL needs, if there is one such column."""
    bare = [column for other, column in named.items() if other.replace('"', "") == name.replace('"', "")]
    return named.get(name) or (bare[0] if len(bare) == 1 else None)


def backfills(given: Iterable[str], after: Catalog) -> list[Backfill]:
    """Parse backfills such as `users.plan='free', users.level`. Raises Failure for a column that the models lack."""
    found = []
    named = {shown(item.identity): item for item in after if item.kind == "column" and not item["of_view"]}
    for text in (part for some in given for part in _parts(some)):
        match = GIVEN.fullmatch(text)
        column = _meant(shown(match[1]), named) if match else None
        if match is None or column is None:
            raise Failure(
                f"No column of the models can be backfilled as {text!r} says.",
                """Name it, with an SQL expression or none: backfill="users.plan='free'" or backfill="users.plan\"""",
            )
        found.append(Backfill(column, (match[2] or "").strip() or PLACE))
    return found


def backfilled(
    steps: Sequence[Step], before: Catalog, after: Catalog, wanted: Sequence[Backfill], *, online: bool = False
) -> list[Step]:
    """Return the plan with a step for each backfill.

    The step comes after all new tables and columns, before old ones are dropped, and before the constraint that needs
    the values. Raises Failure for a backfill that no step needs.
    """
    found = list(steps)
    settle = () if online or not has_deferred(before, after) else (SETTLE,)
    for backfill in reversed(wanted):
        column = backfill.column
        found = nullable_first(found, column, without_default=True)
        needed = _needed(found, column, before, after)
        made = [number for number, step in enumerate(found) if step.item.key == column.key and step.verb == "create"]
        if not needed and not made:
            raise Failure(
                f"{shown(column.identity)} needs no backfill: this revision neither adds the column"
                " nor a constraint on it, nor changes its type."
            )
        for some in reversed(_by_type(needed, found, column, after)):
            stated = [condition for conditions in some.values() for condition in conditions]
            conditions = dict.fromkeys([*([_new(column, after)] if made else []), *stated])
            where = next(iter(conditions)) if len(conditions) == 1 else " OR ".join(f"({one})" for one in conditions)
            update = f"UPDATE {shown(str(column.parent))} SET {column['name']} = {backfill.expression} WHERE {where}"
            place = min(some) if some else _place(found, made[0])
            found.insert(place, Step("fill", column, None, (update, *settle)))
    return found


def _by_type(
    needed: dict[int, list[str]], steps: Sequence[Step], column: Object, after: Catalog
) -> list[dict[int, list[str]]]:
    """Divide the conditions into those for the old and the new type of the column, if its type changes."""
    change = next((number for number, step in enumerate(steps) if any(_retyped(step, column, after))), len(steps))
    old = {number: conditions for number, conditions in needed.items() if number <= change}
    new = {number: conditions for number, conditions in needed.items() if number > change}
    return [some for some in (old, new) if some] or [{}]


def fillable(steps: Sequence[Step], before: Catalog) -> list[Step]:
    """Return a downgrade's steps in which re-created NOT NULL columns of existing tables can be filled first."""
    found = list(steps)
    for column in [step.item for step in steps if step.verb == "create" and step.item.kind == "column"][::-1]:
        own = not (column.derived or column["default"] or column["generated"] or column["identity_kind"])
        if own and ("table", str(column.parent)) in before:
            found = nullable_first(found, column)
    return found


def nullable_first(steps: Sequence[Step], column: Object, *, without_default: bool = False) -> list[Step]:
    """Split the creation of a NOT NULL column: it accepts NULL until the steps that fill it have run.

    With `without_default`, the default is set after the creation, so that only new rows get it, and existing rows
    remain to be filled.
    """
    found = list(steps)
    for number, step in enumerate(steps):
        is_plain = step.statements == tuple(KINDS["column"].create(column))
        if step.verb != "create" or step.item.key != column.key or not is_plain:
            continue
        nullable = column.but(not_null=False, not_null_name=None, not_null_state=None)
        empty = nullable.but(default=None) if without_default else nullable
        found[number] = replace(step, item=empty, statements=tuple(KINDS["column"].create(empty)))
        if column["not_null"]:
            found.insert(
                _place(found, number),
                Step("alter", column, nullable, tuple(KINDS["column"].alter(nullable, column) or ())),
            )
        if empty != nullable:
            found.insert(
                number + 1, Step("alter", nullable, empty, tuple(KINDS["column"].alter(empty, nullable) or ()))
            )
    return found


def _new(column: Object, after: Catalog) -> str:
    """The condition for rows in which a new column has to be filled: all, if a default of its domain has filled it."""
    domain = after.objects.get(("domain", column["type"]))
    return "true" if domain and domain["default"] else f"{column['name']} IS NULL"


def _place(steps: Sequence[Step], start: int) -> int:
    """Return where a step that fills the column created at `start` belongs.

    The place is after all tables and columns that can be created before old ones are dropped. It is before every
    constraint or index of the column's table.
    """
    table = steps[start].item.parent
    place = start + 1
    for number, step in enumerate(steps[place:], place):
        if drops_rows(step) or (step.item.parent == table and step.item.kind in ("constraint", "index")):
            break
        if step.verb == "create" and step.item.kind in ("table", "column"):
            place = number + 1
    return place


def only_breaking(steps: Sequence[Step], column: Object, before: Catalog, after: Catalog) -> bool:
    """Whether a backfill of a column that changes its type fills the rows that break a new rule, and no others."""
    converts = any([*_retyped(step, column, after)] == [_present(column)] for step in steps)
    return converts and any(any(_broken(step, column, before)) for step in steps)


def _needed(steps: Sequence[Step], column: Object, before: Catalog, after: Catalog) -> dict[int, list[str]]:
    """Return the conditions for rows that have to be filled before a step, by the step's number.

    If the revision adds a rule on the column, such as NOT NULL, the rows that break it are filled. A change of type
    converts the other values, unless SQL can tell which ones do not fit.
    """
    broken = [[*_broken(step, column, before)] for step in steps]
    found = {}
    for number, step in enumerate(steps):
        retyped = [one for one in _retyped(step, column, after) if one != _present(column) or not any(broken)]
        if conditions := retyped + broken[number]:
            found[number] = conditions
    return found


def _present(column: Object) -> str:
    return f"{column['name']} IS NOT NULL"


def _broken(step: Step, column: Object, before: Catalog) -> Iterator[str]:
    """The conditions for rows that violate a constraint on the column which the step adds."""
    return (rule.condition for rule in _rules(step, before) if concerns(rule, column))


def _retyped(step: Step, column: Object, after: Catalog) -> Iterator[str]:
    """The condition for rows whose value may not fit the column's new type; all rows, if SQL cannot check that."""
    if step.item.key != column.key or Does.SET_TYPE not in step.does:
        return
    name, type_ = column["name"], column["type"]
    enum = after.objects.get(("enum", type_))
    length = re.fullmatch(r"character(?: varying)?\((\d+)\)", type_)
    if enum:
        yield f"{name}::text <> ALL (ARRAY[{', '.join(map(literal, enum['labels']))}])"
    elif length:
        yield f"length({name}::text) > {length[1]}"
    else:
        yield _present(column)


def _parts(given: str) -> list[str]:
    """`a.b=f(1, 2), c.d` -> [`a.b=f(1, 2)`, `c.d`]; the whole text if its quotes or parentheses are unbalanced."""
    try:
        parts, end = in_parentheses(f"({given})")
    except ValueError:
        return [given]
    return parts if end == len(given) + 2 else [given]


def rules(steps: Iterable[Step], before: Catalog) -> Iterator[Violation]:
    """The constraints in the plan that rows of existing tables may violate."""
    taken = list(steps)
    retyped = {step.item.key for step in taken if Does.SET_TYPE in step.does}
    for rule in (rule for step in taken for rule in _rules(step, before) if ("table", rule.table) in before):
        if rule.rule.kind == "column" or not is_already_unique(before, rule.rule, retyped):
            yield rule


def _rules(step: Step, before: Catalog) -> Iterator[Violation]:
    item = step.item
    set_not_null = Does.SET_NOT_NULL in step.does
    if item.kind == "domain" and set_not_null:
        found = [violation(before, column) for column in of_domain(before, item.identity)]
    elif item.kind == "domain_constraint" and _comes(step):
        found = [domain_violation(item, column) for column in of_domain(before, str(item.parent))]
    elif (item.kind == "column" and set_not_null) or (item.kind in ("constraint", "index") and _comes(step)):
        found = [violation(before, item)]
    else:
        found = []
    yield from (rule for rule in found if rule)


def _comes(step: Step) -> bool:
    """Whether the step adds a constraint, or validates one that was added as NOT VALID."""
    return step.verb == "create" or bool(step.verb == "alter" and step.before and asks_no_row(step.before))
