"""Find the drift that blocks a run: drifted objects that a pending revision touches. Other drift is only reported."""

from __future__ import annotations

from collections.abc import Sequence

from whisper_migrate.catalog.model import Catalog, Change
from whisper_migrate.running.rehearsal import RehearsedStep

# Revisions create these with IF NOT EXISTS, since an administrator may have created them.
WELCOME = ("extension", "schema")


def blocking_drift(
    drift: Sequence[Change], rehearsed_steps: Sequence[RehearsedStep], actual: Catalog
) -> list[tuple[Change, str]]:
    """Return the drift that pending revisions touch, each change with the id of the first revision that touches it."""
    touched = [
        (change, next((rehearsed for rehearsed in rehearsed_steps if _touches(rehearsed, change, actual)), None))
        for change in drift
    ]
    return [(change, rehearsed.revision) for change, rehearsed in touched if rehearsed]


def _touches(rehearsed: RehearsedStep, drifted: Change, actual: Catalog) -> bool:
    """Whether a step changes the drifted object, a part of it, or an object that depends on it.

    An unexpected object (sign "+") is also touched if the step changes or drops a dependency of it. Its own table and
    the columns of that table do not count.
    """
    item = drifted.object
    if drifted.sign == "+" and item.kind in WELCOME:
        return False
    for change in rehearsed.changes:
        other = change.object
        if other.key == item.key:
            return True
        if drifted.sign == "+":
            lives_there = item.parent is not None and item.parent in (other.identity, other.parent)
            if change.sign != "+" and not lives_there and other.key in actual.requires.get(item.key, ()):
                return True
        elif other.parent == item.identity or any(
            item.key in catalog.requires.get(other.key, ()) for catalog in (rehearsed.before, rehearsed.after)
        ):
            return True
    return False
