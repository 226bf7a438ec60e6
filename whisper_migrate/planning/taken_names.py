"""Names that only one object can have, and partition indexes that have such a name by chance."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator

from whisper_migrate.catalog import Catalog, Object
from whisper_migrate.objects.constraint import HAS_INDEX
from whisper_migrate.partition_parts import constraint_gives_way, index_gives_way
from whisper_migrate.planning.steps import Step
from whisper_migrate.sql import sibling

NAMED = frozenset({"table", "view", "materialized_view", "foreign_table", "sequence", "index"}) | {
    *("enum", "domain", "composite_type", "range_type")
}


def names(item: Object) -> set[str]:
    """Return the names that no other object may have: relations share theirs with types, functions with aggregates."""
    if item.kind == "constraint":
        name, table = item.called or item["name"], str(item.parent)
        return {f"{name} on {table}"} | ({sibling(table, name)} if item["type"] in HAS_INDEX else set())
    if item.kind == "index" and item.called:
        return {sibling(str(item.parent), item.called)}
    if item.kind in ("function", "aggregate") or item.kind in NAMED:
        return {item.identity}
    if item.kind == "statistics":
        return {f"statistics {item.identity}"}
    if item.kind == "column":
        return of_not_null(item) | ({item["identity_sequence"]} if item["identity_sequence"] else set())
    return set()


def of_not_null(column: Object) -> set[str]:
    """Return the name of a column's NOT NULL constraint, which no other constraint of the table may have."""
    return {f"{column['not_null_name']} on {column.parent}"} if column["not_null_name"] else set()


def with_names_free(before: Catalog, after: Catalog, steps: Iterable[Step]) -> Iterator[Step]:
    """Yield the steps; before each that may need the name of a partition index, yield one that renames this index.

    PostgreSQL names partition indexes by the names that are free at that moment, so no plan can know their names.
    """
    called = {_stem(name) for catalog in (before, after) for item in catalog if item.called for name in names(item)}
    for step in steps:
        made = (step.item, *step.inside) if called and step.verb in ("create", "rename") and step.statements else ()
        wanted = sorted(name for item in made if not item.called for name in names(item) if _stem(name) in called)
        if wanted:
            yield Step("loosen", step.item, step.item, tuple(map(_gives_way, wanted)))
        yield step


def _gives_way(name: str) -> str:
    constraint, _, table = name.partition(" on ")
    return constraint_gives_way(constraint, table) if table else index_gives_way(name)


def _stem(name: str) -> str:
    """Return a name without quotes and without the number that PostgreSQL appends to a name that is taken."""
    name, on, table = name.replace('"', "").partition(" on ")
    return re.sub(r"\d+$", "", name) + on + table
