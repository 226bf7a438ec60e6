"""Find definitions whose constants run another role's code.

PostgreSQL converts a constant such as `'{1}'::prices[]` when it reads the definition of a view, function or policy, not
when the object is used. If the type is a domain or a range, or contains one, the conversion runs the domain's checks or
the range's functions with the rights of the role that creates the object. SET ROLE does not confine them: they can
RESET it.
"""

from __future__ import annotations

from collections.abc import Collection

from whisper_migrate.catalog.model import Catalog, Key
from whisper_migrate.objects import kinds_that

CONVERTED_BY_CODE = kinds_that("converts_constants")


def foreign_code(actual: Catalog, key: Key, trusted: Collection[str]) -> str | None:
    """Return the role whose code may run when PostgreSQL reads the object's definition again; None if there is none.

    `actual` is a catalog with dependencies and owners. `trusted` are the roles whose code may run. Whether an object
    that is needed appears as a constant cannot be known, so every use of its type counts.
    """
    needed: set[Key] = set()
    found = {*actual.requires.get(key, ())}
    while found:
        needed |= found
        parts = {part.key for _, identity in found for part in actual.children(identity)}
        found = {one for each in found for one in actual.requires.get(each, ())} | parts
        found -= needed | {key}
    if not any(kind in CONVERTED_BY_CODE for kind, _ in needed):
        return None
    return next((owner for one in sorted(needed) if (owner := actual.owners.get(one)) and owner not in trusted), None)
