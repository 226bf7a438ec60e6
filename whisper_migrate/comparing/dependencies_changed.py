"""Find changed expressions that cannot be compared by printing, since an object that they use changes as well.

`CHECK (a <> b)` is printed differently over two uuid columns and over two varchar columns. Running the new text over
the old columns shows PostgreSQL's reading there, not its reading after the change.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable

from whisper_migrate.catalog.model import Catalog, Change, Key
from whisper_migrate.catalog.names import split_names
from whisper_migrate.objects import KINDS, OVERLOADED, TABLES

# PostgreSQL resolves these by argument types: a new or dropped one can change which one a call means.


def on_changed(base: Catalog, doubtful: Collection[Change], changes: Iterable[Change]) -> set[Key]:
    """Return the objects with `doubtful` changes that depend, directly or not, on an object that `changes` change.

    `base` is the catalog before all changes, with its dependencies.
    """
    left = {change.object.key: change for change in doubtful}
    certain = [change for change in changes if change.object.key not in left]
    uses = {key: _uses(base, key) for key in left}
    found: set[Key] = set()
    more = certain
    while more:
        changed = {change.object.key for change in more if _is_seen(change)}
        resolved = [change.object.identity for change in more if _may_resolve(change)]
        cast = any(change.object.kind == "cast" for change in more)
        more = [
            change
            for key, change in left.items()
            if cast or uses[key] & changed or any(_names(change, identity) for identity in resolved)
        ]
        for change in more:
            del left[change.object.key]
            found.add(change.object.key)
    return found


def _uses(base: Catalog, key: Key) -> set[Key]:
    """Return all dependencies of an object.

    A partition key or bound depends on all columns of the table and of its parents.
    """
    todo = [key]
    if key[0] in TABLES:
        tables = (key[1], *(base[key]["parents"] or ()))
        todo += [column.key for table in tables for column in base.children(table, "column")]
    found = set(todo[1:])
    while todo:
        more = base.requires.get(todo.pop(), frozenset()) - found
        found |= more
        todo += more
    return found


def _is_seen(change: Change) -> bool:
    """Whether an expression that uses the object can be printed differently after this change."""
    seen = KINDS[change.object.kind].seen
    return change.sign != "~" or seen is None or not set(seen).isdisjoint(change.fields)


def _may_resolve(change: Change) -> bool:
    return change.sign != "~" and change.object.kind in OVERLOADED


def _names(change: Change, identity: str) -> bool:
    """Whether either side of a change contains the name of this function or operator."""
    name = split_names(identity.partition("(")[0])[-1]
    sides = (side for side in (change.before, change.after) if side)
    return any(name in str(side[field]) for side in sides for field in change.fields)
