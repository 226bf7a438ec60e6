"""What a run tells while it is at work: a line that moves on a terminal, a line now and then in a log."""

from __future__ import annotations

import time
from dataclasses import dataclass, field
from threading import RLock

from rich.console import Console
from rich.markup import escape
from rich.status import Status

SELDOM = 30  # seconds between two lines of a log on the same revision


@dataclass
class Progress:
    """Tells on a console; on one that is no terminal, in whole lines."""

    console: Console
    _status: Status | None = None
    _what: str = ""
    _began: float = 0
    _said: float = 0
    _turn: RLock = field(default_factory=RLock)

    def say(self, line: str) -> None:
        """A line that stays."""
        self.console.print(escape(line))

    def begin(self, what: str) -> None:
        """A revision begins: `what` names it."""
        with self._turn:
            self._what, self._began, self._said = what, time.monotonic(), time.monotonic()
            if self.console.is_terminal:
                self._status = self.console.status(escape(what))
                self._status.start()

    def meanwhile(self, doing: str) -> None:
        """It is still running, and does this, if that is known."""
        with self._turn:
            now = time.monotonic()
            words = f"{self._what} ({now - self._began:.0f} s{', ' if doing else ''}{doing})"
            if self._status:
                self._status.update(escape(words))
            elif self._what and now - self._said >= SELDOM:
                self._said = now
                self.say(f"  {words}")

    def end(self) -> None:
        """It is done, or has failed."""
        with self._turn:
            self._what = ""
            if self._status:
                self._status.stop()
                self._status = None
