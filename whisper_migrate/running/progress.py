"""Print the progress of a run: one line that is updated on a terminal, an occasional line in a log."""

from __future__ import annotations

import time
from dataclasses import dataclass, field
from threading import RLock

from rich.console import Console
from rich.markup import escape
from rich.status import Status

SELDOM = 30  # seconds between two log lines about one revision


@dataclass
class Progress:
    """Prints progress on a console; on a console that is no terminal, only in whole lines."""

    console: Console
    _status: Status | None = None
    _what: str = ""
    _began: float = 0
    _said: float = 0
    _turn: RLock = field(default_factory=RLock)

    def say(self, line: str) -> None:
        """Print a line that stays."""
        self.console.print(escape(line))

    def begin(self, what: str) -> None:
        """Show that a revision begins; `what` is its number and name."""
        with self._turn:
            self._what, self._began, self._said = what, time.monotonic(), time.monotonic()
            if self.console.is_terminal:
                self._status = self.console.status(escape(what))
                self._status.start()

    def meanwhile(self, doing: str) -> None:
        """Show that the revision is still running, and what it is doing; `doing` is "" if unknown."""
        with self._turn:
            now = time.monotonic()
            words = f"{self._what} ({now - self._began:.0f} s{', ' if doing else ''}{doing})"
            if self._status:
                self._status.update(escape(words))
            elif self._what and now - self._said >= SELDOM:
                self._said = now
                self.say(f"  {words}")

    def end(self) -> None:
        """Stop the display: the revision is done or has failed."""
        with self._turn:
            self._what = ""
            if self._status:
                self._status.stop()
                self._status = None
