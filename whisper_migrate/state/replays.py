"""The history of a project in a shadow: its catalogs, and the shadow itself, which is made once it is needed."""

from __future__ import annotations

from collections.abc import Sequence
from contextlib import ExitStack

from sqlalchemy import Connection

from whisper_migrate.cache.recorded import Asked, Recorded
from whisper_migrate.catalog.model import Catalog
from whisper_migrate.databases.connect import connected
from whisper_migrate.databases.shadow import Shadows
from whisper_migrate.history.baseline import begin
from whisper_migrate.history.history import History
from whisper_migrate.inspecting.inspect import inspect


def record(
    history: History,
    shadow: Connection,
    revisions: Sequence[str],
    *,
    requires: bool = False,
    like: Catalog | None = None,
) -> Catalog:
    """Replay the history up to `revisions` in a shadow and return its catalog; of an empty database for none.

    `requires` and `like` are as in `inspect`.
    """
    _replay(history, shadow, revisions)
    return inspect(shadow, requires=requires, like=like)


def _replay(history: History, shadow: Connection, revisions: Sequence[str]) -> None:
    shadow.rollback()
    begin(shadow, history.project)
    if revisions:
        history.replay(shadow, *revisions)


class Replays(ExitStack):
    """Replays of one history, from older revisions to newer ones. Use it as a context, which closes the shadow."""

    def __init__(self, history: History, made: Shadows, kept: Recorded | None) -> None:
        """Catalogs are taken from `kept`, if there, and kept in it."""
        super().__init__()
        self.history = history
        self._made = made
        self._kept = kept
        self._shadow: Connection | None = None
        self._at: Sequence[str] | None = None

    def catalog(self, revisions: Sequence[str], *, requires: bool = False, like: Catalog | None = None) -> Catalog:
        """Return the catalog at `revisions`; `requires` and `like` are as in `inspect`."""
        if self._kept is None:
            return inspect(self.shadow(revisions), requires=requires, like=like)
        asked = Asked(self.history, self._made.keeper, revisions, requires)
        with self._made.lock:  # another thread may create a shadow on this connection
            known = self._kept.find(asked)
        if known is not None:
            return known
        found = inspect(self.shadow(revisions), requires=requires, like=like)
        with self._made.lock:
            self._kept.keep(asked, found)
        return found

    def shadow(self, revisions: Sequence[str]) -> Connection:
        """Return a connection to the shadow at `revisions`."""
        if self._shadow is None:
            self._shadow = self.enter_context(connected(self._made.create("recorded")))
        if self._at != revisions:
            _replay(self.history, self._shadow, revisions)
            self._at = revisions
        return self._shadow
