"""Recognize CONCURRENTLY statements: they wait for other transactions, but no session queues behind them."""

from __future__ import annotations

import re

_COMMENT = re.compile(r"--[^\n]*|/\*.*?(?:\*/|\Z)", re.DOTALL)
_NAME = r'(?:"(?:[^"]|"")*+"|[\w$.])+'
_CONCURRENTLY = re.compile(
    rf"""\s*(?:
        CREATE\s+(?:UNIQUE\s+)?INDEX\s+CONCURRENTLY\b
      | DROP\s+INDEX\s+CONCURRENTLY\b
      | REINDEX\s*(?:\([^()]*\)\s*|\s)(?:INDEX|TABLE|SCHEMA|DATABASE|SYSTEM)\s+CONCURRENTLY\b
      | REINDEX\s*\([^()]*\bCONCURRENTLY\b(?!\s+(?:off|false|0)\b)
      | ALTER\s+TABLE\s+(?:IF\s+EXISTS\s+)?(?:ONLY\s+)?{_NAME}\s+DETACH\s+PARTITION\s+{_NAME}\s+CONCURRENTLY\b
    )""",
    re.IGNORECASE | re.VERBOSE,
)


def is_concurrent(statement: str) -> bool:
    """Whether a statement works concurrently; the word in a string, comment, name or function body does not count."""
    return _CONCURRENTLY.match(_COMMENT.sub(" ", statement)) is not None
