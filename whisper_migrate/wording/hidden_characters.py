"""Escape hidden characters and commands to terminals or CI: names and texts in a database can contain anything."""

import json
import os
import re

from whisper_migrate.errors import Failure

# ASCII and C1 control characters, marks that change the direction of text, line separators, and characters without
# width. Those that join emoji are kept.
HIDDEN = re.compile(
    "[\x00-\x08\x0b-\x1f\x7f-\x9f\xad\u061c\u180e\u200b\u200e\u200f\u2028-\u202e\u2060-\u206f\ufeff\ufff9-\ufffb"
    "\U000e0000-\U000e007f]"
)
# GitHub Actions runs a log line as a command if it begins with :: or contains ##[.
COMMAND = re.compile(r"^[^\S\n]*:(?=:)|#(?=#\[)", re.MULTILINE)
JOINER = "\N{ZERO WIDTH JOINER}"


def visible(text: str) -> str:
    """Return text on one line, with every character escaped that is not printable."""
    return text if text.isprintable() else "".join(one if one.isprintable() else _escape(one) for one in text)


def failure_on_one_line(what: str, remedy: str) -> Failure:
    """Return a failure in which a line break, such as in another role's name, is escaped."""
    return Failure(visible(what), visible(remedy))


def harmless(text: str) -> str:
    """Return text with hidden characters escaped, keeping its lines; on GitHub Actions, no line is a command."""
    text = HIDDEN.sub(lambda found: _escape(found[0]), text)
    return _told(text) if os.environ.get("GITHUB_ACTIONS") else text


def in_json(document: str) -> str:
    """Return a JSON document of equal meaning with hidden characters and GitHub's commands escaped."""
    document = HIDDEN.sub(lambda found: json.dumps(found[0])[1:-1], document)
    return document.replace("##[", "\\u0023#[")


def in_html(document: str) -> str:
    """Return an HTML document of equal meaning in which no line is a command of GitHub's."""
    return COMMAND.sub(lambda found: f"{found[0][:-1]}&#{ord(found[0][-1])};", document)


def _told(text: str) -> str:
    """Escape the first character of each GitHub command."""
    return COMMAND.sub(lambda found: f"{found[0][:-1]}\\x{ord(found[0][-1]):x}", text)


def _escape(char: str) -> str:
    return char if char == JOINER else char.encode("unicode_escape").decode()
