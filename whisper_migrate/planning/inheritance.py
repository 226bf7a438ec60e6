"""Inherited objects: a statement on a parent table reaches its child tables, so their own steps add only the rest."""

from __future__ import annotations

import hashlib
from collections.abc import Container, Iterable, Iterator
from dataclasses import replace
from typing import Any

from whisper_migrate.catalog.model import Catalog, Key, Object
from whisper_migrate.catalog.names import names_in
from whisper_migrate.errors import Failure
from whisper_migrate.objects import TABLES, column
from whisper_migrate.planning.steps import Step, is_foreign_key

# Attributes that a statement on a parent table also sets in its child tables.
PASSED_ON = (
    *("type", "collation", "not_null", "not_null_name", "not_null_state"),
    *("default", "generated", "generated_kind", "storage", "statistics"),
)
NOT_NULL = frozenset({"not_null", "not_null_name", "not_null_state"})
RETYPED = frozenset({"type", "collation", "default", "storage", "compression"})  # reset by a change of type


def parents(catalog: Catalog, item: Object) -> list[Object]:
    """Return the columns that a column is inherited from."""
    table = catalog.objects.get(("table", str(item.parent))) or catalog.objects.get(("foreign_table", str(item.parent)))
    keys = [("column", f"{parent}.{item['name']}") for parent in (table["parents"] if table else None) or ()]
    return [catalog[key] for key in keys if key in catalog]


def above(catalog: Catalog, item: Object) -> set[Key]:
    """Return the objects of parent tables, direct and indirect, that an inherited object has its definition from."""
    if not item.derived:
        return set()
    found = {key for key in catalog.requires.get(item.key, ()) if key[0] == item.kind}
    table = catalog.objects.get(("table", str(item.parent)))
    if item.kind == "constraint":
        found |= {
            ("constraint", f"{item['name']} on {parent}") for parent in (table["parents"] if table else None) or ()
        }
    found &= catalog.objects.keys()
    return found.union(*(above(catalog, catalog[key]) for key in found))


def is_key(catalog: Catalog, before: Object, after: Object) -> bool:
    """Whether a column of a partition key gets another type or collation, which PostgreSQL refuses."""
    table = catalog.objects.get(("table", str(before.parent)))
    if before.kind != "column" or table is None or not table["partition_key"]:
        return False
    changed = any(before[name] != after[name] for name in ("type", "collation"))
    return changed and before["name"] in names_in(table["partition_key"])


def made_again(before: Catalog, after: Catalog, moved: set[Key], made: set[Key]) -> set[Key]:
    """Return the triggers and checks to re-create when the tables `moved` leave their parents for a while.

    An inherited trigger can only be created through its parent's. A check is re-created if its parent's or a child's is
    in `made`. The reason: PostgreSQL attaches a table only if its checks equal its parent's, and a check created from
    its printed form need not equal the original.
    """
    names = {name for _, name in moved}
    found = {item.key for item in before if item.kind == "trigger" and item.parent in names and item["inherited"]}
    shared = [item for item in after if item.kind == "constraint" and item.parent in names and item["type"] == "check"]
    copies = {item.key: above(after, item) for item in shared}
    more = set(copies)
    while more:
        gone = made | found
        more = set()
        for key, up in copies.items():
            if gone & {key, *up} or any(("table", str(after[one].parent)) in made for one in up):
                more |= {key, *(one for one in up if not after[one].derived)} - gone
        found |= more
    return {key for key in found if key in before and key in after} - made


PLACE = ("parents", "partition_bound", "detaching", "of_type")


def leaving(before: Catalog, after: Catalog, altered: Iterable[Key], rebuilt: set[Key]) -> set[Key]:
    """Return the tables to detach for a while, because their parents, their bounds or their type change.

    Raises Failure for a table whose columns cannot get into the order of its new type.
    """
    found = {key for key in altered if _changes(before[key], after[key], PLACE)}
    for item in (after[key] for key in found):
        if not _has_places(before, after, item):
            raise Failure(
                f"Table {item.identity} cannot be one of type {item['of_type']}: its columns stay in their places."
            )
    changed = {key[1] for key in rebuilt if key[0] == "table"}
    changed |= {key[1] for key in (*altered, *rebuilt) if key[0] == "composite_type"}
    if changed:
        tables = (item for item in before if item.kind in TABLES and item.key in after and changed & {*_above(item)})
        found |= {item.key for item in tables if _has_places(before, after, item)} - rebuilt
    more = found
    while more:  # an attached table does not pass its parent's identity on to its own partitions
        more = {item.key for item in _identified(after, more) if item.key in before} - found - rebuilt
        found |= more
    return found


def _identified(catalog: Catalog, tables: set[Key]) -> Iterator[Object]:
    """Yield the partitions of `tables`, themselves partitions, that have an identity column."""
    names = {key[1] for key in tables if key in catalog and catalog[key]["partition_bound"]}
    for item in catalog if names else ():
        is_part = item.kind in TABLES and item["partition_bound"] and names.intersection(item["parents"])
        if is_part and any(part["identity_kind"] for part in catalog.children(item.identity, "column")):
            yield item


def depth(catalog: Catalog, item: Object) -> int:
    """Return a table's depth in its inheritance tree: 1 without parents, 2 for its children; 0 for other objects."""
    if item.kind not in TABLES or item.key not in catalog:
        return 0
    above = (catalog.objects.get(("table", parent)) for parent in item["parents"] or ())
    return 1 + max((depth(catalog, parent) for parent in above if parent), default=0)


def on_their_own(catalog: Catalog, tables: set[Key]) -> Catalog:
    """Return the catalog as it is while `tables` are detached.

    They then inherit nothing, and their objects depend on no object of a parent.
    """
    if not tables:
        return catalog
    above = {key[1]: set(_above(catalog[key])) for key in tables}
    objects, requires = dict(catalog.objects), dict(catalog.requires)
    for key, item in catalog.objects.items():
        if item.parent in above or key in tables:
            higher = above[item.parent or item.identity]
            objects[key] = replace(item, derived=False, called=_known_name(item) if item.called else None)
            requires[key] = frozenset(
                other
                for other in requires.get(key, ())
                if (catalog[other].parent or other[1]) not in higher or not _is_of(item, catalog[other])
            )
    return replace(catalog, objects=objects, requires=requires)


def _known_name(part: Object) -> str:
    """Return the name for a partition index while its table is detached: its name in the database is not known."""
    return f"part_{hashlib.sha256(part.identity.encode()).hexdigest()[:12]}"


def _is_of(item: Object, higher: Object) -> bool:
    """Whether an object has its definition from `higher`, an object of its parent table.

    A foreign key or a policy can depend on the parent table without being inherited from it.
    """
    if item.kind in TABLES:
        return higher.kind in (*TABLES, "composite_type")
    same = item.kind == higher.kind and is_foreign_key(item) == is_foreign_key(higher)
    return same or (item.kind == "column" and higher.kind == "composite_type")


def passed_on(before: Catalog, after: Catalog, item: Object, anew: Container[Key] = ()) -> dict[str, Any]:
    """Return the attributes that a column gets from changes of its parents' columns, by name.

    PostgreSQL sets these along with the parent. `anew` are columns whose type is dropped and created again. Since
    PostgreSQL 18, a child table keeps a NOT NULL of its own when the parent loses its NOT NULL.
    """
    values: dict[str, Any] = {}
    for new in parents(after, item) if item.derived else ():
        if old := before.objects.get(new.key):
            names = {name for name in PASSED_ON if old[name] != new[name]}
            if not new["not_null"]:
                names -= NOT_NULL
            names |= passed_on(before, after, new, anew).keys()
            if new.key in anew or names & {"type", "collation"}:
                names |= RETYPED
            values |= {name: new[name] for name in names}
    return values | ({"compression": None} if "type" in values else {})


def has_own_default(catalog: Catalog, item: Object) -> bool:
    """Whether a column has a default that none of its parents has."""
    return item["default"] not in {None, *(up["default"] for up in parents(catalog, item))}


def reached(before: Catalog, after: Catalog, altered: Iterable[Key]) -> set[Key]:
    """Return the inherited columns that are changed by statements on their parents."""
    if not any(kind == "column" for kind, _ in altered):
        return set()
    children = (item for item in after if item.kind == "column" and item.derived and item.key in before)
    return {item.key for item in children if passed_on(before, after, item)}


def own_settings(after: Catalog, item: Object, is_new: bool) -> list[str]:
    """Return the statements that give an inherited new column the settings that differ from its parent's.

    `is_new`: the plan creates the child table.
    """
    start = item.but(statistics=None, options=None, compression=None)
    # A new child table copies every setting but the statistics target. A new column of an existing parent reaches its
    # child tables with every setting but the compression.
    names = [*(name for name in PASSED_ON if name != "statistics"), "compression" if is_new else "statistics"]
    for parent in parents(after, item):
        start = start.but(**{name: parent[name] for name in names})
    return column.alter(start, item) or []


def above_children(item: Object) -> Step:
    """Return the step that adds an identity column to a table with child tables.

    The children get the column without an identity. The column is added plainly and becomes an identity afterwards.
    """
    plain = item.but(not_null=False, not_null_name=None, not_null_state=None)
    plain = plain.but(identity_kind=None, identity_sequence=None, identity_options=None, identity_type=None)
    return Step("create", item, None, (*column.create(plain), *(column.alter(plain, item) or ())))


def _above(table: Object) -> tuple[str, ...]:
    """Return the tables, or the composite type, that a table has its columns from."""
    return (*(table["parents"] or ()), *((table["of_type"],) if table.attributes.get("of_type") else ()))


def _has_places(before: Catalog, after: Catalog, table: Object) -> bool:
    """Whether the columns of a typed table will be in the order of its type: existing columns keep their positions."""
    old, new = ([part["name"] for part in catalog.children(table.identity, "column")] for catalog in (before, after))
    kept = [name for name in old if name in new]
    return not table.attributes.get("of_type") or new[: len(kept)] == kept


def _changes(before: Object, after: Object, names: Iterable[str]) -> bool:
    return after.kind in TABLES and any(before[name] != after[name] for name in names if name in after.fields)
