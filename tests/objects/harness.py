"""Steps that the tests of all kinds have in common: a change is reported and reverted, and no difference is left."""

from collections.abc import Sequence
from dataclasses import dataclass

import pytest

from tests.conftest import MakeDatabase
from tests.objects.database import an_empty_database, apply, catalog
from whisper_migrate.catalog.describe import line
from whisper_migrate.catalog.document import dumps, loads, same
from whisper_migrate.catalog.model import diff
from whisper_migrate.planning.locality import stays
from whisper_migrate.planning.plan import plan, statements
from whisper_migrate.state.repair import NO_BODY_CHECKS


@dataclass(frozen=True)
class Case:
    """SQL that sets up a database, SQL that changes it, and the beginnings of the reported lines.

    `since` is the first major version of PostgreSQL that supports the statements.
    """

    name: str
    before: str
    change: str
    named: Sequence[str]
    since: int = 14

    def __str__(self) -> str:
        return self.name


def assert_round_trip(make_database: MakeDatabase, case: Case) -> None:
    """Require that the change is reported, and that plans revert it and make it again without a difference left."""
    if make_database.version < case.since:
        pytest.skip(f"PostgreSQL {case.since} has this, {make_database.version} has not")
    with an_empty_database(make_database) as connection:
        apply(connection, case.before)
        clean = catalog(connection)
        apply(connection, case.change)
        drifted = catalog(connection)
        assert same(loads(dumps(drifted) or ""), drifted), "the cache cannot keep it"
        lines = [line(change) for change in diff(clean, drifted)]
        for expected in case.named:
            assert any(found.startswith(expected) for found in lines), (expected, lines)
        assert lines, "the change was not seen"
        if not case.named:
            return
        found = drifted
        for goal in (clean, drifted):
            apply(connection, NO_BODY_CHECKS, *statements(plan(found, goal)))
            found = catalog(connection)
            left = [line(change) for change in diff(goal, found) if not stays(change)]
            assert left == [], left


def assert_no_change(make_database: MakeDatabase, before: str, change: str) -> None:
    """Require that a change is not reported, because it does not concern the schema."""
    with an_empty_database(make_database) as connection:
        apply(connection, before)
        clean = catalog(connection)
        apply(connection, change)
        assert [line(found) for found in diff(clean, catalog(connection))] == []
