"""The objects that have to come off while others are dropped, made again or get another type."""

from __future__ import annotations

from collections.abc import Container

from whisper_migrate.catalog import Catalog, Key, Object
from whisper_migrate.objects import ATTACHED
from whisper_migrate.planning.retype import TYPES
from whisper_migrate.planning.steps import CONTAINERS, KEPT, USED_BY_DEFAULTS, is_foreign_key

# PostgreSQL itself rebuilds these when the type of one column changes under them.
FOLLOWS_TYPE = ATTACHED | {"index", "constraint", "statistics"}


def dependents(
    before: Catalog, after: Catalog, gone: set[Key], disturbed: set[Key], made_other: set[Key]
) -> tuple[set[Key], set[Key]]:
    """What stands on these, at any distance, and stays in `after`: what can be taken off and put back, and what is held
    by them because it keeps rows or values, and has to stand by while they are made again.
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
            if retyped and _follows(item, len(list(columns)), FOLLOWS_TYPE if key[0] == "column" else TYPES):
                found |= {one for one in standing.get(other, ()) if one in after and is_foreign_key(before[one])} - gone
                continue
            if _is_kept(item, key) and not (key[0] in CONTAINERS and item.parent == key[1]):
                # A default may read as it did though it called another function: one of other arguments.
                made = key not in disturbed and (key in after or key in made_other or key[0] in USED_BY_DEFAULTS)
                if made and other not in held and (key[0] in TYPES or key[0] not in ("column", *CONTAINERS)):
                    held.add(other)
                    todo += [other] if key[0] in TYPES else []
                continue
            held.discard(other)
            found.add(other)
            todo.append(other)
    return found, held


def _follows(item: Object, columns: int, kinds: Container[str]) -> bool:
    """Whether PostgreSQL rebuilds it as it was: extended statistics lose their target on the way.

    Columns change type one after the other. An expression that uses two of these `columns` would have to be valid in
    between: it comes off before the first and goes back on after the last.
    """
    if item.kind in ATTACHED or (item.kind == "constraint" and item["type"] in ("primary key", "unique")):
        return item.kind in kinds
    loses = is_foreign_key(item) or (item.kind == "statistics" and item["target"] is not None)
    return item.kind in kinds and not loses and columns < 2


def _is_kept(item: Object, needed: Key) -> bool:
    """A view or an index can be made again at any time, and so can what a generated column holds; these could not.

    Nor need a domain be, when only its default calls what is made again.
    """
    if item.kind == "domain":
        return needed[0] in USED_BY_DEFAULTS
    return item.kind in KEPT and not (item.kind == "column" and (item["generated"] or item["of_view"]))
