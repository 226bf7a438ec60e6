"""Remarks of a verdict besides its changes: functions that cannot run, objects that were not read, and notes.

Every report shows them, each in its own form.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from enum import Enum

from whisper_migrate.models.source_lines import Place
from whisper_migrate.state.drift import Verdict


class Kind(Enum):
    """A kind of remark: its title in a report."""

    FAILING = "Cannot run"
    REFUSED = "Cannot be created"
    UNREADABLE = "Not readable"
    NOTE = "Note"


@dataclass(frozen=True)
class Remark:
    """One remark, with the line of the models that it is about, if any."""

    kind: Kind
    text: str
    place: Place | None = None


def remarks(verdict: Verdict) -> Iterator[Remark]:
    """Yield the remarks of a verdict, in the order in which reports show them."""
    yield from (Remark(Kind.FAILING, one.what, one.place) for one in verdict.failing)
    yield from (Remark(Kind.REFUSED, one.what, one.place) for one in verdict.refused)
    yield from (Remark(Kind.NOTE, text) for text in verdict.notes)
    for extension in verdict.extensions:
        text = f"extension {extension} is not of the version that its server installs now."
        yield Remark(Kind.NOTE, text)
    yield from (Remark(Kind.UNREADABLE, reason) for reason in verdict.unreadable)
