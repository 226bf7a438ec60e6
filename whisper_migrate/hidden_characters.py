"""Names and texts of a database are anybody's: what hides in them, or speaks to a terminal or to CI, is escaped."""

import json
import os
import re

# Controls of ASCII and of C1, marks that turn the direction of text around, separators of lines, and characters of no
# width. Those that join emoji stay.
HIDDEN = re.compile(
    "[\x00-\x08\x0b-\x1f\x7f-\x9f\xad\u061c\u180e\u200b\u200e\u200f\u2028-\u202e\u2060-\u206f\ufeff\ufff9-\ufffb"
    "\U000e0000-\U000e007f]"
)
# GitHub runs a line of a log as a command when it begins with ::, or holds ##[ anywhere.
COMMAND = re.compile(r"^[^\S\n]*:(?=:)|#(?=#\[)", re.MULTILINE)
JOINER = "\N{ZERO WIDTH JOINER}"


def visible(text: str) -> str:
    """Text in one line, in which nothing hides: an escape takes the place of all that is not printed as itself."""
    return text if text.isprintable() else "".join(one if one.isprintable() else _escape(one) for one in text)


def harmless(text: str) -> str:
    """Text in its lines, in which nothing hides, and in a log of GitHub no line is a command."""
    text = HIDDEN.sub(lambda found: _escape(found[0]), text)
    return _told(text) if os.environ.get("GITHUB_ACTIONS") else text


def in_json(document: str) -> str:
    """A JSON document in which nothing hides, and no line is a command of GitHub's. It means what it meant."""
    document = HIDDEN.sub(lambda found: json.dumps(found[0])[1:-1], document)
    return document.replace("##[", "\\u0023#[")


def _told(text: str) -> str:
    """Commands of GitHub's as text: the first character of each is written as its escape."""
    return COMMAND.sub(lambda found: f"{found[0][:-1]}\\x{ord(found[0][-1]):x}", text)


def _escape(char: str) -> str:
    return char if char == JOINER else char.encode("unicode_escape").decode()
