"""Write a revision that changes data and no schema, for its author to fill in."""

from __future__ import annotations

import secrets
from pathlib import Path

from whisper_migrate.history.history import History
from whisper_migrate.project.project import Project
from whisper_migrate.revisions.data_places import MARK
from whisper_migrate.revisions.revision_file import Text, write


def data_revision(project: Project, message: str) -> tuple[Path, str]:
    """Write a revision with empty bodies on the head of the history; return its file and its id."""
    history = History(project)
    body = f"{MARK}\npass"
    text = Text(secrets.token_hex(6), history.head, message, [], body, body, imports="", unused=True)
    return write(history, history.folder(history.head), text), text.revision
