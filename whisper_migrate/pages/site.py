"""The pages as HTML: a folder that a browser opens from the file system, without a server and without a network."""

from __future__ import annotations

from whisper_migrate.catalog.model import Object
from whisper_migrate.pages import canvas, diagram, history
from whisper_migrate.pages.addresses import address, slug
from whisper_migrate.pages.chronicle import Chronicle
from whisper_migrate.pages.counts import counts
from whisper_migrate.pages.facts import facts
from whisper_migrate.pages.schema import Schema
from whisper_migrate.pages.search import index
from whisper_migrate.pages.templates import FOLDER, html, trusted

ASSETS = ("style.css", "search.js")


def pages(schema: Schema, chronicle: Chronicle | None = None) -> dict[str, str]:
    """Return the text of each file by its path in the folder; with pages about the history if `chronicle` is given."""
    files = {f"{address(item)}.html": _page(schema, item, chronicle) for item in schema.pages}
    files["index.html"] = _overview(schema, chronicle)
    files["search-index.js"] = index(schema, chronicle)
    files |= history.pages(schema, chronicle) if chronicle else {}
    return files | {name: (FOLDER / name).read_text(encoding="utf-8") for name in ASSETS}


def _overview(schema: Schema, chronicle: Chronicle | None) -> str:
    return html(
        "overview.html",
        schema=schema,
        counts=counts(schema),
        anchors={subject: f"subject-{slug(subject)}" for subject in schema.subjects},
        diagrams={
            subject: trusted(diagram.of_subject(schema, items, "")) for subject, items in schema.subjects.items()
        },
        note="" if canvas.can_draw() else canvas.ABSENT,
        root="",
        has_history=chronicle is not None,
    )


def _page(schema: Schema, item: Object, chronicle: Chronicle | None) -> str:
    return html(
        "object.html",
        schema=schema,
        facts=facts(schema, item),
        svg=trusted(diagram.neighbourhood(schema, item, "../")),
        chronicle=chronicle,
        root="../",
        has_history=chronicle is not None,
    )
