"""The templates of the pages: HTML in which every value is escaped, and Markdown in which filters escape."""

from __future__ import annotations

import re
from collections.abc import Callable
from functools import cache
from pathlib import Path
from typing import Any

from jinja2 import Environment, FileSystemLoader, StrictUndefined
from markupsafe import Markup

from whisper_migrate.addresses.secret_parameters import scrubbed
from whisper_migrate.catalog.describe import in_lines
from whisper_migrate.catalog.names import shown
from whisper_migrate.pages import addresses
from whisper_migrate.pages.definitions import words
from whisper_migrate.wording.markdown import plain_markdown

FOLDER = Path(__file__).parent / "templates"
# A file with these words in its first line was written by this program, which may replace or delete it.
MARK = "Written by whisper-migrate docs"


def html(template: str, **values: Any) -> str:
    """Return a page of HTML."""
    return _environment(True).get_template(template).render(mark=MARK, **values)


def markdown(template: str, **values: Any) -> str:
    """Return a page of Markdown, with one empty line between its parts."""
    text = _environment(False).get_template(template).render(mark=MARK, **values)
    return f"{text.rstrip()}\n"


def trusted(svg: str) -> Markup:
    """Return text that is markup already: Graphviz has escaped the names in it."""
    return Markup(svg)


@cache
def _environment(is_html: bool) -> Environment:
    made = Environment(
        loader=FileSystemLoader(FOLDER),
        autoescape=is_html,
        undefined=StrictUndefined,
        finalize=_printable,
        trim_blocks=True,
        lstrip_blocks=True,
    )
    filters: dict[str, Callable[[Any], str]] = {
        "anchor": addresses.anchor,
        "address": addresses.address,
        "revision_address": lambda script: addresses.of_revision(script.revision),
        "shown": lambda value: shown(str(value)),
        "words": words,
        "md": escaped,
        "code": code,
        "fenced": fenced,
    }
    made.filters.update(filters)
    return made


def _printable(value: Any) -> Any:
    """Return a text with its hidden characters escaped, such as those that reverse the direction of reading."""
    return _plain(value) if type(value) is str else value


def _plain(text: str) -> str:
    return in_lines(scrubbed(text))


def escaped(text: str) -> str:
    """Return plain text as Markdown on one line, in which no character has a meaning."""
    lines = _plain(text).strip().split("\n")
    return "<br>".join(plain_markdown(line.strip()) for line in lines)


def code(text: str) -> str:
    """Return text as a code span on one line, which can be in a table; "" for no text."""
    line = " ".join(_plain(text).split())
    if not line:
        return ""
    longest = max(map(len, re.findall("`+", line)), default=0)
    ticks = "`" * (longest + 1)
    pad = " " if longest else ""
    return f"{ticks}{pad}{line}{pad}{ticks}".replace("|", "\\|")


def fenced(text: str) -> str:
    """Return text as a block of SQL."""
    longest = max(map(len, re.findall("`+", text)), default=0)
    fence = "`" * max(longest + 1, 3)
    return f"{fence}sql\n{_plain(text)}\n{fence}"
