"""What Python's garbage collector need not look through again: models and catalogs are many objects, and no garbage."""

import gc
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from threading import Lock

_turn = Lock()
_readings: list[bool] = []
_before: list[float] = []
_kept: list[bool] = []  # gc.get_freeze_count() would tell, by counting all that is frozen


def keep() -> None:
    """Never look again through what is there by now."""
    gc.freeze()
    _kept[:] = [True]


@contextmanager
def in_haste() -> Iterator[None]:
    """A reading makes 100,000 objects and no garbage: the collector would look for some for a fifth of its time.

    The thread that asks the server, too, should not wait until the one that makes objects takes a break. Both settings
    are the whole process's: of readings in several threads, the first one changes them and the last one restores them.
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
    """Count all that is there as old: what is young would be looked through at the next chance. What is kept stays."""
    gc.freeze()
    if not _kept:
        gc.unfreeze()
