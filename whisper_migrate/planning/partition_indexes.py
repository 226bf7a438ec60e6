"""The parts that partitions have in an index of their parent: which of them PostgreSQL makes, and which it adopts.

When a parent's index is made, PostgreSQL adopts an index of each partition that is like it, whatever its name is, or
else makes one.
"""

from __future__ import annotations

import re
from dataclasses import replace

from whisper_migrate.catalog import Catalog, Key, Object
from whisper_migrate.planning.steps import is_foreign_key


def is_part(item: Object) -> bool:
    """Whether this is a partition's part of an index or constraint: not of a check, which each table has for itself."""
    return item.derived and item.kind in ("index", "constraint") and bool(item["part_of"])


def top(catalog: Catalog, key: Key) -> Key:
    """The index or constraint, of the table above all others, that this is a part of."""
    whole = _parents(catalog, catalog[key])
    return top(catalog, whole.key) if whole else key


def remade(before: Catalog, after: Catalog, made: set[Key]) -> set[Key]:
    """Parents' indexes to make again so that their parts, and indexes of partitions that are like these, come right."""
    found = {top(after, key) for key in made if key in before and key in after and is_part(after[key])} - made
    for own, part in _twins(after).items():
        if own in before and (part in made | found or own in found or part not in before):
            found.add(own)
    return found


def kept_apart(catalog: Catalog) -> Catalog:
    """The catalog in which an index of a partition that is like a part needs that: else it would be adopted."""
    twins = _twins(catalog)
    requires = {own: catalog.requires.get(own, frozenset()) | {part} for own, part in twins.items()}
    return replace(catalog, requires={**catalog.requires, **requires}) if twins else catalog


def lost_options(before: Catalog, after: Catalog, retyped: set[Key]) -> set[Key]:
    """Indexes to make again when these columns change type: PostgreSQL then makes all parts like their parent's."""
    found = set()
    for item in before if retyped else ():
        if is_part(item) and not is_foreign_key(item) and before.requires[item.key] & retyped:
            whole = top(before, item.key)
            if whole in after and _is_unlike(before, item):
                found.add(whole)
    return found


def unlike_first(after: Catalog, made: set[Key]) -> Catalog:
    """The catalog in which parts that are not what PostgreSQL would make come before an index that is `made`.

    It then adopts them.
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
    """The index or constraint that a part is directly of."""
    if not is_part(item):
        return None
    above = (catalog[key] for key in sorted(catalog.requires.get(item.key, ())) if key[0] == item.kind)
    return next((one for one in above if is_foreign_key(one) == is_foreign_key(item)), None)


def _twins(catalog: Catalog) -> dict[Key, Key]:
    """Indexes of partitions, with the part that each is like."""
    parts = {_likeness(item): item.key for item in catalog if item.kind == "index" and item.derived}
    if not parts:
        return {}
    alike = {item.key: parts.get(_likeness(item)) for item in catalog if item.kind == "index" and not item.derived}
    return {key: part for key, part in alike.items() if part}


def _likeness(item: Object) -> tuple[str | None, str]:
    """What PostgreSQL compares: neither options nor directions."""
    return item.parent, re.sub(r" WITH \([^)]*(?:\)|\Z)| DESC| NULLS (FIRST|LAST)", "", _definition(item))


def _is_unlike(catalog: Catalog, part: Object) -> bool:
    whole = _parents(catalog, part)
    return bool(part.kind == "index" and whole and _definition(part) != _definition(whole))


def _definition(index: Object) -> str:
    """Without names."""
    head, _, tail = index["definition"].partition(f"{index.parent} USING ")
    return f"{head.startswith('CREATE UNIQUE ')} {tail}"
