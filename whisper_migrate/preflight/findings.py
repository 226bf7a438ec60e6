"""A finding of preflight: a rule, the revision that it concerns, and its acceptance in the revision's file."""

from __future__ import annotations

import re
from dataclasses import dataclass, replace
from pathlib import Path

from whisper_migrate.preflight.rules import Level, Rule

ACCEPTED = re.compile(
    r"^[^\S\n]*+#[^\S\n]*+preflight:[^\S\n]*+accept[^\S\n]++(WM\d{3})[^\S\n]*+:[^\S\n]*+(\S.*)$", re.MULTILINE
)
NEVER_DECIDED = (Level.NOTE,)


@dataclass(frozen=True)
class Finding:
    """One effect of a revision on a database: `what` is a sentence without its subject, `blocks writes to messages`.

    `statement` is the beginning of the SQL that does it; it may take from `least` to `seconds`. `remedy` says what to
    type or to run. `decide`: a person has to decide about it. `accepted` is the reason that the revision's file gives.
    """

    rule: Rule
    revision: str | None
    what: str
    table: str | None = None
    statement: str = ""
    seconds: float = 0.0
    least: float = 0.0
    remedy: str = ""
    decide: bool = True
    accepted: str = ""

    @property
    def is_open(self) -> bool:
        """Whether a person still has to decide."""
        return self.decide and not self.accepted and self.rule.level not in NEVER_DECIDED

    @property
    def place(self) -> tuple[int, int, float]:
        """The place in a list that has the worst first."""
        return not self.is_open, [*Level].index(self.rule.level), -self.seconds


def accepted(finding: Finding, path: Path) -> Finding:
    """Return the finding, with the reason for which the revision's file accepts its rule, if it does."""
    reasons = dict(ACCEPTED.findall(path.read_text(encoding="utf-8")))
    return replace(finding, accepted=reasons.get(finding.rule.id, "").rstrip())
