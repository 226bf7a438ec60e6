"""The placeholder for an SQL expression in a drafted backfill."""

import re

PLACE = "<expression>"
# As an assignment in a backfill. A label or a comment may contain the same letters.
_ASSIGNED = re.compile(rf"(?<= = ){PLACE}(?=\s|$)", re.MULTILINE)


def is_unwritten(source: str) -> bool:
    """Whether source code still has a placeholder outside Python comments."""
    return any(_ASSIGNED.search(line) and not line.lstrip().startswith("#") for line in source.splitlines())


def written(source: str, expression: str) -> str:
    """Return `source` with each placeholder replaced by this expression."""
    return _ASSIGNED.sub(lambda _: expression, source)
