"""The index of the search: a script, because a page that is opened from the file system may not read other files."""

from __future__ import annotations

import json

from whisper_migrate.addresses.secret_parameters import scrubbed_values
from whisper_migrate.catalog.names import shown
from whisper_migrate.pages.addresses import of_revision
from whisper_migrate.pages.chronicle import Chronicle
from whisper_migrate.pages.definitions import words
from whisper_migrate.pages.schema import Schema
from whisper_migrate.pages.templates import MARK
from whisper_migrate.wording.hidden_characters import visible


def index(schema: Schema, chronicle: Chronicle | None = None) -> str:
    """Return a script with the name, kind, address and comment of every object, and with the revisions."""
    rows = [
        (visible(shown(item.identity)), words(item.kind), schema.link(item), visible(schema.comments.get(item.key, "")))
        for item in schema.catalog
        if item.key not in schema.commented
    ]
    rows += [
        (visible(entry.script.revision), "revision", f"{of_revision(entry.script.revision)}.html", visible(entry.title))
        for entry in (chronicle.entries if chronicle else ())
    ]
    data = json.dumps(scrubbed_values(rows), ensure_ascii=True, indent=0)
    return f"/* {MARK} */\nconst SEARCH_INDEX = {_safe(data)};\n"


def _safe(text: str) -> str:
    """Return JSON that cannot end a script."""
    return text.replace("<", "\\u003c")
