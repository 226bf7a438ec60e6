"""Lines for a terminal: broken between words, and indented below the text that they continue."""

from __future__ import annotations

import re
from collections.abc import Iterator

from rich.cells import cell_len
from rich.text import Text

LEAST = 40  # columns: a narrower terminal breaks the lines itself
# An indent, the sign of a change or finding, or the label of `status`.
HEAD = re.compile(r" *(?:[-+~!] |[a-z]+ {2,})?")
COMMAND = re.compile(r" *-> ")  # to be copied as one line


def broken(markup: str, width: int) -> Iterator[Text]:
    """Yield the lines of a text in rich's markup, each at most `width` wide unless a word is longer."""
    for line in Text.from_markup(markup, emoji=False).split(allow_blank=True):
        if line.cell_len <= width or width < LEAST or COMMAND.match(line.plain):
            yield line
            continue
        found = HEAD.match(line.plain)
        indent = found.end() if found else 0
        head, body = line.divide([indent]) if indent else (Text(), line)
        deeper = indent or 2
        for number, part in enumerate(body.divide(_breaks(body.plain, width - deeper))):
            part.rstrip()
            yield Text.assemble(head if number == 0 else " " * deeper, part)


def _breaks(text: str, width: int) -> list[int]:
    """Return the places at which a line goes on below: before the words that no longer fit."""
    places, used = [], 0
    for word in re.finditer(r"\s*\S+\s*", text):
        if used and used + cell_len(word[0].rstrip()) > width:
            places.append(word.start())
            used = 0
        used += cell_len(word[0])
    return places
