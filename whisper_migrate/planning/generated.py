"""Turn a VIRTUAL generated column into a plain column that keeps its values.

PostgreSQL has no statement for this. The plan drops the column, creates it as STORED with the same expression, and then
drops the expression.
"""

from __future__ import annotations

from collections.abc import Iterable

from whisper_migrate.catalog.model import Catalog, Key, Object
from whisper_migrate.catalog.names import shown
from whisper_migrate.errors import Failure
from whisper_migrate.objects import column
from whisper_migrate.planning.steps import Step


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
