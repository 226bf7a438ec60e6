"""The facts on the page of one object, in the order in which the page shows them; the same for HTML and Markdown."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from itertools import groupby
from typing import Any

from whisper_migrate.catalog.describe import value_text
from whisper_migrate.catalog.model import Object
from whisper_migrate.catalog.names import shown, unquoted
from whisper_migrate.models.source_lines import Place
from whisper_migrate.pages.definitions import definition, words
from whisper_migrate.pages.references import UNIQUE, Reference, key_columns
from whisper_migrate.pages.schema import Schema
from whisper_migrate.wording.plurals import plural

# Attributes that the table of columns shows in a place of their own, or that a reader needs no table for.
IN_PLACE = (
    *("name", "type", "not_null", "default", "generated", "generated_kind", "derived", "of_view", "of_foreign_table"),
    *("identity_kind", "identity_sequence", "identity_options"),
)
IN_DEFINITION = ("definition", "body", "name", "columns")
FIRST = ("constraint", "index", "trigger")  # kinds of parts, in the order of their sections


@dataclass(frozen=True)
class Column:
    """A row of the table of columns. `keys`: a word for each key, with the table that a foreign key refers to."""

    item: Object
    name: str
    type: str
    default: str
    nullable: bool
    comment: str
    keys: list[tuple[str, Object | None]]
    details: list[tuple[str, str]]

    @property
    def remarks(self) -> bool:
        """Whether there is anything to say in the last column of the table."""
        return bool(self.comment or self.details)


@dataclass(frozen=True)
class Part:
    """A row about any other part of a table, such as an index."""

    item: Object
    name: str
    definition: str
    comment: str


@dataclass(frozen=True)
class Facts:
    """Everything that the page of one object says."""

    item: Object
    name: str
    kind: str
    comment: str
    place: Place | None
    attributes: list[tuple[str, Any]]
    columns: list[Column]
    sections: list[tuple[str, list[Part]]]
    sql: str
    refers_to: list[Reference]
    referred_by: list[Reference]
    used_by: list[Object]
    named_in: list[Object]


def facts(schema: Schema, item: Object) -> Facts:
    """Return the facts about an object with a page."""
    parts = schema.parts.get(item.key, [])
    rank = {kind: number for number, kind in enumerate(FIRST)}
    others = sorted(
        (part for part in parts if part.kind != "column" or part["of_view"]),
        key=lambda part: (rank.get(part.kind, len(rank)), part.kind, part.identity),
    )
    related = schema.references_of(item)
    return Facts(
        item,
        shown(item.identity),
        words(item.kind),
        schema.comments.get(item.key, ""),
        schema.places.get(item.key),
        list(_attributes(item)),
        [_column(schema, part, related) for part in parts if part.kind == "column" and not part["of_view"]],
        [
            (plural(words(kind), 2).capitalize(), [_part(schema, part) for part in group])
            for kind, group in groupby(others, key=lambda part: part.kind)
        ],
        definition(item, parts),
        [one for one in related if one.table is item],
        [one for one in related if one.target is item],
        schema.used_by.get(item.key, []),
        schema.named_in.get(item.key, []),
    )


def _attributes(item: Object) -> Iterator[tuple[str, Any]]:
    """Yield the attributes that are set, with lists as lists; the definition is shown as SQL."""
    for name, value in item.attributes.items():
        if name not in IN_DEFINITION and value not in (None, False, (), ""):
            yield words(name), [value_text(one) for one in value] if isinstance(value, tuple) else value_text(value)


def _column(schema: Schema, item: Object, references: list[Reference]) -> Column:
    return Column(
        item,
        unquoted(item["name"]),
        shown(item["type"]),
        _default(item),
        not item["not_null"],
        schema.comments.get(item.key, ""),
        list(_keys(schema, item, references)),
        [
            (words(name), value_text(value))
            for name, value in item.attributes.items()
            if name not in IN_PLACE and value not in (None, False, ())
        ],
    )


def _default(item: Object) -> str:
    if item["generated"] is not None:
        return f"generated: {shown(item['generated'])}"
    if item["identity_kind"]:
        return f"identity, {item['identity_kind'].lower()}"
    return "" if item["default"] is None else shown(item["default"])


def _keys(schema: Schema, item: Object, references: list[Reference]) -> Iterator[tuple[str, Object | None]]:
    for part in schema.catalog.children(str(item.parent), "constraint"):
        if part["type"] in UNIQUE and item["name"] in key_columns(schema.catalog, part):
            yield part["type"], None
    for one in references:
        if one.table.identity == item.parent and item["name"] in one.columns:
            yield "foreign key", one.target


def _part(schema: Schema, part: Object) -> Part:
    name = part.identity.removesuffix(f" on {part.parent}")
    return Part(part, shown(name), shown(definition(part)), schema.comments.get(part.key, ""))
