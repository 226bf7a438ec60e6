"""What goes, and what comes in its place and looks the same: perhaps a rename that nobody has declared."""

from __future__ import annotations

from collections.abc import Callable

from whisper_migrate.catalog import Catalog, Object
from whisper_migrate.names import plain_name, shown
from whisper_migrate.objects import KINDS
from whisper_migrate.sql import sibling

# What a model says of its old name, and an enum of those of its values.
KEY, VALUES = "renamed_from", "values_renamed_from"
# What is in no table: it may come from another schema, where its old name is said with that.
WHOLE = ("table", "enum")


def perhaps_renamed(gone: Object, before: Catalog, after: Catalog) -> str:
    """Where one of the same shape comes in its place, the line that would make it a rename, which loses nothing."""
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
        where = f"the type's .info = {said}" if gone.kind == "enum" else f"info={said}"
        return f"\n    If it is {shown(new.identity)} now, say so there in the model: {where}"
    undeclared = gone.kind == "table" and gone.key not in after  # else it comes back as another kind of table
    return "\n    No model declares it: is its module imported?" if undeclared else ""


def lookalike(gone: Object, before: Catalog, after: Catalog) -> Object | None:
    """What comes in the place of something that goes, and looks as if it were the same by another name.

    Where several of one shape go and come, it is the first for the first, and so on.
    """
    looks = LOOKS.get(gone.kind)
    if looks is None or not (look := looks(gone, before)):
        return None
    went = [item for item in before if item.kind == gone.kind and item.key not in after and looks(item, before) == look]
    came = [item for item in after if item.kind == gone.kind and item.key not in before and looks(item, after) == look]
    return came[min(went.index(gone), len(came) - 1)] if came and gone in went else None


def renaming(old: Object, new: Object, catalog: Catalog) -> list[str]:
    """What renames `old`, which is in `catalog`, to `new`; nothing where it would have no schema to be in."""
    schema = sibling(new.identity, "").removesuffix(".")
    if old.kind == "schema":
        return [f"ALTER SCHEMA {old.identity} RENAME TO {new.identity}"]
    if old.kind not in WHOLE or sibling(old.identity, "") == f"{schema}.":
        module = KINDS[old.kind]
        return list((module.renamed if hasattr(module, "renamed") else module.rename)(old, own_name(new)))
    if ("schema", schema) not in catalog:
        return []
    word = "TYPE" if old.kind == "enum" else "TABLE"
    moved = sibling(f"{schema}.", own_name(old))
    renames = [f"ALTER {word} {moved} RENAME TO {own_name(new)}"] if moved != new.identity else []
    return [f"ALTER {word} {old.identity} SET SCHEMA {schema}", *renames]


def own_name(item: Object) -> str:
    """What it is called inside its table or schema, as SQL writes that."""
    if "name" in item.fields:
        return str(item["name"])
    return item.identity.removeprefix(sibling(item.identity, ""))


def _labels(enum: Object, before: Catalog, after: Catalog) -> tuple[list[str], list[str]]:
    """The labels that an enum loses, and those that it gains, but for those that stay."""
    old, new = before[enum.key]["labels"], after[enum.key]["labels"]
    return [label for label in old if label not in new], [label for label in new if label not in old]


# A column's table and type, the columns of a table, the tables of a schema, the labels of an enum.
LOOKS: dict[str, Callable[[Object, Catalog], object]] = {
    "column": lambda item, catalog: (item.parent, item["type"]),
    "table": lambda item, catalog: {(c["name"], c["type"]) for c in catalog.children(item.identity, "column")},
    "schema": lambda item, catalog: {
        own_name(table)
        for table in catalog
        if table.kind == "table" and sibling(table.identity, "") == f"{item.identity}."
    },
    "enum": lambda item, catalog: item["labels"],
}
