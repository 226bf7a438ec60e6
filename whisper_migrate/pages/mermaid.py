"""Diagrams as Mermaid text, which GitHub and other hosts draw in Markdown."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Sequence

from whisper_migrate.catalog.model import Object
from whisper_migrate.catalog.names import shown, unquoted
from whisper_migrate.pages.references import Reference
from whisper_migrate.pages.schema import Schema


def neighbourhood(schema: Schema, table: Object) -> str:
    """Return the diagram of a table and its neighbours; "" if it has none."""
    return _diagram(schema.references_of(table))


def of_subject(schema: Schema, items: Sequence[Object]) -> str:
    """Return the diagram of the tables of a subject and of the tables elsewhere that these refer to."""
    own = {item.key for item in items}
    return _diagram([one for one in schema.references if one.table.key in own])


def _diagram(references: Sequence[Reference]) -> str:
    return "\n".join(("erDiagram", *_lines(references))) if references else ""


def _lines(references: Sequence[Reference]) -> Iterator[str]:
    numbers = {
        item.key: f"t{number}"
        for number, item in enumerate(dict.fromkeys(item for one in references for item in (one.table, one.target)), 1)
    }
    for item in dict.fromkeys(item for one in references for item in (one.table, one.target)):
        yield f'    {numbers[item.key]}["{_text(shown(item.identity))}"]'
    for one in references:
        many = "|o" if one.single else "}o"
        target = "o|" if one.optional else "||"
        columns = _columns(one.columns)
        yield f'    {numbers[one.table.key]} {many}--{target} {numbers[one.target.key]} : "{columns}"'


def _columns(names: Iterable[str]) -> str:
    return ", ".join(_text(unquoted(name)) for name in names)


def _text(name: str) -> str:
    """Return a name inside Mermaid's quotes: every character that could have a meaning there as its number."""
    return re.sub(r"[^\w .,-]", lambda found: f"#{ord(found[0])};", name)
