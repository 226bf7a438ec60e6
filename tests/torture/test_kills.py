"""A few kills; `make torture` does hundreds."""

import random
from pathlib import Path

from tests.torture.kills import Range


def test_kills(place: Path) -> None:
    range_ = Range(place, random.Random())
    range_.learn()
    for kill in (range_.kill_upgrade, range_.kill_upgrade, range_.kill_upgrade, range_.kill_server):
        kill()
