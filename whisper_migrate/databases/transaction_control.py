"""The statements that end a transaction, found in a string that may have several of any kind.

A string is cut at semicolons as psql does it: not in a text, a name, a comment or parentheses, and not in the body of a
function that has BEGIN ATOMIC.
"""

from __future__ import annotations

import re
from collections.abc import Iterator

# Possessive: of many comments, none is taken for a longer one with the next ones in it.
SPACE = r"(?:\s|--[^\n]*+(?:\n|$)|(?>/\*.*?\*/))*+"
WORK = rf"(?:{SPACE}\b(?:WORK|TRANSACTION)\b)?"
COMMIT = re.compile(
    rf"{SPACE}(?:COMMIT|END){WORK}(?:{SPACE}\bAND\b{SPACE}(?:NO\b{SPACE})?CHAIN\b)?{SPACE};?{SPACE}$", re.I | re.S
)
TO_SAVEPOINT = re.compile(rf"{SPACE}ROLLBACK\b{WORK}{SPACE}TO\b", re.I | re.S)
ENDS = re.compile(
    rf"(?:COMMIT|END|ROLLBACK|ABORT)\b(?!{WORK}{SPACE}(?:TO|PREPARED)\b)|PREPARE\b{SPACE}TRANSACTION\b", re.I | re.S
)
ENDS_SOMEWHERE = re.compile(r"\b(?:COMMIT|END|ROLLBACK|ABORT|PREPARE)\b", re.I)  # or is a name, or in a text

TOKEN = re.compile(
    r"--[^\n]*+"
    r"|(?P<comment>/\*)"
    r"|\b[eE]'(?:[^'\\]|''|\\.)*+(?:'|$)"
    r"|'(?:[^']|'')*+(?:'|$)"
    r'|"(?:[^"]|"")*+(?:"|$)'
    r"|(?P<dollar>\$(?:[^\W\d]\w*)?\$)"
    r"|(?P<word>[^\W\d][\w$]*)"
    r"|(?P<sign>[();])",
    re.S,
)
COMMENT = re.compile(r"/\*|\*/")
ROUTINE = re.compile(rf"CREATE\b{SPACE}(?:OR\b{SPACE}REPLACE\b{SPACE})?(?:FUNCTION|PROCEDURE)\b", re.I | re.S)


def ending(sql: str) -> str | None:
    """Return the first statement in `sql` that ends its transaction; None if no statement does."""
    if not ENDS_SOMEWHERE.search(sql):
        return None
    return next((statement for statement in statements(sql) if ENDS.match(statement)), None)


def statements(sql: str) -> Iterator[str]:
    """Yield the statements of a string, without leading comments and trailing semicolons."""
    start: int | None = None
    parentheses = blocks = 0
    for found in _tokens(sql):
        if found["sign"] == ";" and parentheses <= 0 and not blocks:
            if start is not None:
                yield sql[start : found.start()].rstrip()
            start, parentheses = None, 0
        else:
            start = found.start() if start is None else start
            parentheses += {"(": 1, ")": -1}.get(found[0], 0)
            blocks += _opens(found[0].upper(), blocks, sql, start)
    if start is not None:
        yield sql[start:].rstrip()


def top_level_words(sql: str) -> Iterator[tuple[str, int]]:
    """Yield each word and semicolon that is in no parentheses, with its place."""
    parentheses = 0
    for found in _tokens(sql):
        parentheses += {"(": 1, ")": -1}.get(found[0], 0)
        if not parentheses and found[0] != ")":
            yield found[0], found.start()


def without_texts(sql: str) -> str:
    """Return `sql` with spaces in place of its texts and comments; line breaks stay."""
    kept, end = [], 0
    for found, after in _pieces(sql):
        start, piece = found.start(), sql[found.start() : after]
        is_code = found["word"] or found["sign"] or piece.startswith('"')
        kept += [sql[end:start], piece if is_code else re.sub(r"[^\n]", " ", piece)]
        end = after
    return "".join([*kept, sql[end:]])


def _tokens(sql: str) -> Iterator[re.Match[str]]:
    """Yield the words and signs of a string that are in no text, quoted name or comment."""
    return (found for found, _ in _pieces(sql) if found["word"] or found["sign"])


def _pieces(sql: str) -> Iterator[tuple[re.Match[str], int]]:
    """Yield the beginning of each word, sign, quoted name, text and comment, with the position after it."""
    position = 0
    while found := TOKEN.search(sql, position):
        position = found.end()
        if found["comment"]:
            position = _after_comment(sql, position)
        elif tag := found["dollar"]:
            end = sql.find(tag, position)
            position = len(sql) if end < 0 else end + len(tag)
        yield found, position


def _opens(word: str, blocks: int, sql: str, start: int) -> int:
    """Return 1 if a word begins a block of a function's body, -1 if it ends a block, else 0."""
    if word == "BEGIN":
        return 1 if ROUTINE.match(sql, start) else 0
    return {"CASE": 1, "END": -1}.get(word, 0) if blocks else 0


def _after_comment(sql: str, position: int) -> int:
    """Return the position behind the comment that begins before `position`. Comments can be nested."""
    depth = 1
    while depth and (found := COMMENT.search(sql, position)):
        position = found.end()
        depth += 1 if found[0] == "/*" else -1
    return len(sql) if depth else position
