"""Write a revision that changes data and no schema, for its author to fill in."""

from __future__ import annotations

import re
import secrets
from pathlib import Path

from whisper_migrate.history.history import History
from whisper_migrate.project.project import Project
from whisper_migrate.revisions.branch import head_of
from whisper_migrate.revisions.data_places import MARK
from whisper_migrate.revisions.revision_file import Text, write

UNFILLED = re.compile(rf"^def upgrade\(\)[^\n]*:\n\s+{re.escape(MARK)}\n\s+pass$", re.MULTILINE)


def is_unfilled(source: str) -> bool:
    """Whether the upgrade in a revision's file is still as `data_revision` has written it."""
    return UNFILLED.search(source) is not None


def data_revision(project: Project, message: str, branch: str | None = None) -> tuple[Path, str]:
    """Write a revision with empty bodies on a head (see `head_of`); return its file and its id."""
    history = History(project)
    parent = head_of(history, branch)
    body = f"{MARK}\npass"
    text = Text(secrets.token_hex(6), parent, message, [], body, body, imports="", unused=True)
    return write(history, history.folder(parent), text), text.revision
