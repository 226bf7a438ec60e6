"""Random pairs of schemas, each proved there, back, and there again; `make fuzz` proves thousands."""

import pytest
from hypothesis import HealthCheck, Phase, given, settings
from sqlalchemy import URL

from tests.fuzz.pairs import NUMBERS, Pair
from tests.fuzz.prover import Prover

pytestmark = pytest.mark.thorough


def proved(server: URL, version: int, count: int) -> None:
    prover = Prover(server)

    @settings(
        max_examples=count,
        deadline=None,
        database=None,
        derandomize=True,
        phases=[Phase.generate],
        suppress_health_check=list(HealthCheck),
    )
    @given(NUMBERS)
    def prove(number: int) -> None:
        pair = Pair.of(number, version)
        outcome = prover.outcome(pair)
        assert not outcome.failed, f"{outcome.said}\n{pair}"

    try:
        prove()
    finally:
        prover.close()


@pytest.mark.servers("pg18")
def test_pairs_are_proved(server: URL) -> None:
    proved(server, 18, 30)


@pytest.mark.servers("pg15")
def test_pairs_are_proved_on_an_older_server(server: URL) -> None:
    proved(server, 15, 12)
