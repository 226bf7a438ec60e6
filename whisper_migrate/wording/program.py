"""Say commands in the words of the program that was called.

Messages name the front door of this repository, `make` and `migrate.py`. Another project has neither: there the program
is called as `whisper-migrate` or `python -m whisper_migrate`.
"""

from __future__ import annotations

import re
import sys
from pathlib import Path

COMMANDS = re.compile(r"\bmake (upgrade|check-drift|repair|downgrade|status|prove)\b|\bmigrate\.py(?= )")
REVISION = re.compile(r"\bmake revision (data=1 )?msg=(\"[^\"]*\")(?: data=1)?")
OPTIONS = re.compile(r"(?<![\w\"'-])(?:(allow|backfill)=(?=[\"'\w.])|(data|online)=1\b)")


def called() -> str:
    """Return how the program was called."""
    path = Path(sys.argv[0])
    return "python -m whisper_migrate" if path.parent.name == "whisper_migrate" else path.name


def as_called(text: str) -> str:
    """Return a message with its commands as the program that was called takes them."""
    return in_its_words(text, called())


def in_its_words(text: str, program: str) -> str:
    """Return a message with its commands as `program` takes them."""
    if program != "whisper-migrate" and not program.startswith("python"):
        return text
    text = REVISION.sub(lambda found: f"{program} create {'--data ' if 'data=1' in found[0] else ''}{found[2]}", text)
    text = COMMANDS.sub(lambda found: f"{program} {found[1]}" if found[1] else program, text)
    return OPTIONS.sub(lambda found: f"--{found[1]} " if found[1] else f"--{found[2]}", text)
