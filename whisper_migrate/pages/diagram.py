"""Diagrams of tables and their foreign keys as SVG, in which each table leads to its page."""

from __future__ import annotations

from collections.abc import Collection, Sequence

from whisper_migrate.catalog.model import Key, Object
from whisper_migrate.catalog.names import shown, unquoted
from whisper_migrate.pages import canvas
from whisper_migrate.pages.addresses import address, anchor
from whisper_migrate.pages.references import UNIQUE, Reference, key_columns
from whisper_migrate.pages.schema import Schema

# The ends of a line, by whether that side is one of many rows, or may be none.
MANY, AT_MOST_ONE, ONE = "crowodot", "teeodot", "teetee"


def neighbourhood(schema: Schema, table: Object, root: str) -> str:
    """Return the diagram of a table and the tables that it refers to or that refer to it; "" if there are none."""
    found = schema.references_of(table)
    return _draw(schema, found, root, focus=table)


def of_subject(schema: Schema, items: Sequence[Object], root: str) -> str:
    """Return the diagram of the tables of a subject and of the tables elsewhere that these refer to."""
    own = {item.key for item in items}
    found = [one for one in schema.references if one.table.key in own]
    return _draw(schema, found, root, own=own)


def _draw(
    schema: Schema,
    references: Sequence[Reference],
    root: str,
    focus: Object | None = None,
    own: Collection[Key] = (),
) -> str:
    if not references or not canvas.can_draw():
        return ""
    graph = canvas.canvas("LR")
    for table in dict.fromkeys(table for one in references for table in (one.table, one.target)):
        look = "focus" if table is focus else "own" if table.key in own else "other"
        graph.add_node(
            address(table),
            label=_label(schema, table),
            URL=root + schema.link(table),
            tooltip=canvas.plain(shown(table.identity)),
            **{"class": f"table {look}"},
        )
    for one in references:
        graph.add_edge(
            address(one.table),
            address(one.target),
            key=anchor(one.constraint),
            dir="both",
            tailport=f"{_port(one.columns[0]) if one.columns else 'head'}:e",
            headport="head:w",
            arrowtail=AT_MOST_ONE if one.single else MANY,
            arrowhead=AT_MOST_ONE if one.optional else ONE,
            edgetooltip=canvas.plain(f"{shown(one.constraint.identity)}: {one.cardinality}"),
            **{"class": "reference"},
        )
    return canvas.drawn(graph)


def _label(schema: Schema, table: Object) -> str:
    """Return the box of a table: its name, and the columns of its keys."""
    keys: dict[str, dict[str, None]] = {}
    for part in schema.catalog.children(table.identity, "constraint"):
        if part["type"] in UNIQUE:
            for name in key_columns(schema.catalog, part):
                keys.setdefault(name, {})["PK" if part["type"] == "primary key" else "UK"] = None
    for one in schema.references:
        if one.table is table:
            for name in one.columns:
                keys.setdefault(name, {})["FK"] = None
    head = f'<TD PORT="head"><B>{canvas.text(shown(table.identity))}</B></TD>'
    rows = [
        f'<TD ALIGN="LEFT" PORT="{_port(name)}">{canvas.text(unquoted(name))}  <I>{", ".join(words)}</I></TD>'
        for name, words in keys.items()
    ]
    return canvas.label([head, *rows])


def _port(name: str) -> str:
    return f"c{name.encode().hex()}"
