"""A database of v1.0.6 with rows in every table, created once per server as a template."""

import os
from collections.abc import Iterator
from contextlib import closing

import pytest
from sqlalchemy import URL

from tests import servers
from tests.standing import v106


@pytest.fixture(scope="session")
def old(server: URL) -> Iterator[URL]:
    name = f"test_v106_{os.getpid()}"
    with closing(servers.connect(server)) as maintenance, maintenance.cursor() as cursor:
        cursor.execute(f"CREATE DATABASE {name} TEMPLATE template0")
        yield v106.with_rows(v106.reworded(v106.built(server.set(database=name))))
        cursor.execute(f"DROP DATABASE {name} WITH (FORCE)")
