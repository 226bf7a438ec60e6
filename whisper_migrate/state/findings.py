"""Findings of a check besides the changes that count."""

from __future__ import annotations

from dataclasses import dataclass

from whisper_migrate.catalog.model import Change
from whisper_migrate.models.source_lines import Place, placed
from whisper_migrate.project.ignore import Ignoring


@dataclass(frozen=True)
class Ignored:
    """A change that a pattern leaves out of a `finding` ("unwritten" or "drift")."""

    finding: str
    change: Change
    pattern: Ignoring


@dataclass(frozen=True)
class Failing:
    """A function of the models that cannot run, or an index that cannot be created, with PostgreSQL's reason."""

    what: str
    place: Place | None

    def __str__(self) -> str:
        return f"{self.what}{placed(self.place)}"
