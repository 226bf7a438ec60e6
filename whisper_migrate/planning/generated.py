"""Turn a VIRTUAL generated column into a plain column that keeps its values.

PostgreSQL has no statement for this. The plan drops the column, creates it as STORED with the same expression, and then
drops the expression.
"""

from __future__ import annotations

from whisper_migrate.catalog import Catalog, Object
from whisper_migrate.objects import column
from whisper_migrate.planning.steps import Step


def becomes_plain(before: Catalog, item: Object) -> bool:
    """Whether a VIRTUAL generated column of a table loses its expression. (A view may take the table's name.)"""
    old = before.objects.get(item.key)
    is_virtual = item.kind == "column" and old is not None and old["generated_kind"] == "VIRTUAL"
    return is_virtual and item["generated"] is None and not item["of_view"]


def stored(before: Catalog, item: Object) -> Step:
    """Return the step that creates the plain column, filled with the value of the expression in each row."""
    old = before[item.key]
    plain = item.but(default=None, identity_kind=None, identity_sequence=None, identity_options=None)
    plain = plain.but(identity_type=None, storage=None, compression=None, type=old["type"], collation=old["collation"])
    first = plain.but(generated=old["generated"], generated_kind="STORED")
    return Step("create", item, None, (*column.create(first), *(column.alter(first, item) or ())))
