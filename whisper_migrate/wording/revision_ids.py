"""Revision ids as messages name them."""

from __future__ import annotations

from collections.abc import Iterable


def ids(revisions: Iterable[str]) -> str:
    """Return the ids separated by commas, or `no revision` if there are none."""
    return ", ".join(revisions) or "no revision"
