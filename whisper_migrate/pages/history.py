"""The pages about the history: the graph of its revisions, and a page for each revision."""

from __future__ import annotations

from whisper_migrate.catalog.describe import line
from whisper_migrate.catalog.model import Change, Object
from whisper_migrate.pages import canvas
from whisper_migrate.pages.addresses import of_revision
from whisper_migrate.pages.chronicle import Chronicle
from whisper_migrate.pages.history_diagram import of_changes, of_revisions
from whisper_migrate.pages.schema import Schema
from whisper_migrate.pages.templates import html, trusted
from whisper_migrate.revisions.both_ways import Entry

LOOKS = {"+": "plus", "-": "minus", "~": "tilde"}


def pages(schema: Schema, chronicle: Chronicle) -> dict[str, str]:
    """Return the text of each file by its path in the folder."""
    files = {
        f"{of_revision(entry.script.revision)}.html": _page(schema, chronicle, entry) for entry in chronicle.entries
    }
    files["history.html"] = html(
        "history.html",
        chronicle=chronicle,
        svg=trusted(of_revisions(chronicle)),
        note="" if canvas.can_draw() else canvas.ABSENT,
        root="",
        has_history=True,
    )
    return files


def _page(schema: Schema, chronicle: Chronicle, entry: Entry) -> str:
    followers = [one.script for one in chronicle.entries if entry.script.revision in one.parents]
    by_id = {one.script.revision: one.script for one in chronicle.entries}
    return html(
        "revision.html",
        entry=entry,
        parents=[by_id[name] for name in entry.parents if name in by_id],
        followers=followers,
        changes=[(LOOKS[change.sign], line(change), _link(schema, change)) for change in entry.outline],
        svg=trusted(of_changes(entry.changes)),
        root="../",
        has_history=True,
    )


def _link(schema: Schema, change: Change) -> str:
    """Return the address of a changed object, or of its table; "" if the models no longer have either."""
    item: Object | None = schema.catalog.objects.get(change.object.key)
    if item is None and change.object.parent:
        item = next((one for one in schema.pages if one.identity == change.object.parent), None)
    return schema.link(item) if item else ""
