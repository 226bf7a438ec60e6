"""Names that the online form of a plan gives to objects for a while, until the slow steps have run."""

from __future__ import annotations

from dataclasses import replace

from whisper_migrate.catalog.model import Catalog, Object
from whisper_migrate.catalog.names import identifier, split_name, unquoted
from whisper_migrate.catalog.sql import sibling

KEYS = ("constraint", "index")
NEW = "_new"  # an index that a key is made of afterwards
LONGEST = 63  # bytes of a name


def stands_for(name: str, table: str, after: Catalog) -> Object | None:
    """Return the column, constraint or index whose online form needs a temporary constraint or index with this name."""
    for item in after.children(table):
        ours = is_set(item) if item.kind == "column" else with_ending(item["name"], NEW) if item.kind in KEYS else None
        if ours and unquoted(ours) == name:
            return item
    return None


def is_set(column: Object) -> str:
    """Return the name of the check that a column has no NULL, which spares SET NOT NULL its scan."""
    return with_ending(f"{split_name(str(column.parent))[1]}_{unquoted(column['name'])}", "_is_set")


def renamed_away(item: Object) -> Object:
    """Return an index under the name that it has until its successor is built."""
    name = with_ending(item["name"], "_old")
    return replace(item.but(name=name), identity=sibling(item.identity, name))


def with_ending(name: str, ending: str) -> str:
    """Return a name with an ending, shortened to the bytes that PostgreSQL keeps."""
    return identifier(unquoted(name).encode()[: LONGEST - len(ending)].decode(errors="ignore") + ending)
