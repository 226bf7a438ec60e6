"""A proxy between a client and a server that stalls, drops or resets connections on demand."""

from __future__ import annotations

import contextlib
import socket
import struct
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from enum import Enum
from threading import Event, Lock, Thread

from sqlalchemy import URL


class Fault(Enum):
    """The effect on a connection."""

    STALL = "stalls"  # it stays open, but transmits nothing in either direction
    DROP = "drops"  # both sides see it closed
    RESET = "resets"  # both sides see a reset


@dataclass
class Proxy:
    """Forwards data between clients and the server at `behind`; `fault` begins when a client sends `trigger`."""

    listening: socket.socket
    behind: URL
    fault: Fault | None = None
    trigger: bytes = b""
    everybody: bool = False  # the fault affects all connections, even new ones, not just the one that sent the trigger
    struck: Event = field(default_factory=Event)
    _pairs: list[tuple[socket.socket, socket.socket]] = field(default_factory=list)
    _stalled: set[int] = field(default_factory=set)
    _lock: Lock = field(default_factory=Lock)

    @property
    def port(self) -> int:
        return int(self.listening.getsockname()[1])

    @property
    def url(self) -> URL:
        """The server's URL through this proxy."""
        return self.behind.difference_update_query(["host", "port"]).set(host="127.0.0.1", port=self.port)

    def strike(self, fault: Fault) -> None:
        """Apply the fault to all connections, open and new ones."""
        self.fault, self.everybody = fault, True
        for number, pair in enumerate(list(self._pairs)):
            self._harm(number, pair)
        self.struck.set()

    def heal(self) -> None:
        """Let new connections through again; stalled ones remain stalled."""
        self.fault, self.everybody, self.trigger = None, False, b""

    def serve(self) -> None:
        """Accept clients until the proxy is closed."""
        with contextlib.suppress(OSError):
            while True:
                client, _ = self.listening.accept()
                server = _connected(self.behind)
                with self._lock:
                    number = len(self._pairs)
                    self._pairs.append((client, server))
                for one, other in ((client, server), (server, client)):
                    Thread(target=self._pass, args=(number, one, other, one is client), daemon=True).start()
                if self.everybody:
                    self._harm(number, (client, server))

    def close(self) -> None:
        """Stop the proxy and close all connections."""
        with contextlib.suppress(OSError):
            self.listening.shutdown(socket.SHUT_RDWR)
        self.listening.close()
        for pair in self._pairs:
            for end in pair:
                with contextlib.suppress(OSError):
                    end.shutdown(socket.SHUT_RDWR)
                end.close()

    def _pass(self, number: int, one: socket.socket, other: socket.socket, is_client: bool) -> None:
        last = b""
        with contextlib.suppress(OSError):
            while data := one.recv(65536):
                if (
                    is_client
                    and self.fault
                    and self.trigger
                    and self.trigger in last + data
                    and not self.struck.is_set()
                ):
                    self._strike(number)
                if number in self._stalled:
                    Event().wait()
                last = data[-len(self.trigger) :]
                other.sendall(data)
        if number not in self._stalled:
            for end in (one, other):
                with contextlib.suppress(OSError):
                    end.shutdown(socket.SHUT_RDWR)

    def _strike(self, number: int) -> None:
        pairs = list(enumerate(self._pairs)) if self.everybody else [(number, self._pairs[number])]
        for index, pair in pairs:
            self._harm(index, pair)
        self.struck.set()

    def _harm(self, number: int, pair: tuple[socket.socket, socket.socket]) -> None:
        if self.fault is Fault.STALL:
            self._stalled.add(number)
            return
        for end in pair:
            with contextlib.suppress(OSError):
                if self.fault is Fault.RESET:
                    end.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
                    end.close()
                else:
                    end.shutdown(socket.SHUT_RDWR)


@contextmanager
def proxy(behind: URL, port: int = 0) -> Iterator[Proxy]:
    """Start a proxy for a server, on a port of this machine."""
    made = Proxy(socket.create_server(("127.0.0.1", port)), behind)
    Thread(target=made.serve, daemon=True).start()
    try:
        yield made
    finally:
        made.close()


def _connected(url: URL) -> socket.socket:
    host, port = url.query.get("host") or url.host, url.query.get("port") or url.port or 5432
    if str(host).startswith("/"):
        made = socket.socket(socket.AF_UNIX)
        made.connect(f"{host}/.s.PGSQL.{port}")
        return made
    return socket.create_connection((str(host), int(str(port))))
