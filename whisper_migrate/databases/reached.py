"""Which server an address has led to: one with several hosts, or a name of several servers, may lead elsewhere next.

As long as a connection is open, other connections to the same address go to the server that it has reached: a shadow
that was made on the primary is not looked for on a standby.
"""

from __future__ import annotations

import os
import socket
from collections.abc import Hashable
from threading import Lock
from typing import TYPE_CHECKING, Any
from weakref import WeakKeyDictionary

from sqlalchemy import URL

if TYPE_CHECKING:
    from psycopg2.extensions import connection

_open: WeakKeyDictionary[connection, tuple[Hashable, dict[str, Any]]] = WeakKeyDictionary()
_lock = Lock()


def server(url: URL) -> dict[str, Any]:
    """The connection parameters of the server that open connections to this address have reached; else none."""
    with _lock:
        found = [place for opened, (address, place) in _open.items() if address == _address(url) and not opened.closed]
    return found[0] if found else {}


def remember(url: URL, opened: connection) -> None:
    """Take note of the server that a new connection has reached."""
    with _lock:
        _open[opened] = (_address(url), _place(opened))


def _address(url: URL) -> Hashable:
    """All that a URL says but the database: it is the server's address for the shadows beside a database, too."""
    return url.set(database="")


def _place(opened: connection) -> dict[str, Any]:
    place = {"host": opened.info.host, "port": opened.info.port}
    with socket.socket(fileno=os.dup(opened.fileno())) as other_end:
        if other_end.family in (socket.AF_INET, socket.AF_INET6):
            # The name stays, which a certificate is compared with; hostaddr says which server of that name.
            place["hostaddr"] = other_end.getpeername()[0]
    return place
