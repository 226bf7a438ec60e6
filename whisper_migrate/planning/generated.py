"""A VIRTUAL generated column that becomes plain keeps its values.

PostgreSQL has no statement for that: a STORED column of the same expression takes its place, and then drops it.
"""

from __future__ import annotations

from whisper_migrate.catalog import Catalog, Object
from whisper_migrate.objects import column
from whisper_migrate.planning.steps import Step


def becomes_plain(before: Catalog, item: Object) -> bool:
    """Whether a column loses the expression by which it was computed whenever it was read."""
    old = before.objects.get(item.key)
    is_virtual = item.kind == "column" and old is not None and old["generated_kind"] == "VIRTUAL"
    return is_virtual and item["generated"] is None


def stored(before: Catalog, item: Object) -> Step:
    """Creates the plain column with the values that the expression has in each row."""
    old = before[item.key]
    plain = item.but(default=None, identity_kind=None, identity_sequence=None, identity_options=None)
    plain = plain.but(identity_type=None, storage=None, compression=None, type=old["type"], collation=old["collation"])
    first = plain.but(generated=old["generated"], generated_kind="STORED")
    return Step("create", item, None, (*column.create(first), *(column.alter(first, item) or ())))
