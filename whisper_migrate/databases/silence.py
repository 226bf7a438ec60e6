"""Notice a connection that answers no more, and let the statement that waits on it fail.

TCP notices a dead network, but not a proxy that is alive and passes nothing on: the server then waits for a statement,
while the client waits for an answer. A thread of this process therefore asks the server, by a second connection, what
the process of a busy connection does.
"""

from __future__ import annotations

import os
import time
from collections.abc import Callable
from contextlib import closing, suppress
from dataclasses import dataclass, field
from functools import cache
from threading import Lock, Thread
from typing import Any
from weakref import WeakKeyDictionary

import psycopg2

from whisper_migrate.databases.interruption import hang_up, is_busy

SILENCE = 30.0  # seconds after which a connection that does not answer is lost
LOOK = 5.0  # seconds between two looks
SEARCH_NOTHING = "SET search_path = ''"  # the database's owner may have set one with operators of its own
STATE = "SELECT state, state_change FROM pg_catalog.pg_stat_activity WHERE pid = %s"
END = """
SELECT pg_catalog.pg_terminate_backend(pid) FROM pg_catalog.pg_stat_activity
WHERE pid = %s AND state LIKE 'idle%%' AND state_change = %s"""
UNANSWERED, GONE = "no answer", "gone"

broken: list[str] = []  # the hosts of connections that were closed here
_turn = Lock()  # the dictionary may not grow while it is iterated


@dataclass
class _Watched:
    """A connection, and what the last looks at it have found."""

    connect: Callable[[], Any]
    backend: int | None = None  # the server's process; None until it has answered once
    busy: int = 0  # how many looks in a row have found it busy
    state: object = None  # since when the server has been waiting for a statement
    since: float = 0  # since when the client has been waiting all the same
    asking: Lock = field(default_factory=Lock)


_watched: WeakKeyDictionary[Any, _Watched] = WeakKeyDictionary()


def watch(driver: Any, connect: Callable[[], Any]) -> None:
    """Watch a connection from now on. `connect` makes another one to the same server."""
    with _turn:
        _watched[driver] = _Watched(connect)
    _start()


def know(driver: Any, backend: int) -> None:
    """Tell which process serves the connection."""
    _watched[driver].backend = backend


def leave(driver: Any) -> None:
    """Stop watching a connection: its process is not its own, or somebody else watches it."""
    with _turn:
        _watched.pop(driver, None)


@cache
def _start() -> None:
    Thread(target=_look_on, daemon=True).start()


def _begin_anew() -> None:
    """Forget in a forked child: the thread is the parent's, which may have held the lock, as are the connections."""
    global _turn
    _turn = Lock()
    _watched.clear()
    _start.cache_clear()


os.register_at_fork(after_in_child=_begin_anew)


def _look_on() -> None:
    while True:
        time.sleep(LOOK)
        with _turn:
            found = [*_watched.items()]
        for driver, one in found:
            one.busy = one.busy + 1 if is_busy(driver) else 0
            if one.busy < 2:
                one.state = None
            elif one.asking.acquire(blocking=False):
                Thread(target=_look, args=(driver, one), daemon=True).start()
        del found[:]


def _look(driver: Any, one: _Watched) -> None:
    """Close the connection if the server has been waiting for it as long as it has been waiting for the server."""
    try:
        state = _idle_since(one)
        if state is None or state != one.state:
            one.state, one.since = state, time.monotonic()
        elif time.monotonic() - one.since > SILENCE and one.busy:
            broken.append(driver.info.host or "the default socket")
            hang_up(driver)
            if state not in (UNANSWERED, GONE):
                _end(one)
    finally:
        one.asking.release()


def _end(one: _Watched) -> None:
    """End the server's process, which would keep its locks and its snapshot as long as the proxy lives."""
    with suppress(psycopg2.Error), closing(one.connect()) as other, other.cursor() as cursor:
        other.autocommit = True
        cursor.execute(SEARCH_NOTHING)
        cursor.execute(END, (one.backend, one.state))


def _idle_since(one: _Watched) -> object:
    """Return since when the server has been waiting for a statement; None if it is at work, or cannot be asked."""
    if one.backend is None:
        return UNANSWERED
    with suppress(psycopg2.Error):
        try:
            other = one.connect()
        except psycopg2.OperationalError as error:
            return UNANSWERED if "timeout expired" in str(error) else None
        with closing(other), other.cursor() as cursor:
            other.autocommit = True
            cursor.execute(SEARCH_NOTHING)
            cursor.execute(STATE, (one.backend,))
            row = cursor.fetchone()
            if row is None:
                return GONE
            return row[1] if (row[0] or "").startswith("idle") else None
    return None
