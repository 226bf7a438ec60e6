"""SQLAlchemy objects in place of those that Alembic would reflect, for the filters of a project's env.py.

A table has the columns that its part needs, without types; an index or a constraint has its columns, and a foreign key
the table that it refers to.
"""

from __future__ import annotations

import re
from collections.abc import Iterable
from typing import Any

from sqlalchemy import Column, ForeignKeyConstraint, Index, MetaData, Table, UniqueConstraint, text

from whisper_migrate.catalog.model import Object
from whisper_migrate.catalog.names import in_parentheses, plain_name, position, split_name, unquoted

# An element of an index or a constraint that is a column, such as `"Name" COLLATE "C" DESC` and `PERIOD during`.
COLUMN = re.compile(r'(?:PERIOD )?("(?:[^"]|"")++"|[^\W\d][\w$]*)(?: .*)?', re.DOTALL)


def stand_in(identity: str, default: str, among: MetaData | None = None) -> Table:
    """Return a table without columns; `default` is the schema that models leave unsaid."""
    schema, name = split_name(identity)
    return Table(name, among or MetaData(), schema=None if schema == default else schema)


def part_of(table: Table, item: Object, type_: str, default: str) -> Any:
    """Return a column, an index or a constraint of the table; `type_` is Alembic's word for it."""
    name = plain_name(item)
    if type_ == "column":
        return _columns(table, [name])[0]
    if type_ == "index":
        return _index(table, name, item["definition"])
    definition = item["definition"]
    columns = _columns(table, map(_name, _elements(definition)))
    if type_ == "unique_constraint":
        constraint: Any = UniqueConstraint(*columns, name=name)
    else:
        refers = definition[(position(" REFERENCES ", definition) or 0) + len(" REFERENCES ") :]
        other = stand_in(refers[: position("(", refers)], default, table.metadata)
        constraint = ForeignKeyConstraint(columns, _columns(other, map(_name, _elements(refers))), name=name)
    table.append_constraint(constraint)
    return constraint


def same_columns(one: Any, other: Any) -> bool:
    """Whether two constraints are on the same columns, in this order."""
    return [column.name for column in one.columns] == [column.name for column in other.columns]


def _index(table: Table, name: str, definition: str) -> Index:
    elements: list[Any] = []
    for element in _elements(definition[position(" USING ", definition) :]):
        column = _name(element)
        elements += [text(element)] if column is None else _columns(table, [column])
    return Index(name, *elements, unique=definition.startswith("CREATE UNIQUE "), _table=table)


def _columns(table: Table, names: Iterable[str | None]) -> list[Column[Any]]:
    """Return the columns with these names. The table gets each column that it lacks."""
    found = [name for name in names if name is not None]
    for name in found:
        if name not in table.columns:
            table.append_column(Column(name))
    return [table.columns[name] for name in found]


def _elements(definition: str) -> list[str]:
    """Return what stands in the first parentheses of a definition."""
    return in_parentheses(definition[position("(", definition) :])[0]


def _name(element: str) -> str | None:
    found = COLUMN.fullmatch(element)
    return unquoted(found[1]) if found else None
