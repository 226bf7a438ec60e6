"""The graph of the revisions as SVG: each leads to its page, the newest is on top."""

from __future__ import annotations

from whisper_migrate.pages import canvas
from whisper_migrate.pages.addresses import of_revision
from whisper_migrate.pages.chronicle import Chronicle


def of_revisions(chronicle: Chronicle) -> str:
    """Return the graph of all revisions; "" if there are none, or Graphviz is absent."""
    if not chronicle.entries or not canvas.can_draw():
        return ""
    graph = canvas.canvas("BT")
    graph.graph_attr.update(ranksep="0.35")
    for entry in chronicle.entries:
        revision = entry.script.revision
        cells = [f"<B>{canvas.text(revision)}</B>", *([canvas.text(entry.title)] if entry.title else [])]
        graph.add_node(
            of_revision(revision),
            label=canvas.label([f"<TD>{cell}</TD>" for cell in cells]),
            URL=f"{of_revision(revision)}.html",
            tooltip=canvas.plain(entry.title or revision),
            **{"class": "table own"},
        )
    for entry in chronicle.entries:
        for parent in entry.parents:
            graph.add_edge(of_revision(parent), of_revision(entry.script.revision), **{"class": "reference"})
    return canvas.drawn(graph)
