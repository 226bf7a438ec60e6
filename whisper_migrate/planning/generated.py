"""Turn a generated column into a plain column that keeps its values.

DROP EXPRESSION does so for a STORED column. For a VIRTUAL one PostgreSQL has no statement: the plan drops the column,
creates it as STORED with the same expression, and then drops the expression.

The expression can be computed only while everything that it reads is still there. If that changes as well, the column
becomes plain first, in a plan of its own.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import replace

from whisper_migrate.catalog.model import Catalog, Key, Object
from whisper_migrate.catalog.names import shown
from whisper_migrate.errors import Failure
from whisper_migrate.objects import TABLES, column
from whisper_migrate.planning.steps import Step


def plain_first(before: Catalog, after: Catalog) -> Catalog | None:
    """Return `before` with those columns plain that lose their expression while something that it reads changes.

    A column becomes plain together with the columns of child tables that inherit it. None if there is no such column.
    """
    families: dict[Key, list[Object]] = {}
    for item in before:
        if item.kind == "column" and item["generated"] is not None and (root := _root(before, item)):
            families.setdefault(root, []).append(item)
    objects, requires = dict(before.objects), dict(before.requires)
    for columns in families.values():
        plain = all(one.key in after and after[one.key]["generated"] is None for one in columns)
        of_tables = plain and not any(after[one.key]["of_view"] for one in columns)
        read = {key for one in columns for key in _read(before, one)} if of_tables else set()
        if any(before[key] != after.objects.get(key) for key in read - {one.key for one in columns}):
            for one in columns:
                objects[one.key] = one.but(generated=None, generated_kind=None)
                holding = (one["type"].removesuffix("[]"), one["collation"], one.parent)
                inherited = {_above(before, one)} if one.derived else set()
                requires[one.key] = frozenset(key for key in requires[one.key] if key[1] in holding or key in inherited)
    return replace(before, objects=objects, requires=requires) if objects != before.objects else None


def _root(before: Catalog, column: Object) -> Key | None:
    """Return the column that a column is inherited from, or itself; None if it has more than one parent."""
    while column.derived:
        above = _above(before, column)
        if above is None:
            return None
        column = before[above]
    return column.key


def _above(before: Catalog, column: Object) -> Key | None:
    """Return the parent table's column that a column is inherited from, if there is exactly one."""
    table = next((before[kind, str(column.parent)] for kind in TABLES if (kind, str(column.parent)) in before), None)
    parents = table["parents"] if table else ()
    found = [key for parent in parents or () if (key := ("column", f"{parent}.{column['name']}")) in before]
    return found[0] if len(found) == 1 else None


def _read(before: Catalog, column: Object) -> set[Key]:
    """Return the objects that a column's expression depends on, direct and indirect, other than tables."""
    found: set[Key] = set()
    todo = [column.key]
    while todo:
        for key in before.requires.get(todo.pop(), frozenset()) - found:
            if key in before and key[0] not in TABLES and key != column.key:
                found.add(key)
                todo.append(key)
    return found


def becomes_plain(before: Catalog, item: Object) -> bool:
    """Whether a VIRTUAL generated column of a table loses its expression. (A view may take the table's name.)"""
    old = before.objects.get(item.key)
    is_virtual = item.kind == "column" and old is not None and old["generated_kind"] == "VIRTUAL"
    return is_virtual and item["generated"] is None and not item["of_view"]


def refuse_grandchildren(before: Catalog, after: Catalog, altered: Iterable[Key]) -> None:
    """Raise Failure if a STORED column becomes plain in a table whose child tables have child tables themselves.

    PostgreSQL's DROP EXPRESSION reports an error there, in all versions up to 18.
    """
    children: dict[str, list[str]] = {}
    for item in (item for item in before if item.kind == "table"):
        for parent in item["parents"] or ():
            children.setdefault(parent, []).append(item.identity)
    for key in sorted(altered):
        loses = key[0] == "column" and before[key]["generated_kind"] == "STORED" and after[key]["generated"] is None
        deep = loses and any(child in children for child in children.get(str(before[key].parent), ()))
        if deep and not before[key].derived:
            raise Failure(
                f"Column {shown(key[1])} cannot lose its expression: its table has child tables with child tables, and"
                " PostgreSQL drops an expression only where there is one level of them.",
                "Add a plain column under another name, and fill it by a backfill.",
            )


def stored(before: Catalog, item: Object) -> Step:
    """Return the step that creates the plain column, filled with the value of the expression in each row."""
    old = before[item.key]
    plain = item.but(default=None, identity_kind=None, identity_sequence=None, identity_options=None)
    plain = plain.but(identity_type=None, storage=None, compression=None, type=old["type"], collation=old["collation"])
    first = plain.but(generated=old["generated"], generated_kind="STORED")
    return Step("create", item, None, (*column.create(first), *(column.alter(first, item) or ())))
