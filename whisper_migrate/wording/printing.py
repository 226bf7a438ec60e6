"""The two outputs of this program, which hide secrets and print hidden characters as escapes."""

from __future__ import annotations

from typing import Any

from rich.console import Console

from whisper_migrate.addresses.secret_parameters import scrubbed
from whisper_migrate.wording.hanging_indent import broken
from whisper_migrate.wording.hidden_characters import harmless
from whisper_migrate.wording.program import as_called
from whisper_migrate.wording.sign_of_life import hidden


class Terminal(Console):
    """A console that prints hidden characters as escapes, hides secrets in addresses, and does not wrap lines.

    Its messages name commands as the program that was called takes them.
    """

    def print(self, *objects: Any, **options: Any) -> None:
        safe = (self._safe(one) if isinstance(one, str) else one for one in objects)
        with hidden():
            super().print(*safe, **options)

    def tell(self, markup: str) -> None:
        """Print lines for people: on a terminal they are broken between words, with hanging indents."""
        if not self.file.isatty():
            self.print(markup)
            return
        for line in broken(self._safe(markup), self.width):
            self.print(line)

    def _safe(self, text: str) -> str:
        return harmless(scrubbed(as_called(text)))


# No emoji: a name may contain `:heart:`.
out = Terminal(highlight=False, soft_wrap=True, emoji=False)
err = Terminal(stderr=True, highlight=False, soft_wrap=True, emoji=False)
