"""Statements that work CONCURRENTLY: they wait for the transactions of others, and nobody queues behind them."""

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
    """Whether a statement itself is one: the word in a text, a comment, a name or a function's body does not count."""
    return _CONCURRENTLY.match(_COMMENT.sub(" ", statement)) is not None
