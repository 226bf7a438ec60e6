"""The schema as Markdown to commit beside the models: without line numbers and revisions, which change too often."""

from __future__ import annotations

from whisper_migrate.catalog.model import Object
from whisper_migrate.pages import mermaid
from whisper_migrate.pages.addresses import address
from whisper_migrate.pages.counts import counts
from whisper_migrate.pages.facts import facts
from whisper_migrate.pages.schema import Schema
from whisper_migrate.pages.templates import markdown


def pages(schema: Schema) -> dict[str, str]:
    """Return the text of each file by its path in the folder."""
    files = {f"{address(item)}.md": _page(schema, item) for item in schema.pages}
    diagrams = {subject: mermaid.of_subject(schema, items) for subject, items in schema.subjects.items()}
    files["README.md"] = markdown("overview.md.jinja", schema=schema, counts=counts(schema), diagrams=diagrams)
    return files


def _page(schema: Schema, item: Object) -> str:
    diagram = mermaid.neighbourhood(schema, item)
    return markdown("object.md.jinja", schema=schema, facts=facts(schema, item), diagram=diagram)
