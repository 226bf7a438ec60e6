"""Return the definitions that an adoption or a repair replaces or drops, for the ledger."""

from __future__ import annotations

from collections.abc import Iterator

from whisper_migrate.catalog.model import Catalog
from whisper_migrate.objects import CONTAINERS, KINDS, REPLACEABLE


def replaced(before: Catalog, after: Catalog) -> str | None:
    """Return SQL that creates the objects without rows as they were; None if none is gone or has another form.

    Objects of a table or view that is gone are left out.
    """
    return "\n".join(_statements(before, after)) or None


def _statements(before: Catalog, after: Catalog) -> Iterator[str]:
    there = {item.identity for item in after if item.kind in CONTAINERS}
    for item in before:
        is_left = item.parent is None or item.parent in there
        if item.kind in REPLACEABLE and is_left and after.objects.get(item.key) != item:
            yield from (f"{statement};" for statement in KINDS[item.kind].create(item))
