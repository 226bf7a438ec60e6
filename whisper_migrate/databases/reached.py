"""Remember the server that an address has led to: with several hosts, the next connection may reach another one.

While a connection is open, new connections to its address go to the server it has reached. A shadow created on the
primary is thus not looked for on a standby.
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
    """Return the connection parameters of the server that open connections to this address have reached; else {}."""
    with _lock:
        found = [place for opened, (address, place) in _open.items() if address == _address(url) and not opened.closed]
    return found[0] if found else {}


def remember(url: URL, opened: connection) -> None:
    """Remember the server that a new connection has reached."""
    with _lock:
        _open[opened] = (_address(url), _place(opened))


def _address(url: URL) -> Hashable:
    """Return the URL without its database: shadows have the same address as the database beside them."""
    return url.set(database="")


def _place(opened: connection) -> dict[str, Any]:
    place = {"host": opened.info.host, "port": opened.info.port}
    with socket.socket(fileno=os.dup(opened.fileno())) as other_end:
        if other_end.family in (socket.AF_INET, socket.AF_INET6):
            # The host name must stay, since the certificate is compared with it; hostaddr selects the server of that
            # name.
            place["hostaddr"] = other_end.getpeername()[0]
    return place
