"""Names that only one object can have, and PostgreSQL's own indexes and constraints that have such a name by chance."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator

from whisper_migrate.catalog.model import Catalog, Key, Object
from whisper_migrate.catalog.partition_parts import constraint_gives_way, index_gives_way
from whisper_migrate.catalog.sql import sibling
from whisper_migrate.objects import KINDS
from whisper_migrate.objects.constraint import HAS_INDEX
from whisper_migrate.planning.containers import container
from whisper_migrate.planning.steps import Step, both_tables, is_foreign_key

OF_TABLES = ("index", "constraint", "statistics")
# The name of a constraint, as `names` has it: the constraint's own, and its table's.
OF_CONSTRAINT = re.compile(r'("(?:[^"]|"")+"|[^\s"]+) on (.+)', re.DOTALL)


def names(item: Object) -> set[str]:
    """Return the names that no other object may have: relations share theirs with types, functions with aggregates."""
    if item.kind == "constraint":
        name, table = item.called or item["name"], str(item.parent)
        return {f"{name} on {table}"} | ({sibling(table, name)} if item["type"] in HAS_INDEX else set())
    if item.kind == "index" and item.called:
        return {sibling(str(item.parent), item.called)}
    if KINDS[item.kind].is_unique_in_schema:
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
    """Yield the steps; before each that may need a name that PostgreSQL chose, yield one that renames what has it.

    PostgreSQL names a partition's indexes, and its own copies of a foreign key to a partitioned table, by the names
    that are free at that moment, so no plan can know their names.
    """
    chosen: dict[str, set[Key]] = {}
    for catalog in (before, after):
        for stem, key in _chosen_by_postgresql(catalog):
            chosen.setdefault(stem, set()).add(key)
    for step in steps:
        made = (step.item, *step.inside) if chosen and step.verb in ("create", "rename") and step.statements else ()
        fixed = [(name, item.key) for item in made if not item.called for name in names(item)]
        wanted = sorted(name for name, key in fixed if chosen.get(_stem(name), set()) - {key})
        if wanted:
            yield Step("prepare", step.item, step.item, tuple(map(_gives_way, wanted)))
        yield step


def _gives_way(name: str) -> str:
    constraint = OF_CONSTRAINT.fullmatch(name)
    return constraint_gives_way(constraint[1], constraint[2]) if constraint else index_gives_way(name)


def _chosen_by_postgresql(catalog: Catalog) -> Iterator[tuple[str, Key]]:
    """Yield the stem of each name that PostgreSQL chooses, with the object that it chooses the name for.

    A foreign key to a partitioned table gets a copy for each partition: PostgreSQL 18 names it after the foreign key,
    an earlier one after the table and its columns.
    """
    partitioned = {item.key for item in catalog if item.kind == "table" and item["partition_key"]}
    for item in catalog:
        if item.called:
            yield from ((_stem(name), item.key) for name in names(item))
        if partitioned and is_foreign_key(item) and both_tables(catalog, item.key) & partitioned:
            yield _stem(f"{item.called or item['name']}_ on {item.parent}"), item.key
            yield _stem(f"_fkey on {item.parent}"), item.key


def _stem(name: str) -> str:
    """Return a name without quotes and without the number that PostgreSQL appends to a name that is taken.

    Of a name that PostgreSQL gives to foreign keys only the ending is kept: it shortens the names of the columns.
    """
    constraint = OF_CONSTRAINT.fullmatch(name)
    own, table = (constraint[1], constraint[2]) if constraint else (name, "")
    stem = re.sub(r"\d+$", "", own.replace('"', ""))
    return f"{'_fkey' if stem.endswith('_fkey') else stem} on {table}"


def named_again(before: Catalog, after: Catalog, dropped: set[Key], created: set[Key]) -> set[Key]:
    """Return indexes, keys and statistics of dropped tables whose names are needed by new objects.

    They are dropped on their own. Otherwise the table, with its rows, would have to be dropped before the new object is
    created.
    """
    tables = dropped - created
    parts = {key for key in dropped if key[0] in OF_TABLES and container(before[key], tables)}
    wanted = set().union(*(names(after[key]) for key in created)) if parts else set()
    return {key for key in parts if wanted & names(before[key]) and not before[key].derived}
