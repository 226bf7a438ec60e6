"""A catalog as a JSON document, and back."""

from __future__ import annotations

import json
from typing import Any

from whisper_migrate.catalog.model import Catalog, Key, Object


def dumps(catalog: Catalog) -> str | None:
    """Return the document of a catalog, without owners; None if JSON does not have one of its values."""
    fields = list(dict.fromkeys(item.fields for item in catalog))
    number = {names: place for place, names in enumerate(fields)}
    document = {
        "version": catalog.version,
        "unreadable": catalog.unreadable,
        "fields": fields,
        "objects": [
            (item.kind, item.identity, item.parent, number[item.fields], item.values, item.derived, item.called)
            for item in catalog
        ],
        "requires": [(key, sorted(needed)) for key, needed in catalog.requires.items()],
        "implied": sorted(catalog.implied),
    }
    try:
        return json.dumps(document, separators=(",", ":"))
    except TypeError:
        return None


def loads(document: str) -> Catalog:
    """Return the catalog of a document."""
    found = json.loads(document)
    fields = [tuple(names) for names in found["fields"]]
    objects = (
        Object(kind, identity, parent, fields[number], _values(values), derived, called)
        for kind, identity, parent, number, values, derived, called in found["objects"]
    )
    return Catalog(
        {item.key: item for item in objects},
        found["version"],
        tuple(found["unreadable"]),
        {tuple(key): frozenset(map(tuple, needed)) for key, needed in found["requires"]},
        frozenset(map(tuple, found["implied"])),
    )


def same(one: Catalog, other: Catalog) -> bool:
    """Whether two catalogs are equal, also in what `==` leaves out, such as the order of a table's columns.

    The order of other objects is that of the server's storage, and differs from run to run.
    """
    return one == other and _unordered(one) == _unordered(other)


def _unordered(catalog: Catalog) -> list[dict[Any, Any]]:
    columns: dict[str | None, list[Key]] = {}
    for item in catalog:
        if item.kind == "column":
            columns.setdefault(item.parent, []).append(item.key)
    return [{item.key: _all(item) for item in catalog}, columns]


def _all(item: Object) -> tuple[Any, ...]:
    types = [type(value) for value in item.values]
    return (item.parent, item.fields, item.values, types, item.derived, item.called)


def _values(values: list[Any]) -> tuple[Any, ...]:
    return tuple(_values(value) if isinstance(value, list) else value for value in values)
