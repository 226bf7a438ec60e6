"""The throwaway databases of a run of pytest, each a copy of one that the history has built once."""

from __future__ import annotations

from collections.abc import Callable
from contextlib import ExitStack
from functools import cached_property
from itertools import count
from pathlib import Path

from sqlalchemy import URL

from whisper_migrate.databases.connect import connected
from whisper_migrate.databases.shadow import Shadows, shadows
from whisper_migrate.databases.shadow_server import shadow_server
from whisper_migrate.history.branches import scripts_of
from whisper_migrate.history.history import History
from whisper_migrate.project.project import Project


class Databases:
    """Databases of the project in or above the folder `start`, on the server that the commands use for shadows."""

    def __init__(self, start: Path) -> None:
        self.project = Project.find(start)
        self._stack = ExitStack()
        self._templates: dict[str, str] = {}
        self._numbers = count(1)
        self._copies: list[str] = []

    @cached_property
    def server(self) -> URL:
        """The server, which is started if none is configured."""
        return self._stack.enter_context(shadow_server(self.project.root))

    @cached_property
    def _made(self) -> Shadows:
        return self._stack.enter_context(shadows(self.server))

    @cached_property
    def _history(self) -> History:
        return History(self.project)

    def at(self, revision: str) -> str:
        """Make a database at a revision, an id or its beginning, `head` or `base`, and return its URL."""
        scripts = scripts_of(self._history, revision)
        name = ",".join(script.revision for script in scripts)
        if name not in self._templates:
            url = self._made.create(f"template{next(self._numbers)}")
            if scripts:
                with connected(url) as connection:
                    self._history.replay(connection, *(script.revision for script in scripts))
            self._templates[name] = str(url.database)
        url = self._made.create(f"test{next(self._numbers)}", self._templates[name])
        self._copies.append(str(url.database))
        return url.set(drivername="postgresql").render_as_string(hide_password=False)

    def drop(self) -> None:
        """Drop the databases that `at` has made."""
        while self._copies:
            self._made.drop(self._copies.pop())

    def at_end(self, close: Callable[[], object]) -> None:
        """Call `close` at the end, before the server is stopped."""
        self._stack.callback(close)

    def close(self) -> None:
        """Drop every database, and stop the server if it was started for this run."""
        self._stack.close()
