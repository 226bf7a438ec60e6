"""Report for people as one file of HTML, to send by mail: both definitions of each finding side by side."""

from __future__ import annotations

from whisper_migrate.pages import drift
from whisper_migrate.state.drift import Verdict


def render(verdict: Verdict, database: str | None) -> str:
    """Return the page."""
    return drift.page(verdict, database)
