"""What we refuse on purpose, each by name: any other refusal of ours is a failure to plan."""

import re

DELIBERATE = {
    "values of a composite type whose attributes change places": re.compile(
        r"Column .+ holds values of composite type .+, whose attributes change places: no expression can move them over"
    ),
    "type of a partition key": re.compile(r"Column .+ is part of the partition key, and its type cannot change: "),
}


def deliberate(said: str) -> str | None:
    """The name of this refusal; None when nobody has meant it."""
    return next((name for name, pattern in DELIBERATE.items() if pattern.match(said)), None)
