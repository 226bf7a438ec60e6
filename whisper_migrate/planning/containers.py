"""Objects with parts, such as columns and constraints, that exist only inside them."""

from __future__ import annotations

from whisper_migrate.catalog.model import Key, Object
from whisper_migrate.objects import CONTAINERS


def container(item: Object, among: set[Key]) -> Key | None:
    """Return the table, view or domain that `item` is created and dropped with, if it is in `among`."""
    return next(((kind, item.parent) for kind in CONTAINERS if item.parent and (kind, item.parent) in among), None)
