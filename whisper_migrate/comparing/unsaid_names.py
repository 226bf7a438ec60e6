"""Names of constraints and indexes that the models leave unsaid are not compared.

A constraint without a name gets one from PostgreSQL, and `index=True` one from SQLAlchemy. The history may have given
another name to the same constraint or index: the models do not contradict it.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import replace

from sqlalchemy import MetaData, Table

from whisper_migrate.catalog.model import Catalog, Key, Object
from whisper_migrate.catalog.names import plain_name, split_name
from whisper_migrate.planning.renames import differing_by_name
from whisper_migrate.project.project import Project

# The ends of the names that PostgreSQL chooses.
CHOSEN = re.compile(r"_(?:pkey|key|fkey|check|excl)\d*")


def as_in_history(project: Project, recorded: Catalog, desired: Catalog) -> Catalog:
    """Return `desired` with the history's name for each constraint and index that the models leave without one.

    The two have to be equal but for their names.
    """
    names: dict[Key, Object] = {}
    for kind in ("constraint", "index"):
        for old, new in differing_by_name(recorded, desired, kind):
            if _is_unsaid(project, new) and not _has_parts(desired, new):
                names[new.key] = old
    if not names:
        return desired
    keys = {key: names[key].key if key in names else key for key in desired.objects}
    objects = {keys[key]: names.get(key, item) for key, item in desired.objects.items()}
    requires = {
        keys.get(key, key): frozenset(keys.get(one, one) for one in needed) for key, needed in desired.requires.items()
    }
    return replace(desired, objects=objects, requires=requires)


def _is_unsaid(project: Project, item: Object) -> bool:
    schema, name = split_name(str(item.parent))
    for table in project.metadata.tables.values():
        if (table.schema or project.first_schema, table.name) == (schema, name):
            own = plain_name(item)
            if item.kind == "index":
                return own in _flagged(table, project.metadata)
            return bool(CHOSEN.search(own)) and own not in {str(one.name) for one in table.constraints}
    return False


def _flagged(table: Table, metadata: MetaData) -> Iterator[str]:
    """Yield the names of indexes that `index=True` declares, unless a convention of the project names them."""
    if metadata.naming_convention.get("ix") == MetaData().naming_convention["ix"]:
        yield from (str(index.name) for index in table.indexes if index._column_flag)


def _has_parts(catalog: Catalog, item: Object) -> bool:
    """Whether partitions have a part of the index or constraint, which is named after it."""
    whole = {item.identity, f"{plain_name(item)} on {item.parent}"}
    return any("part_of" in other.fields and other["part_of"] in whole for other in catalog)
