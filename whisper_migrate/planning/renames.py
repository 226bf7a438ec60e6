"""Renames: what the models declare, and what follows from it.

A model says `info={"renamed_from": "old"}` on a column, table, constraint or index. SQLAlchemy's Enum takes no `info`:
there it is set on the type, `mood.info = {"renamed_from": "feeling", "values_renamed_from": {"glad": "happy"}}`.

Declared renames are run first, in the shadow of the history: PostgreSQL itself then tells what has followed (views,
defaults, indexes), and the rest of the plan starts from there. What differs by nothing but its name then, as the key of
a renamed table does, is renamed as well.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field
from typing import Any

from sqlalchemy import Connection, Enum

from whisper_migrate.catalog import Catalog, Object, diff
from whisper_migrate.inspect import inspect
from whisper_migrate.names import plain_name, shown, split_list, split_name, unquoted
from whisper_migrate.objects import KINDS
from whisper_migrate.planning.steps import Step
from whisper_migrate.project import Project
from whisper_migrate.sql import literal, run, sibling

KEY, VALUES = "renamed_from", "values_renamed_from"

# What has a name that is made of its table's and columns' where nobody chose one.
FOLLOWS = ("sequence", "constraint", "index")


@dataclass(frozen=True)
class Declared:
    """A rename that a model declares: of what kind, in which table (schema, name), from which name to which."""

    kind: str
    within: tuple[str, str]
    old: str
    new: str

    def __str__(self) -> str:
        place = ".".join(self.within if self.within[0] != "public" else self.within[1:])
        return f"{self.kind.replace('_', ' ')} {place}.{self.new}" if self.kind != "table" else f"table {self.new}"


@dataclass
class Renamed:
    """What was renamed: steps there and back, lines that tell of it, and notes on declarations that say nothing."""

    catalog: Catalog
    up: list[Step] = field(default_factory=list)
    down: list[Step] = field(default_factory=list)
    lines: list[str] = field(default_factory=list)
    notes: list[str] = field(default_factory=list)


def rename(connection: Connection, project: Project, recorded: Catalog, desired: Catalog) -> Renamed:
    """Run the renames that lead to `desired` in the shadow behind `connection`, which holds `recorded`; uncommitted."""
    done = Renamed(recorded)
    for declared in _declared(project):
        _declared_one(connection, desired, declared, done)
    for kind in FOLLOWS:
        for old, new in _differing_by_name(done.catalog, desired, kind):
            _run(connection, old, new, done)
    return done


def declaration(old: Object) -> str:
    """What to write in the model to say that something was called as `old` is."""
    return f'info={{"{KEY}": "{plain_name(old)}"}}'


def perhaps_renamed(gone: Object, before: Catalog, after: Catalog) -> str:
    """Where one of the same shape comes in its place, the line that would make it a rename, which loses nothing."""
    if gone.kind == "enum":
        old, new = before[gone.key]["labels"], after[gone.key]["labels"] if gone.key in after else ()
        pairs = [(a, b) for a, b in zip(old, new, strict=False) if a not in new and b not in old]
        said = ", ".join(f'"{b}": "{a}"' for a, b in pairs)
        return f'\n    If that is a new name: the type\'s .info = {{"{VALUES}": {{{said}}}}}' if pairs else ""
    if new := lookalike(gone, before, after):
        return f"\n    If it is {shown(new.identity)} now, say so there in the model: {declaration(gone)}"
    return "\n    No model declares it: is its module imported?" if gone.kind == "table" else ""


def lookalike(gone: Object, before: Catalog, after: Catalog) -> Object | None:
    """What comes in the place of something that goes, and looks as if it were the same by another name."""
    looks = LOOKS.get(gone.kind)
    come = (item for item in after if looks and item.kind == gone.kind and item.key not in before)
    return next((new for new in come if looks and looks(new, after) == looks(gone, before) != set()), None)


def renaming(old: Object, new: Object, catalog: Catalog) -> list[str]:
    """What renames `old`, which is in `catalog`, to its `lookalike`; nothing where it would have no schema to be in."""
    schema = sibling(new.identity, "").removesuffix(".")
    if old.kind == "schema":
        return [f"ALTER SCHEMA {old.identity} RENAME TO {new.identity}"]
    if old.kind == "column" or sibling(old.identity, "") == f"{schema}.":
        return list(KINDS[old.kind].renamed(old, _quoted_name(new)))
    if ("schema", schema) not in catalog:
        return []
    moved = sibling(f"{schema}.", _quoted_name(old))
    renames = [f"ALTER TABLE {moved} RENAME TO {_quoted_name(new)}"] if moved != new.identity else []
    return [f"ALTER TABLE {old.identity} SET SCHEMA {schema}", *renames]


# A column's table and type, the columns of a table, the tables of a schema.
LOOKS: dict[str, Callable[[Object, Catalog], object]] = {
    "column": lambda item, catalog: (item.parent, item["type"]),
    "table": lambda item, catalog: {(c["name"], c["type"]) for c in catalog.children(item.identity, "column")},
    "schema": lambda item, catalog: {
        _quoted_name(table)
        for table in catalog
        if table.kind == "table" and sibling(table.identity, "") == f"{item.identity}."
    },
}


def _declared(project: Project) -> Iterator[Declared]:
    """Types, tables, and then what is in the tables, which have their new names by then."""
    default = project.metadata.schema or unquoted(split_list(project.search_path)[0])
    tables = {(table.schema or default, table.name): table for table in project.metadata.tables.values()}
    types = {id(column.type): column.type for table in tables.values() for column in table.columns}
    for type_ in [*types.values(), *project.metadata.get_schema_objects(Enum)]:
        info = getattr(type_, "info", None)
        if isinstance(type_, Enum) and type_.name and isinstance(info, dict):
            within = (type_.schema or default, str(type_.name))
            yield from _said("enum", within, within[1], info)
            for new, old in info.get(VALUES, {}).items():
                yield Declared("enum_value", within, old, new)
    for within, table in tables.items():
        yield from _said("table", within, within[1], table.info)
    for within, table in tables.items():
        for kind, items in (("column", table.columns), ("constraint", table.constraints), ("index", table.indexes)):
            for item in sorted(items, key=lambda item: str(getattr(item, "name", None))):
                yield from _said(kind, within, str(getattr(item, "name", None)), item.info)


def _said(kind: str, within: tuple[str, str], name: str, info: dict[Any, Any]) -> Iterator[Declared]:
    if KEY in info:
        yield Declared(kind, within, str(info[KEY]), name)


def _declared_one(connection: Connection, desired: Catalog, declared: Declared, done: Renamed) -> None:
    if declared.kind == "enum_value":
        _rename_value(connection, declared, done)
        return
    new, old = _find(desired, declared, declared.new), _find(done.catalog, declared, declared.old)
    if new is None:
        done.notes.append(f"{declared} is not in what the models make, so that {KEY} says nothing.")
    elif _find(done.catalog, declared, declared.new):
        done.notes.append(f"{declared} has its name already: take {KEY}={declared.old!r} out of the model.")
    elif old is None:
        done.notes.append(f"{declared} is new: the history has no {declared.old} that it could be {KEY}.")
    elif _find(desired, declared, declared.old):
        done.notes.append(f"{declared} is new: the models have {declared.old}, which it would be {KEY}, still.")
    else:
        _run(connection, old, new, done)


def _find(catalog: Catalog, declared: Declared, name: str) -> Object | None:
    kind, within = declared.kind, declared.within
    if kind in ("table", "enum"):
        return next((i for i in catalog if i.kind == kind and split_name(i.identity) == (within[0], name)), None)
    items = (item for item in catalog if item.kind == kind and split_name(str(item.parent)) == within)
    return next((item for item in items if plain_name(item) == name), None)


def _run(connection: Connection, old: Object, new: Object, done: Renamed) -> None:
    there = _renaming(old, _quoted_name(new))
    for statement in there:
        run(connection, statement)
    done.catalog = inspect(connection, requires=True)
    made = done.catalog.objects.get(new.key, new)
    done.up.append(Step("rename", made, old, tuple(there)))
    done.down.insert(0, Step("rename", old, made, tuple(_renaming(made, _quoted_name(old)))))
    done.lines.append(f"~ {new.kind.replace('_', ' ')} {shown(new.identity)}: renamed from {plain_name(old)}")


def _rename_value(connection: Connection, declared: Declared, done: Renamed) -> None:
    enums = (item for item in done.catalog if item.kind == "enum" and split_name(item.identity) == declared.within)
    before = next(enums, None)
    labels = before["labels"] if before else ()
    if declared.new in labels:
        done.notes.append(f"{declared} has its name already: take it out of {VALUES}.")
    elif before is None or declared.old not in labels:
        done.notes.append(f"{declared} is new: the history has no {declared.old} that it could be {KEY}.")
    else:
        there, back = (
            f"ALTER TYPE {before.identity} RENAME VALUE {literal(a)} TO {literal(b)}"
            for a, b in ((declared.old, declared.new), (declared.new, declared.old))
        )
        run(connection, there)
        done.catalog = inspect(connection, requires=True)
        after = done.catalog[before.key]
        done.up.append(Step("rename", after, before, (there,)))
        done.down.insert(0, Step("rename", before, after, (back,)))
        done.lines.append(f"~ {declared}: renamed from {declared.old}")


def _differing_by_name(before: Catalog, after: Catalog, kind: str) -> list[tuple[Object, Object]]:
    """Pairs of one table that are the same but for their names."""
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
    """All that an object is besides its name."""
    name = _quoted_name(item)
    values = {key: value for key, value in item.attributes.items() if key != "name"}
    if item.kind == "index":
        values["definition"] = values["definition"].replace(f"INDEX {name} ON ", "INDEX ON ", 1)
    return item.parent, *values.values()


def _quoted_name(item: Object) -> str:
    if "name" in item.fields:
        return str(item["name"])
    return item.identity.removeprefix(sibling(item.identity, ""))


def _renaming(item: Object, name: str) -> Sequence[str]:
    module = KINDS[item.kind]
    statements: list[str] = (module.renamed if hasattr(module, "renamed") else module.rename)(item, name)
    return statements
