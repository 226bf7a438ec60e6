"""Say on standard error what takes long: one line that changes on a terminal, a line every half a minute in a log.

Code that may take longer than a moment runs inside of `doing("reading the catalog")`. What runs at the same time, in
another thread or further out, is in the same line. The line disappears from a terminal when the work is done. Only a
command shows it, inside of `displayed()`: a program that imports this package sees nothing. WHISPER_NO_PROGRESS=1
leaves these lines out.
"""

from __future__ import annotations

import os
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from threading import RLock
from typing import TYPE_CHECKING

from rich.console import Console
from rich.text import Text

from whisper_migrate.wording.hidden_characters import harmless

if TYPE_CHECKING:
    from rich.console import RenderableType
    from rich.live import Live

SELDOM = 30  # seconds between two lines in a log
SOON = 0.3  # seconds until a terminal shows anything: most commands are done by then

_console = Console(stderr=True, highlight=False, emoji=False)
_turn = RLock()
_phrases: dict[object, str] = {}  # of the work that is going on, the oldest first
_live: Live | None = None
_displays = 0  # 1 while a command runs, less if another display is open as well
_began = _said = 0.0


@contextmanager
def displayed() -> Iterator[None]:
    """Show while a command runs what it is doing, and for how long."""
    global _displays, _began, _said
    if os.environ.get("WHISPER_NO_PROGRESS"):
        yield
        return
    with _turn:
        _displays += 1
        _began = _said = time.monotonic()
    try:
        yield
    finally:
        with _turn:
            _displays -= 1
            _hide()


@contextmanager
def doing(phrase: str) -> Iterator[None]:
    """Show a phrase such as "reading the catalog" while the work inside of this context goes on."""
    with counting(phrase) as count:
        count(0)
        yield


@contextmanager
def counting(phrase: str) -> Iterator[Callable[[int], None]]:
    """Show how far the work inside of this context is: `replaying 7 of 21`.

    The function that is yielded is to be called before each part of the work, with the number of all parts.
    """
    token, number = object(), 0

    def count(of: int) -> None:
        nonlocal number
        number += 1
        _enter(token, f"{phrase} {number} of {of}" if of > 1 else phrase)

    try:
        yield count
    finally:
        with _turn:
            _phrases.pop(token, None)
            if not _phrases:
                _hide()


@contextmanager
def hidden() -> Iterator[None]:
    """Remove the line from a terminal while something is printed there."""
    with _turn:
        _hide()
    try:
        yield
    finally:
        with _turn:
            _show()


@contextmanager
def replaced() -> Iterator[None]:
    """Leave the terminal to a display of another kind, such as a bar."""
    global _displays
    with _turn:
        _displays -= 1
        _hide()
    try:
        yield
    finally:
        with _turn:
            _displays += 1
            _show()


def _enter(token: object, phrase: str) -> None:
    with _turn:
        _phrases[token] = phrase
        _show()


def _show() -> None:
    global _live, _said
    if not _phrases or _displays < 1:
        return
    if not _is_terminal():
        if time.monotonic() - _said >= SELDOM:
            _said = time.monotonic()
            _console.print(_line())
    elif _live:
        _live.refresh()
    else:
        from rich.live import Live

        # What the program itself prints stays above the line, unless its standard output goes elsewhere.
        _live = Live(
            get_renderable=_drawn,
            console=_console,
            transient=True,
            refresh_per_second=8,
            redirect_stdout=sys.stdout.isatty(),
        )
        _live.start(refresh=True)


def _hide() -> None:
    global _live
    if _live is not None:
        _live.stop()
        _live = None


def _is_terminal() -> bool:
    """Whether standard error is a terminal; FORCE_COLOR alone makes none of a file."""
    return sys.stderr.isatty() and _console.is_terminal and not _console.is_dumb_terminal


def _drawn() -> RenderableType:
    """Return the line with a spinner; nothing in the first moment, and nothing between two kinds of work."""
    if not _phrases or time.monotonic() - _began < SOON:
        return Text()
    from rich.spinner import Spinner

    return Spinner("dots", _line())


def _line() -> Text:
    """Return what is going on, and since when: `Creating the models, replaying 7 of 21 (3 s)`."""
    phrases = ", ".join(dict.fromkeys([*_phrases.values()]))
    words = f"{phrases[:1].upper()}{phrases[1:]} ({time.monotonic() - _began:.0f} s)"
    return Text(harmless(words), no_wrap=True, overflow="ellipsis")
