"""The number of objects of each kind, as an overview states it."""

from __future__ import annotations

from collections import Counter

from whisper_migrate.pages.definitions import words
from whisper_migrate.pages.schema import Schema
from whisper_migrate.wording.plurals import counted


def counts(schema: Schema) -> str:
    """Return the kinds that have pages with their numbers, tables first: `98 tables, 9 functions`.

    Parts such as columns are not counted: then a new column does not change the overview.
    """
    found = Counter(item.kind for item in schema.pages)
    kinds = sorted(found, key=lambda kind: (kind != "table", -found[kind], kind))
    return ", ".join(counted(found[kind], words(kind)) for kind in kinds)
