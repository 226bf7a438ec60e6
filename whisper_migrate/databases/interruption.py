"""Signals in the middle of a statement: Python hears of one when the statement is over, so a thread ends that."""

from __future__ import annotations

import os
import signal
from contextlib import suppress
from functools import cache
from threading import Lock, Thread
from typing import TYPE_CHECKING
from weakref import WeakSet

if TYPE_CHECKING:
    from psycopg2.extensions import connection

ENDING = (signal.SIGINT, signal.SIGTERM)

_open: WeakSet[connection] = WeakSet()
_turn = Lock()  # a set that grows cannot be walked through


def interruptible(opened: connection) -> None:
    """Let a signal cancel what this connection is doing, once `listen` was called."""
    with _turn:
        _open.add(opened)


@cache
def listen() -> None:
    """From now on SIGINT and SIGTERM cancel every running statement; their handlers are called right afterwards."""
    heard, tell = os.pipe()
    os.set_blocking(tell, False)
    signal.set_wakeup_fd(tell, warn_on_full_buffer=False)
    Thread(target=_cancel, args=(heard,), daemon=True).start()


def _cancel(heard: int) -> None:
    from psycopg2 import Error
    from psycopg2.extensions import TRANSACTION_STATUS_ACTIVE

    while number := os.read(heard, 1):
        if number[0] in ENDING:
            # Those of this moment: what is begun later may be the cleaning up.
            with _turn:
                opened = [*_open]
            for active in [one for one in opened if one.info.transaction_status == TRANSACTION_STATUS_ACTIVE]:
                with suppress(Error):
                    active.cancel()
