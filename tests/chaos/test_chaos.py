"""A few of the faults; `make chaos` causes all of them."""

from pathlib import Path

import pytest

from tests.chaos.cases import CASES
from tests.chaos.ground import Ground

pytestmark = pytest.mark.thorough

CHEAP = (
    "a proxy drops in a revision",
    "a prepared transaction that holds a lock",
    "options in the URL that make it read-only",
)


def test_faults(place: Path) -> None:
    ground = Ground(place)
    for name in CHEAP:
        CASES[name](ground)
