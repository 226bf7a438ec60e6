"""The place in a drafted backfill for the expression that its author is yet to write."""

import re

PLACE = "<expression>"
# As a backfill has it. A label or a comment can have these letters too.
_ASSIGNED = re.compile(rf"(?<= = ){PLACE}(?=\s|$)", re.MULTILINE)


def is_unwritten(source: str) -> bool:
    """Whether some of this is still a place for an expression; a comment in Python is none."""
    return any(_ASSIGNED.search(line) and not line.lstrip().startswith("#") for line in source.splitlines())


def written(source: str, expression: str) -> str:
    """`source` with this expression in each place for one."""
    return _ASSIGNED.sub(lambda _: expression, source)
