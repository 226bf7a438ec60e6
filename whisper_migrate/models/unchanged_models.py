"""Keep revisions from changing the models.

A revision may import a model and declare a constraint or an index on its columns. SQLAlchemy then adds it to the
model's table. It is taken out again before the models are compared.
"""

from __future__ import annotations

import os
import sys
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from itertools import chain
from pathlib import Path
from typing import Any
from weakref import WeakSet

import sqlalchemy
from sqlalchemy import Constraint, Index, MetaData, Table, event

LIBRARY = str(Path(sqlalchemy.__file__).parent)

# What revisions have added to tables, by the id of the tables' MetaData.
_added: dict[int, list[tuple[Table, Any]]] = {}
# The models that were restored: what revisions add to them from then on, in another thread as well, goes at once.
_restored: WeakSet[MetaData] = WeakSet()
# The folders of the revisions that are being imported or run.
_folders: list[tuple[str, ...]] = []


@contextmanager
def noted(folders: Sequence[Path]) -> Iterator[None]:
    """Note each constraint and index that a file in one of these folders adds to a table in this context."""
    prefixes = tuple(f"{folder.resolve()}/" for folder in folders)
    _folders.append(prefixes)
    try:
        yield
    finally:
        _folders.remove(prefixes)


def _attached(item: Any, table: Any) -> None:
    if _folders and isinstance(table, Table) and _caller().startswith(tuple(chain(*_folders))):
        if table.metadata in _restored:
            _discard(table, item)
        else:
            _added.setdefault(id(table.metadata), []).append((table, item))


# They stay for good: SQLAlchemy 2.0.36 fails when such a listener is removed.
for _kind in (Constraint, Index):
    event.listen(_kind, "after_parent_attach", _attached, propagate=True)


def restore(metadata: MetaData) -> None:
    """Take out of the models' tables what revisions have added."""
    _restored.add(metadata)
    for table, item in _added.pop(id(metadata), []):
        _discard(table, item)


def _discard(table: Table, item: Any) -> None:
    (table.indexes if isinstance(item, Index) else table.constraints).discard(item)


def _caller() -> str:
    """Return the file of the innermost frame outside SQLAlchemy and this module."""
    frame = sys._getframe(1)
    while frame.f_back is not None and frame.f_code.co_filename.startswith((LIBRARY, __file__, "<")):
        frame = frame.f_back
    return os.path.realpath(frame.f_code.co_filename)
