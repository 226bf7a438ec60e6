"""Renames: those that models declare, and those that follow from them.

A model says `info={"renamed_from": "old"}` on a column, table, constraint or index. SQLAlchemy's Enum takes no `info`:
there it is set on the type, `mood.info = {"renamed_from": "feeling", "values_renamed_from": {"glad": "happy"}}`. On a
sequence it is `numbers.info["renamed_from"] = "counter"`.

Declared renames run first, in a shadow that holds the history's schema. PostgreSQL then adjusts views, defaults and
indexes itself, and the rest of the plan starts from the result. An object that afterwards differs in nothing but its
name, such as the primary key of a renamed table, is renamed as well.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from typing import Any

from sqlalchemy import Connection, Enum

from whisper_migrate.catalog.model import Catalog, Object, diff
from whisper_migrate.catalog.names import plain_name, shown, split_name
from whisper_migrate.catalog.sql import run, sibling
from whisper_migrate.errors import Failure
from whisper_migrate.inspecting.inspect import inspect
from whisper_migrate.objects import KINDS
from whisper_migrate.objects.enum import relabelled
from whisper_migrate.planning.lookalikes import KEY, VALUES, WHOLE, own_name, renaming
from whisper_migrate.planning.steps import Step
from whisper_migrate.project.declared import alone
from whisper_migrate.project.project import Project

# Kinds whose default name is made of the names of their table and columns.
FOLLOWS = ("sequence", "constraint", "index")


@dataclass(frozen=True)
class Declared:
    """A rename that a model declares: the kind, its table as (schema, name), the old name and the new name."""

    kind: str
    within: tuple[str, str]
    old: str
    new: str

    @property
    def place(self) -> tuple[str, ...]:
        """The schema, or schema and table, in which the name is unique."""
        return self.within[:1] if self.kind in WHOLE else self.within

    def __str__(self) -> str:
        schema, name = self.within
        inside = [] if self.kind in WHOLE else [self.new]
        return f"{self.kind.replace('_', ' ')} {'.'.join([*([schema] if schema != 'public' else []), name, *inside])}"


@dataclass
class Renamed:
    """The result of `rename`: steps up and down, lines for the user, and notes on declarations that have no effect."""

    catalog: Catalog
    up: list[Step] = field(default_factory=list)
    down: list[Step] = field(default_factory=list)
    lines: list[str] = field(default_factory=list)
    notes: list[str] = field(default_factory=list)


def rename(connection: Connection, project: Project, recorded: Catalog, desired: Catalog) -> Renamed:
    """Run the renames that lead to `desired` in the shadow behind `connection`, which holds `recorded`; uncommitted.

    Raises Failure for a declaration that contradicts the models, or that may have been carried out already.
    """
    done = Renamed(recorded)
    left = list(dict.fromkeys(_declared(project)))
    # A table comes before its columns, and a name is freed before another object takes it.
    while ready := next((one for one in left if _is_ready(one, left, desired, done.catalog)), None):
        left.remove(ready)
        _run_declared(connection, desired, ready, done)
    done.notes += [_saying_nothing(one, left, desired, done.catalog) for one in left]
    while pair := next(_partitions(done.catalog, desired), None):
        _run(connection, *pair, done)
    for kind in FOLLOWS:
        for old, new in differing_by_name(done.catalog, desired, kind):
            _run(connection, old, new, done)
    return done


def _declared(project: Project) -> Iterator[Declared]:
    """Yield the declared renames: of types, of tables, and then of objects in tables by the tables' new names."""
    default = project.first_schema
    tables = {(table.schema or default, table.name): table for table in project.metadata.tables.values()}
    types = {id(column.type): column.type for table in tables.values() for column in table.columns}
    for type_ in [*types.values(), *alone(project.metadata)]:
        info = getattr(type_, "info", None)
        if isinstance(type_, Enum) and type_.name and isinstance(info, dict):
            within = (type_.schema or default, str(type_.name))
            yield from _said("enum", within, within[1], info)
            for new, old in info.get(VALUES, {}).items():
                yield Declared("enum_value", within, old, new)
    for _, numbers in sorted(project.metadata._sequences.items()):
        yield from _said("sequence", (numbers.schema or default, numbers.name), numbers.name, numbers.info)
    for within, table in tables.items():
        yield from _said("table", within, within[1], table.info)
    for within, table in tables.items():
        for kind, items in (("column", table.columns), ("constraint", table.constraints), ("index", table.indexes)):
            for item in sorted(items, key=lambda item: str(getattr(item, "name", None))):
                yield from _said(kind, within, str(getattr(item, "name", None)), item.info)


def _said(kind: str, within: tuple[str, str], name: str, info: dict[Any, Any]) -> Iterator[Declared]:
    if KEY in info:
        yield Declared(kind, within, str(info[KEY]), name)


def _is_ready(declared: Declared, left: Sequence[Declared], desired: Catalog, catalog: Catalog) -> bool:
    """Whether a rename can run now: the old name exists, and the new name is free and wanted."""
    if not _find(desired, declared, declared.new) or _find(catalog, declared, declared.new):
        return False
    return bool(_find(catalog, declared, declared.old)) and not _is_kept(declared, left, desired, catalog)


def _is_kept(declared: Declared, left: Sequence[Declared], desired: Catalog, catalog: Catalog) -> bool:
    """Whether the models still have an object of the old name that gets it by no other declaration."""
    others = (one for one in left if (one.kind, one.place, one.new) == (declared.kind, declared.place, declared.old))
    given = any(_find(catalog, other, other.old) for other in others)
    return bool(_find(desired, declared, declared.old)) and not given


def _saying_nothing(declared: Declared, left: Sequence[Declared], desired: Catalog, catalog: Catalog) -> str:
    """Explain why a declaration renames nothing. Raises Failure if the plan would be wrong without it."""
    if not _find(desired, declared, declared.new):
        return f"{declared} is not in what the models make, so that {KEY} says nothing."
    if _find(catalog, declared, declared.new):
        if _is_swapped(declared, left, catalog):
            raise Failure(
                f"{declared} and {declared.old} swap names, and nothing shows whether that is done already.",
                f"Give one of them a third name first, in a revision of its own; and take {KEY} out when it is done.",
            )
        key = KEY if declared.kind != "enum_value" else VALUES
        return f"{declared} is already renamed; you can remove {key}={declared.old!r} from the model."
    if not _find(catalog, declared, declared.old):
        return f"{declared} is new: the history has no {declared.old} that it could be {KEY}."
    raise Failure(
        f"{declared} is said to be {KEY} {declared.old}, but the models have {declared.old} still.",
        f"If it is new, take {KEY} out; if {declared.old} is, rename first and add that in a second revision.",
    )


def _is_swapped(declared: Declared, left: Sequence[Declared], catalog: Catalog) -> bool:
    """Whether names are exchanged in a circle, as `a` to `b` and `b` to `a`, while all of them exist."""
    name, seen = declared.old, {declared.new}
    while name not in seen and _find(catalog, declared, name):
        seen.add(name)
        given = (one for one in left if (one.kind, one.place, one.new) == (declared.kind, declared.place, name))
        name = next((one.old for one in given), "")
    return name == declared.new


def _find(catalog: Catalog, declared: Declared, name: str) -> Object | None:
    """Return the object called `name` in the declaration's place; the enum if the declaration is about a label."""
    kind, within = declared.kind, declared.within
    if kind in WHOLE:
        places = {(within[0], name), *([split_name(name)] if "." in name else [])}
        return next((i for i in catalog if i.kind == kind and split_name(i.identity) in places), None)
    if kind == "enum_value":
        enums = (item for item in catalog if item.kind == "enum" and split_name(item.identity) == within)
        return next((enum for enum in enums if name in enum["labels"]), None)
    items = (item for item in catalog if item.kind == kind and split_name(str(item.parent)) == within)
    return next((item for item in items if plain_name(item) == name), None)


def _run_declared(connection: Connection, desired: Catalog, declared: Declared, done: Renamed) -> None:
    old, new = _find(done.catalog, declared, declared.old), _find(desired, declared, declared.new)
    assert old is not None and new is not None
    if declared.kind == "enum_value":
        _rename_value(connection, old, declared, done)
        return
    schema = ("schema", sibling(new.identity, "").removesuffix("."))
    if declared.kind in WHOLE and schema not in done.catalog:
        made = desired[schema]
        there, back = KINDS["schema"].create(made), KINDS["schema"].drop(made)
        for statement in there:
            run(connection, statement)
        done.up.append(Step("create", made, None, tuple(there)))
        done.down.insert(0, Step("drop", made, None, tuple(back)))
        done.lines.append(f"+ schema {made.identity}")
        done.catalog = inspect(connection, requires=True)
    _run(connection, old, new, done)


def _run(connection: Connection, old: Object, new: Object, done: Renamed) -> None:
    before = done.catalog
    there = renaming(old, new, before)
    for statement in there:
        run(connection, statement)
    done.catalog = inspect(connection, requires=True)
    made = done.catalog.objects.get(new.key, new)
    done.up.append(Step("rename", made, old, tuple(there)))
    done.down.insert(0, Step("rename", old, made, tuple(renaming(made, old, before))))
    moved = sibling(old.identity, "") != sibling(new.identity, "") and old.kind in WHOLE
    name = shown(old.identity) if moved else plain_name(old)
    done.lines.append(f"~ {new.kind.replace('_', ' ')} {shown(new.identity)}: renamed from {name}")


def _rename_value(connection: Connection, before: Object, declared: Declared, done: Renamed) -> None:
    there, back = (relabelled(before, a, b) for a, b in ((declared.old, declared.new), (declared.new, declared.old)))
    run(connection, there)
    done.catalog = inspect(connection, requires=True)
    after = done.catalog[before.key]
    done.up.append(Step("rename", after, before, (there,)))
    done.down.insert(0, Step("rename", before, after, (back,)))
    done.lines.append(f"~ {declared}: renamed from {declared.old}")


def _partitions(before: Catalog, after: Catalog) -> Iterator[tuple[Object, Object]]:
    """Yield pairs of one partition by its old and its new name: no two partitions of a table have equal bounds."""
    come = {(item["parents"], item["partition_bound"]): item for item in after if _is_new_partition(item, before)}
    for old in (item for item in before if _is_new_partition(item, after)):
        if new := come.get((old["parents"], old["partition_bound"])):
            yield old, new


def _is_new_partition(item: Object, other: Catalog) -> bool:
    return item.kind == "table" and item.key not in other and item["partition_bound"] is not None


def differing_by_name(before: Catalog, after: Catalog, kind: str) -> list[tuple[Object, Object]]:
    """Return pairs of a table's objects that differ only by their names; of sequences, those that number one column."""
    changes = [change for change in diff(before, after) if change.object.kind == kind and change.object.parent]
    gone = [change.before for change in changes if change.before and not change.after]
    come = [change.after for change in changes if change.after and not change.before]
    pairs = []
    for old in gone:
        same = next((new for new in come if _shape(new) == _shape(old)), None)
        if same and not old.derived:
            come.remove(same)
            pairs.append((old, same))
    return pairs


def _shape(item: Object) -> tuple[Any, ...]:
    """Return the attributes that two objects share if they differ only by name; of a sequence, its owner."""
    if item.kind == "sequence":
        return item.parent, item["owned_by"]
    name = own_name(item)
    values = {key: value for key, value in item.attributes.items() if key != "name"}
    if item.kind == "index":
        values["definition"] = values["definition"].replace(f"INDEX {name} ON ", "INDEX ON ", 1)
    return item.parent, *values.values()
