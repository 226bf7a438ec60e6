"""A few kills; `make torture` does hundreds."""

import random
from pathlib import Path

import pytest

from tests.torture.kills import Range

pytestmark = pytest.mark.thorough


def test_kills(place: Path) -> None:
    range_ = Range(place, random.Random())
    range_.learn()
    for kill in (range_.kill_upgrade, range_.kill_upgrade, range_.kill_upgrade, range_.kill_server):
        kill()
