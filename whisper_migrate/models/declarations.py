"""Find the constraint or index of a model's table that is an object of a catalog."""

from __future__ import annotations

import re
from collections.abc import Iterable
from typing import Any

from sqlalchemy import (
    CheckConstraint,
    Column,
    ForeignKeyConstraint,
    Index,
    PrimaryKeyConstraint,
    Table,
    UniqueConstraint,
)
from sqlalchemy.dialects.postgresql import ExcludeConstraint
from sqlalchemy.exc import NoReferenceError

from whisper_migrate.catalog.model import Object
from whisper_migrate.catalog.names import (
    in_parentheses,
    inside,
    names_in,
    plain_name,
    position,
    split_name,
    unquoted,
)
from whisper_migrate.project.made_at import Line, innermost

STARTS = {
    PrimaryKeyConstraint: r"PRIMARY KEY",
    UniqueConstraint: r"UNIQUE",
    CheckConstraint: r"CHECK",
    ForeignKeyConstraint: r"FOREIGN KEY",
    ExcludeConstraint: r"EXCLUDE",
    Index: r"CREATE (UNIQUE )?INDEX",
}
WHERE = re.compile(r"\) WHERE \(")


def declaration(table: Table, item: Object, default: str) -> Any | None:
    """Return the declaration of a constraint or index; None if the model has none. `default` is the models' schema.

    It is found by its name, else by what it does: its columns, and the table that a foreign key refers to. A check that
    PostgreSQL prints in another form is found by its columns, if no other check has the same.
    """
    ours = list(_ours(table, item.kind))
    found = [one for one in ours if one.name is not None and str(one.name) == plain_name(item)]
    definition = _definition(item)
    if found or not definition:
        return found[0] if found else None
    ours = [one for one in ours if any(isinstance(one, kind) and re.match(STARTS[kind], definition) for kind in STARTS)]
    if alike := [one for one in ours if _does(one, definition, default)]:
        return min(alike, key=lambda one: (one.name is not None, str(one.name)))
    same = [one for one in ours if isinstance(one, CheckConstraint) and _used(one, table) == used(definition, table)]
    return same[0] if len(same) == 1 else None


def line_of(declared: Any) -> Line | None:
    """Return the line of a declaration: for a foreign key, that of the call of ForeignKey at its column, if any."""
    return innermost(declared.elements[0] if isinstance(declared, ForeignKeyConstraint) else declared)


def column_of(declared: Any) -> str | None:
    """Return the name of the only column of a declaration; None if it has several."""
    if isinstance(getattr(declared, "parent", None), Column):
        return str(declared.parent.name)
    names = [column.name for column in declared.columns]
    return names[0] if len(names) == 1 else None


def only_column(item: Object, table: Table) -> str | None:
    """Return the only column of a constraint or index of a database; None if it has several or expressions."""
    definition = _definition(item)
    if definition.startswith("CHECK"):
        names = sorted(used(definition, table))
    else:
        names = [unquoted(part.split(" ")[0]) for part in _parts(definition)]
    return names[0] if len(names) == 1 and names[0] in table.columns else None


def used(expression: str, table: Table) -> set[str]:
    """Return the columns of the table that an expression of PostgreSQL names."""
    names = names_in(re.sub(r"'(?:[^']|'')*'", "", expression))
    return {unquoted(name) for name in names} & {column.name for column in table.columns}


def _ours(table: Table, kind: str) -> Iterable[Any]:
    if kind == "index":
        return table.indexes
    return (*table.constraints, *(one for column in table.columns for one in column.constraints))


def _definition(item: Object) -> str:
    return str(item["definition"]) if "definition" in item.fields else ""


def _used(declared: CheckConstraint, table: Table) -> set[str]:
    return used(str(declared.sqltext), table) | {column.name for column in declared.columns}


def _does(declared: Any, definition: str, default: str) -> bool:
    """Whether a declaration does the same as a definition of its kind."""
    match declared:
        case PrimaryKeyConstraint():
            return True
        case CheckConstraint():
            return _plain(inside(definition)) == _plain(str(declared.sqltext))
        case ForeignKeyConstraint():
            names = [column.name for column in declared.columns]
            same = list(map(unquoted, _parts(definition))) == names
            return same and _target(declared, default) == _referred(definition)
        case ExcludeConstraint():
            parts = [part.partition(" WITH ")[0] for part in _parts(definition)]
            return list(map(unquoted, parts)) == [column.name for column in declared.columns]
    if isinstance(declared, Index):
        where = declared.dialect_options["postgresql"]["where"]
        is_other = (where is not None) != bool(WHERE.search(definition))
        if is_other or bool(declared.unique) != definition.startswith("CREATE UNIQUE"):
            return False
        expressions = [one.name if isinstance(one, Column) else str(one) for one in declared.expressions]
        prefix = f"{getattr(declared.table, 'fullname', '')}."
        return [_plain(part) for part in _parts(definition)] == [_plain(one.replace(prefix, "")) for one in expressions]
    return list(map(unquoted, _parts(definition))) == [column.name for column in declared.columns]


def _plain(expression: str) -> str:
    """Return an expression without casts, parentheses, quotes and spaces."""
    return re.sub(r"::\w+|[\s()\"]", "", expression)


def _parts(definition: str) -> list[str]:
    """Return the parts in the first parentheses of a definition; none if there are none."""
    start = position("(", definition)
    try:
        return in_parentheses(definition[start:])[0] if start is not None else []
    except ValueError:
        return []


def _referred(definition: str) -> tuple[str, str, list[str]]:
    """Return the schema, the table and the columns that the definition of a foreign key refers to."""
    words = " REFERENCES "
    rest = definition[(position(words, definition) or 0) + len(words) :]
    schema, table = split_name(rest[: position("(", rest)])
    return schema, table, list(map(unquoted, _parts(rest)))


def _target(declared: ForeignKeyConstraint, default: str) -> tuple[str, str, list[str]] | None:
    try:
        columns = [element.column for element in declared.elements]
    except NoReferenceError:
        return None
    return columns[0].table.schema or default, columns[0].table.name, [column.name for column in columns]
