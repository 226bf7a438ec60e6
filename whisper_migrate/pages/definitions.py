"""The definition of one object as text for people: PostgreSQL's own, or the SQL that creates the object."""

from __future__ import annotations

from collections.abc import Iterable

from whisper_migrate.catalog.model import Object
from whisper_migrate.errors import Failure
from whisper_migrate.objects import KINDS, TABLES, column


def definition(item: Object, parts: Iterable[Object] = ()) -> str:
    """Return the SQL that creates an object, as short as it can be; "" if no statement creates it by itself.

    The SQL of a table contains those of its `parts` that it can contain: columns and constraints.
    """
    if item.kind in TABLES:
        inside = [part for part in parts if not part.derived and KINDS[part.kind].fits_inside(part)]
        return ";\n".join(KINDS[item.kind].create(item, inside))
    if item.kind == "column" and not item["of_view"]:
        return column.definition(item)
    if item.kind in ("constraint", "index"):
        return str(item["definition"])
    try:
        return ";\n".join(KINDS[item.kind].create(item))
    except Failure:
        return ""


def words(kind: str) -> str:
    """Return a kind in words: `materialized view`."""
    return kind.replace("_", " ")
