"""Drift that a run would meet: what a pending revision touches is refused, all other drift is only told."""

from __future__ import annotations

from collections.abc import Sequence

from whisper_migrate.catalog import Catalog, Change
from whisper_migrate.running.foresight import Stride

# What a revision makes only if it is not there yet: an administrator may have made it.
WELCOME = ("extension", "schema")


def in_the_way(drift: Sequence[Change], strides: Sequence[Stride], actual: Catalog) -> list[tuple[Change, str]]:
    """The drift that pending revisions touch, each with the id of the first revision that does."""
    touched = [
        (change, next((stride for stride in strides if _touches(stride, change, actual)), None)) for change in drift
    ]
    return [(change, stride.revision) for change, stride in touched if stride]


def _touches(stride: Stride, drifted: Change, actual: Catalog) -> bool:
    """Whether a step makes, changes or drops what has drifted, or needs it; or changes what that needs, elsewhere."""
    item = drifted.object
    if drifted.sign == "+" and item.kind in WELCOME:
        return False
    for change in stride.changes:
        other = change.object
        if other.key == item.key:
            return True
        if drifted.sign == "+":
            lives_there = item.parent is not None and item.parent in (other.identity, other.parent)
            if change.sign != "+" and not lives_there and other.key in actual.requires.get(item.key, ()):
                return True
        elif other.parent == item.identity or any(
            item.key in catalog.requires.get(other.key, ()) for catalog in (stride.before, stride.after)
        ):
            return True
    return False
