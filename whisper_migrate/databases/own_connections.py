"""The connections that this process and its children open while revisions run: their name, and where to find them."""

from __future__ import annotations

import os
import secrets
from collections.abc import Iterator
from contextlib import contextmanager
from threading import Lock
from typing import Any
from weakref import WeakSet

import psycopg2

# libpq's name for connections of this process and its children, unless they have another name.
NAME = f"whisper-migrate revision {os.getpid()}_{secrets.token_hex(4)}"

_opened: WeakSet[Any] = WeakSet()
_turn = Lock()  # several threads open connections, and several may run revisions
_runs = 0


@contextmanager
def recorded() -> Iterator[None]:
    """Name and record the connections that psycopg2 opens in this process, as long as a thread of it runs revisions."""
    global _runs
    with _turn:
        _runs += 1
        if _runs == 1:
            os.environ.setdefault("PGAPPNAME", NAME)
            psycopg2._connect = _recording
    try:
        yield
    finally:
        with _turn:
            _runs -= 1
            if not _runs:
                psycopg2._connect = _original
                if os.environ.get("PGAPPNAME") == NAME:
                    del os.environ["PGAPPNAME"]


def opened() -> list[Any]:
    """Return the recorded connections that are still in use."""
    with _turn:
        return [one for one in _opened if not one.closed]


_original: Any = psycopg2._connect


def _recording(*arguments: Any, **options: Any) -> Any:
    made = _original(*arguments, **options)
    with _turn:
        _opened.add(made)
    return made
