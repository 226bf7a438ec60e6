"""Partition indexes: which of them PostgreSQL creates, and which existing indexes it adopts.

When an index on a partitioned table is created, PostgreSQL looks in each partition for an index with an equal
definition. It adopts that index, whatever its name, or else creates one.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import replace

from whisper_migrate.catalog.model import Catalog, Key, Object
from whisper_migrate.planning.steps import is_foreign_key

# A call whose only arguments are numbers, such as `public.rate(2)`.
CONSTANT_CALL = re.compile(r"(?:(?:\w+|\"(?:[^\"]|\"\")+\")\.)?(?:\w+|\"(?:[^\"]|\"\")+\")\(\d+(?:, \d+)*\)")


def is_part(item: Object) -> bool:
    """Whether a partition has this index or constraint from its partitioned table. A check is each table's own."""
    return item.derived and item.kind in ("index", "constraint") and bool(item["part_of"])


def top(catalog: Catalog, key: Key) -> Key:
    """Return the index or constraint of the topmost partitioned table that `key` belongs to; `key` itself if none."""
    whole = _parents(catalog, catalog[key])
    return top(catalog, whole.key) if whole else key


def remade(before: Catalog, after: Catalog, made: set[Key], twins: Mapping[Key, Key]) -> set[Key]:
    """Return the indexes and constraints to re-create besides `made`; `twins` are those of the attached partitions.

    A partition index is re-created through the index of the topmost partitioned table. An equal index of the partition
    itself is dropped before and created afterwards: PostgreSQL would adopt it.
    """
    found = {top(after, key) for key in made if key in before and key in after and is_part(after[key])} - made
    for own, part in twins.items():
        if own in before and (part in made | found or own in found or part not in before):
            found.add(own)
    return found


def kept_apart(catalog: Catalog) -> Catalog:
    """Return the catalog in which a partition's own index depends on the partition index that it equals.

    It also depends on the partitioned table's index, with which PostgreSQL creates the partition index. The own index
    is then created second. Created first, it would be adopted as the partition index.
    """
    twins = twins_in(catalog)
    requires = {own: catalog.requires.get(own, frozenset()) | {part, top(catalog, part)} for own, part in twins.items()}
    return replace(catalog, requires={**catalog.requires, **requires}) if twins else catalog


def lost_options(before: Catalog, after: Catalog, retyped: set[Key]) -> set[Key]:
    """Return the topmost indexes to re-create when the columns `retyped` change type.

    PostgreSQL then rebuilds each partition index with the options of its parent index.
    """
    found = set()
    for item in before if retyped else ():
        if is_part(item) and not is_foreign_key(item) and before.requires[item.key] & retyped:
            whole = top(before, item.key)
            if whole in after and _is_unlike(before, item):
                found.add(whole)
    return found


def mixed_up(catalog: Catalog, attached: set[Key]) -> set[Key]:
    """Return the keys and unique indexes of the partitions `attached` that ATTACH PARTITION could mix up.

    It looks for an index with the columns of each parent index, and does not compare what PRIMARY KEY, UNIQUE and
    DEFERRABLE say: of two keys on the same columns, the parent's primary key may get the partition's unique key. Keys
    that a foreign key or a view depends on are not returned: these need them before ATTACH PARTITION.
    """
    alike: dict[tuple[str, str], set[Key]] = {}
    names = {key[1] for key in attached}
    for item in catalog if names else ():
        if item.parent in names and is_part(item) and (columns := _unique_columns(item)):
            alike.setdefault((item.parent, columns), set()).add(item.key)
    several = [keys for keys in alike.values() if len(keys) > 1 and any(kind == "constraint" for kind, _ in keys)]
    depending = (key for key in catalog.requires if key[0] != "comment" and not is_part(catalog[key]))
    needed = {other for key in depending for other in catalog.requires[key]} if several else set()
    return {key for keys in several if not keys & needed for key in keys}


def left_to_attach(alone: Catalog, attached: Catalog, keys: set[Key]) -> Catalog:
    """Return the catalog `alone` in which PostgreSQL creates the indexes `keys` when it attaches their partitions."""
    objects = {**alone.objects, **{key: attached[key] for key in keys}}
    requires = {**alone.requires, **{key: attached.requires.get(key, frozenset()) for key in keys}}
    return replace(alone, objects=objects, requires=requires) if keys else alone


def unlike_first(after: Catalog, made: set[Key]) -> Catalog:
    """Return the catalog in which partition indexes with their own options precede a parent index that is `made`.

    PostgreSQL then adopts them instead of creating indexes with the parent's options.
    """
    objects, requires = dict(after.objects), dict(after.requires)
    for item in after if made else ():
        whole = _parents(after, item) if item.kind == "index" else None
        if whole and top(after, item.key) in made and _is_unlike(after, item):
            objects[item.key] = replace(item, derived=False)
            requires[item.key] = requires[item.key] - {whole.key}
            requires[whole.key] = requires.get(whole.key, frozenset()) | {item.key}
    return replace(after, objects=objects, requires=requires)


def _parents(catalog: Catalog, item: Object) -> Object | None:
    """Return the index or constraint one level above a partition's; None if it is not a partition's."""
    if not is_part(item):
        return None
    above = (catalog[key] for key in sorted(catalog.requires.get(item.key, ())) if key[0] == item.kind)
    return next((one for one in above if is_foreign_key(one) == is_foreign_key(item)), None)


def twins_in(catalog: Catalog) -> dict[Key, Key]:
    """Return the indexes that partitions have for themselves, each with the partition index that it equals."""
    parts = {_likeness(item): item.key for item in catalog if item.kind == "index" and item.derived}
    if not parts:
        return {}
    alike = {item.key: parts.get(_likeness(item)) for item in catalog if item.kind == "index" and not item.derived}
    return {key: part for key, part in alike.items() if part}


def _likeness(item: Object) -> tuple[str | None, str]:
    """Return the features that PostgreSQL compares to adopt an index: neither storage options nor sort directions.

    It compares expressions after it has computed calls with constant arguments: different calls may be equal.
    """
    plain = re.sub(r" WITH \([^)]*(?:\)|\Z)| DESC| NULLS (FIRST|LAST)", "", _definition(item))
    return item.parent, CONSTANT_CALL.sub("()", plain)


def _unique_columns(item: Object) -> str:
    """Return the columns of a primary key, a unique key or a unique index, as SQL lists them; "" for other objects."""
    if item.kind == "index":
        unique, columns = _definition(item).split(" ", 1)
        return columns if unique == "True" else ""
    if item["type"] not in ("primary key", "unique"):
        return ""
    return re.sub(r"^(PRIMARY KEY|UNIQUE) | DEFERRABLE| INITIALLY DEFERRED", "", item["definition"])


def _is_unlike(catalog: Catalog, part: Object) -> bool:
    whole = _parents(catalog, part)
    return bool(part.kind == "index" and whole and _definition(part) != _definition(whole))


def _definition(index: Object) -> str:
    """Return an index's definition without the names of the index and the table."""
    head, _, tail = index["definition"].partition(f"{index.parent} USING ")
    return f"{head.startswith('CREATE UNIQUE ')} {tail}"
