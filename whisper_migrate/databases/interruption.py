"""Let signals interrupt a running statement: Python calls a handler only after it, so a thread cancels it."""

from __future__ import annotations

import os
import signal
import socket
import time
from collections.abc import Callable
from contextlib import suppress
from functools import cache
from threading import Lock, Thread
from typing import TYPE_CHECKING
from weakref import WeakSet

if TYPE_CHECKING:
    from psycopg2.extensions import connection

    from whisper_migrate.databases.driver import DriverConnection

ENDING = (signal.SIGINT, signal.SIGTERM)
GRACE = 5  # seconds for the server to cancel a statement
REPEAT = 1  # seconds between requests: a statement that commits in its middle may wait for a standby again


class Terminated(BaseException):
    """SIGTERM as an exception, which passes every `finally`, so that shadows are dropped.

    It is not SystemExit, because a model's own code may raise that.
    """


class Interrupted(KeyboardInterrupt):
    """SIGINT was received. A revision that raises KeyboardInterrupt by itself raises another class."""


heard: list[int] = []  # received signals: psycopg2 drops a handler's exception that is raised while it reads a notice
_open: WeakSet[DriverConnection] = WeakSet()
_turn = Lock()  # the set may not grow while it is iterated


def interruptible(opened: DriverConnection) -> None:
    """Let a signal cancel the statements of this connection, once `listen` was called."""
    with _turn:
        _open.add(opened)


@cache
def listen() -> None:
    """From now on, let SIGINT and SIGTERM cancel every running statement; Python then calls their handlers."""
    signals, tell = os.pipe()
    os.set_blocking(tell, False)
    signal.set_wakeup_fd(tell, warn_on_full_buffer=False)
    Thread(target=_cancel, args=(signals,), daemon=True).start()


def _begin_anew() -> None:
    """Forget in a forked child: the thread that listens is the parent's, and hears through the same pipe."""
    global _turn
    _turn = Lock()
    _open.clear()
    if listen.cache_info().currsize:
        signal.set_wakeup_fd(-1)
        listen.cache_clear()


os.register_at_fork(after_in_child=_begin_anew)


def handle() -> None:
    """Let SIGTERM raise Terminated, and SIGINT Interrupted unless it is ignored or handled already."""

    def terminate(*_: object) -> None:
        raise Terminated

    def interrupt(*_: object) -> None:
        raise Interrupted

    signal.signal(signal.SIGTERM, terminate)
    if signal.getsignal(signal.SIGINT) is signal.default_int_handler:
        signal.signal(signal.SIGINT, interrupt)


def is_of_a_signal(error: BaseException) -> bool:
    """Whether a signal raised the error, rather than the code of a project."""
    if isinstance(error, (Terminated, Interrupted)):
        return True
    return isinstance(error, KeyboardInterrupt) and signal.getsignal(signal.SIGINT) is signal.default_int_handler


def hang_up(opened: connection) -> None:
    """Close the connection's socket, so that a call waiting for an answer fails at once.

    Sends nothing, so cannot hang.
    """
    from psycopg2 import Error

    with suppress(OSError, Error), socket.socket(fileno=os.dup(opened.fileno())) as end:
        end.shutdown(socket.SHUT_RDWR)


def is_busy(opened: connection) -> bool:
    """Whether a statement is running on the connection."""
    from psycopg2.extensions import TRANSACTION_STATUS_ACTIVE

    return bool(not opened.closed and opened.info.transaction_status == TRANSACTION_STATUS_ACTIVE)


def _cancel(signals: int) -> None:
    while number := os.read(signals, 1):
        if number[0] in ENDING:
            heard.append(number[0])
            # Only connections that are busy now: a statement that begins later may belong to the cleaning up.
            with _turn:
                opened = [*_open]
            for active in filter(is_busy, opened):
                Thread(target=cancel, args=(active,), daemon=True).start()


def cancel(active: connection) -> None:
    """Cancel the running statement. If that has no effect within GRACE seconds, close the connection.

    A connection that a revision has opened by itself does not count its calls: any statement on it counts as the one.
    """
    call = getattr(active, "calls", None)
    deadline = time.monotonic() + GRACE

    def is_running() -> bool:
        return is_busy(active) and getattr(active, "calls", None) == call

    while is_running() and time.monotonic() < deadline:
        _request(active, is_running)
    if is_running():
        hang_up(active)


def _request(active: connection, is_running: Callable[[], bool]) -> None:
    """Send one request to cancel, and wait for its effect for REPEAT seconds.

    A child process sends the request: psycopg2 blocks all threads until the server answers, which may be never.
    """
    child = os.fork()
    if not child:
        try:
            active.cancel()
        finally:
            os._exit(0)
    until = time.monotonic() + REPEAT
    while is_running() and time.monotonic() < until:
        time.sleep(0.01)
    os.kill(child, signal.SIGKILL)
    os.waitpid(child, 0)
