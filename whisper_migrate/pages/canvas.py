"""Graphviz, which draws diagrams as SVG when the pages are written. It is part of the package pygraphviz."""

from __future__ import annotations

import html
import re
from importlib.util import find_spec
from typing import Any

from whisper_migrate.wording.hidden_characters import visible

PACKAGE = "pygraphviz"
ABSENT = 'No diagrams: Graphviz is not installed. It comes with: pip install "whisper-migrate[docs]"'
LONGEST = 40  # characters of a name; the page that it leads to has all of it
# What Graphviz writes besides the drawing: ids, which are equal in every SVG of a page, and its own names.
BESIDE = re.compile(r' id="(?:a_)?(?:graph|node|edge|clust)\d+"|<!--.*?-->\n?|<title>.*?</title>\n?', re.DOTALL)
# The colours of what is new, gone or changed, which the stylesheet replaces where a browser prefers dark ones.
COLOURS = {"+": "#d6f5df", "-": "#ffdcd7", "~": "#fff0c2"}
TABLE = '<TABLE BORDER="1" CELLBORDER="0" CELLSPACING="0" CELLPADDING="3" BGCOLOR="white">'


def can_draw() -> bool:
    """Whether diagrams can be drawn."""
    return find_spec(PACKAGE) is not None


def canvas(rankdir: str) -> Any:
    """Return an empty graph; the stylesheet of the pages gives it its colours."""
    from pygraphviz import AGraph  # an extra, and slow to import

    graph = AGraph(directed=True, strict=False)
    graph.graph_attr.update(rankdir=rankdir, bgcolor="transparent", nodesep="0.25", ranksep="0.9", pad="0.1")
    graph.node_attr.update(shape="plain", fontname="Helvetica", fontsize="11")
    graph.edge_attr.update(arrowsize="0.8", fontname="Helvetica")
    return graph


def drawn(graph: Any) -> str:
    """Return the SVG of a graph, without what is not part of the drawing."""
    svg = graph.draw(format="svg", prog="dot").decode()
    return BESIDE.sub("", svg[svg.index("<svg") :]).strip()


def label(rows: list[str]) -> str:
    """Return a box of these rows, each a cell of Graphviz' HTML."""
    return f"<{TABLE}{''.join(f'<TR>{row}</TR>' for row in rows)}</TABLE>>"


def text(name: str) -> str:
    """Return a name as text in Graphviz' HTML, cut off if it is long."""
    name = visible(name)
    return html.escape(name if len(name) <= LONGEST else f"{name[: LONGEST - 3]}...")


def plain(words: str) -> str:
    """Return words for a tooltip, in which no character has a meaning for Graphviz."""
    return visible(words).replace("\\", "\\\\").replace("&", "&amp;")
