"""Subjects: the modules of the models, by which an overview groups the tables and all other objects."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from pathlib import PurePosixPath

from whisper_migrate.catalog.model import Key, Object
from whisper_migrate.models.source_lines import Place

NOWHERE = "not in the models' source"


def subjects(items: Iterable[Object], places: Mapping[Key, Place | None]) -> dict[str, list[Object]]:
    """Return the objects by subject, in alphabetical order; objects without a line in the models come last."""
    items = list(items)
    files = {place.file for item in items if (place := places.get(item.key))}
    names = _names(files)
    found: dict[str, list[Object]] = {}
    for item in sorted(items, key=lambda item: (item.kind != "table", item.kind, item.identity)):
        place = places.get(item.key)
        found.setdefault(names[place.file] if place else NOWHERE, []).append(item)
    return dict(sorted(found.items(), key=lambda pair: (pair[0] == NOWHERE, pair[0])))


def _names(files: set[str]) -> dict[str, str]:
    """Return the subject of each file: its path without suffix and without the folders that all files share."""
    parts = {file: _parts(PurePosixPath(file)) for file in files}
    shared = 0
    while all(len(names) > shared + 1 for names in parts.values()) and len({n[shared] for n in parts.values()}) == 1:
        shared += 1
    return {file: "/".join(names[shared:]) for file, names in parts.items()}


def _parts(path: PurePosixPath) -> tuple[str, ...]:
    names = path.with_suffix("").parts
    return names[:-1] if names[-1] == "__init__" and len(names) > 1 else names
