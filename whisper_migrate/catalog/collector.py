"""Spare Python's garbage collector: models and catalogs are many objects and never garbage."""

import gc
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from threading import Lock

_turn = Lock()
_readings: list[bool] = []
_before: list[float] = []
_kept: list[bool] = []  # gc.get_freeze_count() would count all frozen objects


def keep() -> None:
    """Exempt all current objects from garbage collection, for good."""
    gc.freeze()
    _kept[:] = [True]


@contextmanager
def in_haste() -> Iterator[None]:
    """Disable the garbage collector while a catalog is read.

    Reading creates 100,000 objects and no garbage, and collections would take a fifth of the time. A shorter switch
    interval lets the thread that queries the server run more often. Both settings belong to the process. Of several
    threads that read, the first changes the settings and the last restores them.
    """
    with _turn:
        if not _readings:
            _before[:] = [gc.isenabled(), sys.getswitchinterval()]
            gc.disable()
            sys.setswitchinterval(0.0005)
        _readings.append(True)
    try:
        yield
    finally:
        with _turn:
            _readings.pop()
            if not _readings:
                was_enabled, interval = _before
                sys.setswitchinterval(interval)
                if was_enabled:
                    _age()
                    gc.enable()


def _age() -> None:
    """Move all objects to the oldest generation, which the next collection skips. Frozen objects stay frozen."""
    gc.freeze()
    if not _kept:
        gc.unfreeze()
