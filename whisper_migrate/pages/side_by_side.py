"""Two versions of a text side by side: the words that only one of them has are marked."""

from __future__ import annotations

import re
from collections.abc import Sequence
from difflib import SequenceMatcher

from whisper_migrate.catalog.describe import alike

Marked = list[tuple[str, bool]]  # pieces of a text, and whether the other text lacks them

WORD = re.compile(r"\w+|\s+|[^\w\s]")
LONG = 2000  # words; of longer texts only a common beginning and end are found, because the time grows with the square


def marked(before: str, after: str) -> tuple[Marked, Marked]:
    """Return both texts in pieces."""
    old, new = WORD.findall(before), WORD.findall(after)
    head = alike(old, new)
    most = min(len(old), len(new)) - head
    tail = min(alike(old[::-1], new[::-1]), most)
    middles = old[head : len(old) - tail], new[head : len(new) - tail]
    end = old[len(old) - tail :]
    left, right = _middles(*middles)
    return _joined([(old[:head], False), *left, (end, False)]), _joined([(new[:head], False), *right, (end, False)])


def _middles(old: Sequence[str], new: Sequence[str]) -> tuple[list[tuple[Sequence[str], bool]], ...]:
    if max(len(old), len(new)) > LONG:
        return [(old, True)], [(new, True)]
    steps = SequenceMatcher(None, old, new, autojunk=False).get_opcodes()
    return (
        [(old[start:end], step != "equal") for step, start, end, _, _ in steps],
        [(new[start:end], step != "equal") for step, _, _, start, end in steps],
    )


def _joined(pieces: Sequence[tuple[Sequence[str], bool]]) -> Marked:
    return [("".join(words), differs) for words, differs in pieces if words]
