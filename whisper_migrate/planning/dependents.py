"""Find the objects that block a drop, a re-creation or a change of type because they depend on the changed object."""

from __future__ import annotations

from collections.abc import Container

from whisper_migrate.catalog.model import Catalog, Key, Object
from whisper_migrate.objects import ATTACHED, CONTAINERS, KINDS, USED_BY_COLUMNS, USED_BY_DEFAULTS, kinds_that
from whisper_migrate.planning.steps import is_foreign_key

# Kinds that PostgreSQL rebuilds itself when the type of a single column changes.
FOLLOWS_TYPE = ATTACHED | kinds_that("follows_type")


def dependents(
    before: Catalog, after: Catalog, gone: set[Key], disturbed: set[Key], made_other: set[Key]
) -> tuple[set[Key], set[Key]]:
    """Return the dependents that stay in `after`, direct and indirect: those to drop and re-create, and those to keep.

    `gone` objects are dropped or re-created. `disturbed` objects are altered in a way that their dependents block.
    `made_other` are types that a type of another kind replaces. The dependents to keep hold rows or values, as a column
    does whose type is re-created.
    """
    standing: dict[Key, set[Key]] = {}
    for key, needed in before.requires.items():
        for other in needed:
            standing.setdefault(other, set()).add(key)
    found: set[Key] = set()
    held: set[Key] = set()
    todo = list(gone | disturbed)
    while todo:
        key = todo.pop()
        retyped = (key in disturbed and key not in found) or key in held
        for other in standing.get(key, ()):
            if other in found or other in gone or other not in after:
                continue
            item = before[other]
            columns = (
                one for one in before.requires[other] if one[0] == "column" and (one in disturbed or one in held)
            )
            if retyped and _follows(item, len(list(columns)), FOLLOWS_TYPE if key[0] == "column" else USED_BY_COLUMNS):
                found |= {one for one in standing.get(other, ()) if one in after and is_foreign_key(before[one])} - gone
                continue
            if _is_kept(item, key) and not (key[0] in CONTAINERS and item.parent == key[1]):
                # The text of a default can stay the same while it calls another function, one with other arguments.
                made = key not in disturbed and (key in after or key in made_other or key[0] in USED_BY_DEFAULTS)
                if made and other not in held and (key[0] in USED_BY_COLUMNS or key[0] not in ("column", *CONTAINERS)):
                    held.add(other)
                    todo += [other] if key[0] in USED_BY_COLUMNS else []
                continue
            held.discard(other)
            found.add(other)
            todo.append(other)
    return found, held


def on_rebuilt_keys(before: Catalog, disturbed: set[Key], gone: set[Key]) -> set[Key]:
    """Return the foreign keys in `gone` that use a key of which a column changes its type.

    PostgreSQL rebuilds such a key, which a foreign key prevents if the column is only included in the key.
    """
    rebuilt = {key for key in before.requires if key[0] in ("constraint", "index") and before.requires[key] & disturbed}
    return {key for key in gone if is_foreign_key(before[key]) and before.requires.get(key, frozenset()) & rebuilt}


def _follows(item: Object, columns: int, kinds: Container[str]) -> bool:
    """Whether PostgreSQL rebuilds a dependent without loss. Extended statistics would lose their target.

    Columns change type one after the other. An expression that uses two of these `columns` would have to be valid after
    the first change. Such a dependent is dropped before the first change and created again after the last.
    """
    if item.kind in ATTACHED or (item.kind == "constraint" and item["type"] in ("primary key", "unique")):
        return item.kind in kinds
    loses = is_foreign_key(item) or (item.kind == "statistics" and item["target"] is not None)
    return item.kind in kinds and not loses and columns < 2


def _is_kept(item: Object, needed: Key) -> bool:
    """Whether a dependent keeps rows or values, so that it cannot be dropped and created again.

    Views, indexes and generated columns can be created again at any time. A domain is kept if only its default calls
    the changed object.
    """
    if item.kind == "domain":
        return needed[0] in USED_BY_DEFAULTS
    return KINDS[item.kind].is_kept and not (item.kind == "column" and (item["generated"] or item["of_view"]))


def holding_rows(before: Catalog, after: Catalog, changed: set[Key]) -> set[Key]:
    """Return the materialized views that store whole rows of the changed tables.

    PostgreSQL refuses to change a table while another relation stores its rows.
    """
    tables = {("table", str(after[key].parent or key[1])) for key in changed if key[0] in ("table", "column")}
    views = (key for key in before.requires if key[0] == "materialized_view" and key in after)
    return {key for key in views if before.requires[key] & tables} if tables else set()
