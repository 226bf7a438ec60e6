"""Pairs of schemas over all classes, each proved there, back, and there again; `make fuzz` proves thousands."""

from pathlib import Path

import pytest
from hypothesis import HealthCheck, Phase, assume, given, settings
from sqlalchemy import URL

from tests.fuzz.pairs import Pair, Refused, pairs, project_in, prove_pair
from tests.servers import Maker
from whisper_migrate.errors import Failure


def proved(server: URL, folder: Path, version: int, count: int) -> None:
    project, maker = project_in(folder), Maker(server)

    @settings(
        max_examples=count,
        deadline=None,
        database=None,
        derandomize=True,
        phases=[Phase.generate],
        suppress_health_check=list(HealthCheck),
    )
    @given(pairs(version))
    def prove(pair: Pair) -> None:
        try:
            prove_pair(maker.make, project, pair.before, pair.after, pair.in_file)
        except (Refused, Failure):  # there is no such schema, or no statement that leads to it
            assume(False)
        finally:
            maker.drop()

    try:
        prove()
    finally:
        maker.close()


@pytest.mark.servers("pg18")
def test_pairs_are_proved(server: URL, tmp_path: Path) -> None:
    proved(server, tmp_path, 18, 30)


@pytest.mark.servers("pg15")
def test_pairs_are_proved_on_an_older_server(server: URL, tmp_path: Path) -> None:
    proved(server, tmp_path, 15, 12)
