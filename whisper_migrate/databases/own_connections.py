"""The connections that this process and its children open while revisions run: their name, and where to find them."""

from __future__ import annotations

import os
import secrets
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from threading import Lock
from typing import Any
from weakref import WeakKeyDictionary

import psycopg2

# libpq's name for connections of this process and its children, unless they have another name.
NAME = f"whisper-migrate revision {os.getpid()}_{secrets.token_hex(4)}"


@dataclass(frozen=True)
class Served:
    """A connection's server process, and where it is: the host, the port and the database."""

    pid: int
    address: tuple[str, int, str]

    @classmethod
    def of(cls, driver: Any) -> Served:
        """Read it from a connection, which no other thread may close meanwhile.

        psycopg2 closes without the interpreter's lock, and `driver.info` then reads memory that libpq has freed.
        """
        return cls(driver.info.backend_pid, (driver.info.host, driver.info.port, driver.info.dbname))


_opened: WeakKeyDictionary[Any, Served] = WeakKeyDictionary()
_turn = Lock()  # several threads open connections, and several may run revisions
_runs = 0


def name_connections() -> None:
    """Name all connections that this process and its children open from now on, unless they have another name.

    To be called once, before there are threads: libpq reads the environment without the interpreter's lock.
    """
    os.environ.setdefault("PGAPPNAME", NAME)


@contextmanager
def recorded() -> Iterator[None]:
    """Record the connections that psycopg2 opens in this process, as long as a thread of it runs revisions."""
    global _runs
    with _turn:
        _runs += 1
        if _runs == 1:
            psycopg2._connect = _recording
    try:
        yield
    finally:
        with _turn:
            _runs -= 1
            if not _runs:
                psycopg2._connect = _original


def opened() -> dict[Any, Served]:
    """Return the recorded connections that are still in use."""
    with _turn:
        return {one: served for one, served in _opened.items() if not one.closed}


def _begin_anew() -> None:
    """Give a forked child a lock of its own: a thread of the parent may hold the other one for ever."""
    global _turn
    _turn = Lock()
    _opened.clear()


os.register_at_fork(after_in_child=_begin_anew)
_original: Any = psycopg2._connect


def _recording(*arguments: Any, **options: Any) -> Any:
    made = _original(*arguments, **options)
    served = Served.of(made)
    with _turn:
        _opened[made] = served
    return made
