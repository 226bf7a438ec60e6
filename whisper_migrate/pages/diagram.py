"""Diagrams as SVG, drawn by Graphviz when the pages are written. Graphviz is part of the package pygraphviz."""

from __future__ import annotations

import html
import re
from collections.abc import Collection, Sequence
from importlib.util import find_spec
from typing import Any

from whisper_migrate.catalog.model import Key, Object
from whisper_migrate.catalog.names import shown, unquoted
from whisper_migrate.pages.addresses import address, anchor
from whisper_migrate.pages.references import UNIQUE, Reference, key_columns
from whisper_migrate.pages.schema import Schema
from whisper_migrate.wording.hidden_characters import visible

PACKAGE = "pygraphviz"
ABSENT = 'No diagrams: Graphviz is not installed. It comes with: pip install "whisper-migrate[docs]"'
LONGEST = 40  # characters of a name; the page of the table has all of it
# What Graphviz writes besides the drawing: ids, which are equal in every SVG of a page, and its own names.
BESIDE = re.compile(r' id="(?:a_)?(?:graph|node|edge|clust)\d+"|<!--.*?-->\n?|<title>.*?</title>\n?', re.DOTALL)
# The row ends at each side of an edge, by whether the side is one of many, or optional.
MANY, AT_MOST_ONE, ONE = "crowodot", "teeodot", "teetee"


def can_draw() -> bool:
    """Whether diagrams can be drawn."""
    return find_spec(PACKAGE) is not None


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
    if not references or not can_draw():
        return ""
    from pygraphviz import AGraph  # an extra, and slow to import

    graph: Any = AGraph(directed=True, strict=False)
    graph.graph_attr.update(rankdir="LR", bgcolor="transparent", nodesep="0.25", ranksep="0.9", pad="0.1")
    graph.node_attr.update(shape="plain", fontname="Helvetica", fontsize="11")
    graph.edge_attr.update(dir="both", arrowsize="0.8", fontname="Helvetica")
    for table in dict.fromkeys(table for one in references for table in (one.table, one.target)):
        look = "focus" if table is focus else "own" if table.key in own else "other"
        graph.add_node(
            address(table),
            label=_label(schema, table),
            URL=root + schema.link(table),
            tooltip=_plain(shown(table.identity)),
            **{"class": f"table {look}"},
        )
    for one in references:
        graph.add_edge(
            address(one.table),
            address(one.target),
            key=anchor(one.constraint),
            tailport=f"{_port(one.columns[0]) if one.columns else 'head'}:e",
            headport="head:w",
            arrowtail=AT_MOST_ONE if one.single else MANY,
            arrowhead=AT_MOST_ONE if one.optional else ONE,
            edgetooltip=_plain(f"{shown(one.constraint.identity)}: {one.cardinality}"),
            **{"class": "reference"},
        )
    drawn = graph.draw(format="svg", prog="dot").decode()
    return BESIDE.sub("", drawn[drawn.index("<svg") :]).strip()


def _label(schema: Schema, table: Object) -> str:
    """Return Graphviz' HTML for a table: its name, and the columns of its keys."""
    keys: dict[str, dict[str, None]] = {}
    for part in schema.catalog.children(table.identity, "constraint"):
        if part["type"] in UNIQUE:
            for name in key_columns(schema.catalog, part):
                keys.setdefault(name, {})["PK" if part["type"] == "primary key" else "UK"] = None
    for one in schema.references:
        if one.table is table:
            for name in one.columns:
                keys.setdefault(name, {})["FK"] = None
    rows = "".join(
        f'<TR><TD ALIGN="LEFT" PORT="{_port(name)}">{_text(unquoted(name))}  <I>{", ".join(found)}</I></TD></TR>'
        for name, found in keys.items()
    )
    head = f'<TR><TD PORT="head"><B>{_text(shown(table.identity))}</B></TD></TR>'
    return f'<<TABLE BORDER="1" CELLBORDER="0" CELLSPACING="0" CELLPADDING="3" BGCOLOR="white">{head}{rows}</TABLE>>'


def _port(name: str) -> str:
    return f"c{name.encode().hex()}"


def _text(name: str) -> str:
    """Return a name as text in Graphviz' HTML, cut off if it is long."""
    name = visible(name)
    return html.escape(name if len(name) <= LONGEST else f"{name[: LONGEST - 3]}...")


def _plain(text: str) -> str:
    """Return a text in which no character has a meaning for Graphviz."""
    return visible(text).replace("\\", "\\\\")
