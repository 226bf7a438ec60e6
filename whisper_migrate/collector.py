"""What Python's garbage collector need not look through again: models and catalogs are many objects, and no garbage."""

import gc

_kept: list[bool] = []  # gc.get_freeze_count() would tell, by counting all that is frozen


def keep() -> None:
    """Never look again through what is there by now."""
    gc.freeze()
    _kept[:] = [True]


def age() -> None:
    """Count all that is there as old: what is young would be looked through at the next chance. What is kept stays."""
    gc.freeze()
    if not _kept:
        gc.unfreeze()
