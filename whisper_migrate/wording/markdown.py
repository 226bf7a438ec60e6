"""Plain text as Markdown: names and texts in a database can contain anything."""

import re
from html import escape

# Characters that can mean something. An underscore between letters is plain, a number may begin a list.
MARKUP = re.compile(r"[\\`*\[\]|~$]|(?<!\w)_|_(?!\w)|^[#+-]|(?<=^\d)[.)]")


def plain_markdown(line: str) -> str:
    """Return one line of plain text as Markdown in which no character has a meaning."""
    return MARKUP.sub(lambda found: f"\\{found[0]}", escape(line, quote=False))
