"""Signals in the middle of a statement: Python hears of one when the statement is over, so a thread ends that."""

from __future__ import annotations

import os
import signal
import socket
import time
from contextlib import suppress
from functools import cache
from threading import Lock, Thread
from typing import TYPE_CHECKING
from weakref import WeakSet

if TYPE_CHECKING:
    from psycopg2.extensions import connection

ENDING = (signal.SIGINT, signal.SIGTERM)
GRACE = 5  # seconds, for the server to cancel a statement

heard: list[int] = []  # the signals, in case psycopg2 drops what a handler raises while it reads a notice
_open: WeakSet[connection] = WeakSet()
_turn = Lock()  # a set that grows cannot be walked through


def interruptible(opened: connection) -> None:
    """Let a signal cancel what this connection is doing, once `listen` was called."""
    with _turn:
        _open.add(opened)


@cache
def listen() -> None:
    """From now on SIGINT and SIGTERM cancel every running statement; their handlers are called right afterwards."""
    signals, tell = os.pipe()
    os.set_blocking(tell, False)
    signal.set_wakeup_fd(tell, warn_on_full_buffer=False)
    Thread(target=_cancel, args=(signals,), daemon=True).start()


def hang_up(opened: connection) -> None:
    """Let what waits for an answer on this connection fail at once: nothing is sent, so that nothing can hang."""
    from psycopg2 import Error

    with suppress(OSError, Error), socket.socket(fileno=os.dup(opened.fileno())) as end:
        end.shutdown(socket.SHUT_RDWR)


def is_busy(opened: connection) -> bool:
    """Whether a statement is running on it."""
    from psycopg2.extensions import TRANSACTION_STATUS_ACTIVE

    return bool(opened.info.transaction_status == TRANSACTION_STATUS_ACTIVE)


def _cancel(signals: int) -> None:
    while number := os.read(signals, 1):
        if number[0] in ENDING:
            heard.append(number[0])
            # Those of this moment: what is begun later may be the cleaning up.
            with _turn:
                opened = [*_open]
            for active in filter(is_busy, opened):
                Thread(target=cancel, args=(active,), daemon=True).start()


def cancel(active: connection) -> None:
    """Cancel its statement; where that does not help soon, the network or the server is dead: then hang up.

    The server is asked by a child process: psycopg2 lets no thread of ours run until it is heard, which may be never.
    """
    child = os.fork()
    if not child:
        try:
            active.cancel()
        finally:
            os._exit(0)
    deadline = time.monotonic() + GRACE
    while is_busy(active) and time.monotonic() < deadline:
        time.sleep(0.01)
    if is_busy(active):
        hang_up(active)
    os.kill(child, signal.SIGKILL)
    os.waitpid(child, 0)
