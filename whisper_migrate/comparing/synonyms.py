"""Expressions that PostgreSQL's documentation calls equal, though it prints each as it was written.

https://www.postgresql.org/docs/current/functions-datetime.html#FUNCTIONS-DATETIME-CURRENT and
https://www.postgresql.org/docs/current/functions-info.html#FUNCTIONS-INFO-SESSION
"""

from __future__ import annotations

import re

from whisper_migrate.catalog.model import Change
from whisper_migrate.catalog.names import QUOTED
from whisper_migrate.objects import kinds_that

SYNONYMS = {
    "CURRENT_TIMESTAMP": "now()",
    "transaction_timestamp()": "now()",
    "CURRENT_ROLE": "CURRENT_USER",
    "USER": "CURRENT_USER",
}
AS_WRITTEN = kinds_that("is_as_written")
WORDS = re.compile(rf"{QUOTED}|(?<![\w.])(?:{'|'.join(map(re.escape, SYNONYMS))})(?![\w(])")


def are_equal(change: Change) -> bool:
    """Whether all attributes that differ are texts, and differ only in words for one value."""
    before, after = change.before, change.after
    if before is None or after is None or change.object.kind in AS_WRITTEN:
        return False
    return all(
        isinstance(before[name], str) and isinstance(after[name], str) and _plain(before[name]) == _plain(after[name])
        for name in change.fields
    )


def _plain(text: str) -> str:
    return WORDS.sub(lambda word: SYNONYMS.get(word[0], word[0]), text)
