"""Diagrams of the history as SVG: the graph of the revisions, and the tables that one revision changes."""

from __future__ import annotations

from collections.abc import Sequence

from whisper_migrate.catalog.model import Change
from whisper_migrate.catalog.names import shown, unquoted
from whisper_migrate.objects import TABLES
from whisper_migrate.pages import canvas
from whisper_migrate.pages.addresses import of_revision, slug
from whisper_migrate.pages.chronicle import Chronicle

MOST_TABLES = 12  # a diagram of more would be unreadable; the list of changes has them all
MOST_COLUMNS = 20


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


def of_changes(changes: Sequence[Change]) -> str:
    """Return the tables that a revision changes, with the columns that are new, gone or changed in these colours."""
    whole = {change.object.identity: change.sign for change in changes if change.object.kind in TABLES}
    columns: dict[str, list[Change]] = {identity: [] for identity in whole}
    for change in changes:
        if change.object.kind == "column" and not change.object["of_view"]:
            columns.setdefault(str(change.object.parent), []).append(change)
    if not 0 < len(columns) <= MOST_TABLES or not canvas.can_draw():
        return ""
    graph = canvas.canvas("LR")
    for identity, found in columns.items():
        sign = whole.get(identity, "~")
        rows = [_cell(sign, f"<B>{canvas.text(f'{sign} {shown(identity)}')}</B>")]
        rows += [
            _cell(one.sign, canvas.text(f"{one.sign} {unquoted(one.object['name'])}")) for one in found[:MOST_COLUMNS]
        ]
        if len(found) > MOST_COLUMNS:
            rows.append(f"<TD>... and {len(found) - MOST_COLUMNS} more</TD>")
        graph.add_node(slug(identity), label=canvas.label(rows), **{"class": "table own"})
    return canvas.drawn(graph)


def _cell(sign: str, text: str) -> str:
    return f'<TD ALIGN="LEFT" BGCOLOR="{canvas.COLOURS[sign]}">{text}</TD>'
