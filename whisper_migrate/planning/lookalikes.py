"""Find a dropped and a created object that look the same: perhaps a rename that no model declares."""

from __future__ import annotations

from collections.abc import Iterable

from whisper_migrate.catalog.model import Catalog, Object
from whisper_migrate.catalog.names import plain_name, shown
from whisper_migrate.catalog.sql import sibling
from whisper_migrate.objects import KINDS, kinds_that

# The keys in a model's `info` for its own old name, and for the old labels of an enum.
KEY, VALUES = "renamed_from", "values_renamed_from"
WHOLE = kinds_that("moves")


def perhaps_renamed(gone: Object, before: Catalog, after: Catalog) -> str:
    """Return the hint that shows how to declare a rename of the dropped object `gone`; "" if nothing looks like it."""
    if gone.kind == "column" and gone.key in before and gone.key in after:
        type_ = ("enum", before[gone.key]["type"].removesuffix("[]"))
        return perhaps_renamed(before[type_], before, after) if type_ in before and type_ not in after else ""
    if gone.kind == "enum" and gone.key in after:
        pairs = [(a, b) for a, b in zip(*_labels(gone, before, after), strict=False) if a != b]
        said = ", ".join(f'"{b}": "{a}"' for a, b in pairs)
        return f'\n    If that is a new name: the type\'s .info = {{"{VALUES}": {{{said}}}}}' if pairs else ""
    if new := lookalike(gone, before, after):
        moved = gone.kind in WHOLE and sibling(gone.identity, "") != sibling(new.identity, "")
        said = f'{{"{KEY}": "{gone.identity if moved else plain_name(gone)}"}}'
        words = {"enum": f"the type's .info = {said}", "sequence": f"its .info.update({said})"}
        where = words.get(gone.kind, f"info={said}")
        return f"\n    If it is {shown(new.identity)} now, say so there in the model: {where}"
    undeclared = gone.kind == "table" and gone.key not in after  # else another kind of table replaces it
    return "\n    No model declares it: is its module imported?" if undeclared else ""


def replaced_enums(gone: Iterable[Object], before: Catalog, after: Catalog) -> list[str]:
    """Return notes on dropped enums that equal ones replace: a rename would avoid rewriting every row."""
    hints = {shown(item.identity): perhaps_renamed(item, before, after).strip() for item in gone if item.kind == "enum"}
    return [f"Enum {name} is dropped, and another one has its labels. {hint}" for name, hint in hints.items() if hint]


def lookalike(gone: Object, before: Catalog, after: Catalog) -> Object | None:
    """Return the created object that looks the same as the dropped object `gone`, but for its name.

    Where several objects of one shape are dropped and created, they are paired in their order.
    """
    look = KINDS[gone.kind].look
    if look is None or not (same := look(gone, before)):
        return None
    went = [item for item in before if item.kind == gone.kind and item.key not in after and look(item, before) == same]
    came = [item for item in after if item.kind == gone.kind and item.key not in before and look(item, after) == same]
    return came[min(went.index(gone), len(came) - 1)] if came and gone in went else None


def renaming(old: Object, new: Object, catalog: Catalog) -> list[str]:
    """Return the statements that rename `old` to `new` in `catalog`; none if the catalog lacks the schema of `new`."""
    schema = sibling(new.identity, "").removesuffix(".")
    if old.kind not in WHOLE or sibling(old.identity, "") == f"{schema}.":
        return KINDS[old.kind].rename(old, own_name(new))
    if ("schema", schema) not in catalog:
        return []
    word = KINDS[old.kind].owner
    moved = sibling(f"{schema}.", own_name(old))
    renames = [f"ALTER {word} {moved} RENAME TO {own_name(new)}"] if moved != new.identity else []
    return [f"ALTER {word} {old.identity} SET SCHEMA {schema}", *renames]


def own_name(item: Object) -> str:
    """Return an object's name as SQL writes it, without its schema or table."""
    if "name" in item.fields:
        return str(item["name"])
    return item.identity.removeprefix(sibling(item.identity, ""))


def _labels(enum: Object, before: Catalog, after: Catalog) -> tuple[list[str], list[str]]:
    """Return the labels that an enum loses and the labels that it gains."""
    old, new = before[enum.key]["labels"], after[enum.key]["labels"]
    return [label for label in old if label not in new], [label for label in new if label not in old]
