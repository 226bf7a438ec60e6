"""Replace a type that columns use: rename the old type, move the columns to the new type, drop the old type."""

from __future__ import annotations

import hashlib
from collections.abc import Iterator, Mapping
from dataclasses import replace
from typing import Any

from whisper_migrate.catalog.model import Catalog, Key, Object
from whisper_migrate.catalog.names import names_in
from whisper_migrate.catalog.sql import sibling
from whisper_migrate.errors import Failure
from whisper_migrate.objects import KINDS, USED_BY_COLUMNS, column
from whisper_migrate.planning.steps import Verb

OLD_TYPE = "(renamed)"  # stands for the old type under its temporary name: no real type is called this

# The fields of a step: verb, object, the object before, statements.
Part = tuple[Verb, Object, Object | None, tuple[str, ...]]


def taken_over(dropped: set[Key], created: set[Key]) -> set[Key]:
    """Return the dropped types whose name a new type of another kind takes."""
    names = {name for kind, name in created if kind in USED_BY_COLUMNS}
    return {key for key in dropped if key[0] in USED_BY_COLUMNS and key[1] in names}


def renamed_away(before: Catalog, gone: set[Key], held: set[Key]) -> set[Key]:
    """Return the types in `gone` that the columns `held` use, directly or inside other types."""
    found: set[Key] = set()
    todo = list(held)
    while todo:
        for needed in before.requires.get(todo.pop(), ()):
            if needed in gone and needed[0] in USED_BY_COLUMNS and needed not in found:
                found.add(needed)
                todo.append(needed)
    return found


def used_inside(before: Catalog, after: Catalog, altered: set[Key], made: set[Key]) -> set[Key]:
    """Return the domains that become stricter while columns hold their values inside other types.

    PostgreSQL cannot check such values, so these domains are dropped and created again.
    """
    stricter = {("domain", str(after[key].parent)) for key in altered | made if key[0] == "domain_constraint"}
    stricter |= {key for key in altered if key[0] == "domain" and before[key]["not_null"] < after[key]["not_null"]}
    stricter &= before.objects.keys() - made
    inside = {key: stricter & needed for key, needed in before.requires.items()} if stricter else {}
    for key in [key for key in inside if key[0] in USED_BY_COLUMNS]:  # types that contain it, directly or not
        for other, needed in before.requires.items():
            inside[other] = inside.get(other, set()) | (inside[key] if key in needed else set())
    return {
        domain
        for key, domains in inside.items()
        for domain in (domains if key[0] == "column" else ())
        if before[key]["type"] != domain[1]
    }


def renamed(item: Object) -> list[str]:
    """Return the statements that give an old type its temporary name."""
    return KINDS[item.kind].rename(item, _name_aside(item.identity))


def discarded(item: Object) -> list[str]:
    """Return the statements that drop an old type under its temporary name."""
    return KINDS[item.kind].drop(replace(item, identity=sibling(item.identity, _name_aside(item.identity))))


def move(
    before: Catalog, after: Catalog, key: Key, types: set[Key], passed: Mapping[str, Any], tied: bool
) -> Iterator[Part]:
    """Yield the steps that convert a column's values to its re-created `types`.

    `passed` are attributes that PostgreSQL sets along with the parent's column. `tied`: the default has to be dropped
    first. Raises Failure if the values cannot be converted.
    """
    old, new = before[key], after[key]
    if key[0] != "column":
        raise Failure(f"No SQL can make {_listed(types)} anew under the {_words(key)}, which is made of it.")
    bare = column.without_references(old, new, tied)
    if bare != old:
        yield "prepare", new, old, tuple(column.alter(old, bare) or ())
    if "type" in passed:
        yield "finish", new, old, tuple(column.alter(bare.but(**passed), new) or ())
    else:
        _check(before, after, key, types)
        altered = column.alter(bare.but(type=OLD_TYPE), new, _conversion(before, after, new))
        yield "alter", new, old, tuple(altered or ())


def _conversion(before: Catalog, after: Catalog, item: Object) -> str:
    """Return the USING expression of a column: by way of text, unless the type's kind has a better one."""
    if ("foreign_table", str(item.parent)) in after:
        return ""
    for kind in USED_BY_COLUMNS:
        key = kind, item["type"]
        conversion = KINDS[kind].conversion
        if conversion and key in before and key in after:
            return conversion(item["name"], item["type"], before, after)
    return f"{item['name']}::text::{item['type']}"


def _check(before: Catalog, after: Catalog, key: Key, types: set[Key]) -> None:
    """Raises Failure if a column's values cannot be converted."""
    item = after[key]
    table = after.objects.get(("table", str(item.parent)))
    if table and table["partition_key"] and item["name"] in names_in(table["partition_key"]):
        raise Failure(
            f"Column {item.identity} is part of the partition key, and its type cannot change: "
            f"{_listed(types)} would have to be made anew."
        )
    for kind, identity in types & after.objects.keys():
        moved = KINDS[kind].through_text(before[kind, identity], after[kind, identity])
        if not moved and (kind, item["type"]) not in after:
            raise Failure(
                f"Column {item.identity} of type {item['type']} holds values of {kind.replace('_', ' ')} {identity}, "
                "whose attributes change places: no expression can move them over."
            )


def _name_aside(identity: str) -> str:
    return f"old_{hashlib.sha256(identity.encode()).hexdigest()[:12]}"


def _listed(keys: set[Key]) -> str:
    return ", ".join(map(_words, sorted(keys)))


def _words(key: Key) -> str:
    return f"{key[0].replace('_', ' ')} {key[1]}"
