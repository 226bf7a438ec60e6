"""Subscriptions: seen in their own database only, compared, and never shown with their connection string."""

from collections.abc import Iterator
from contextlib import contextmanager

import pytest
from sqlalchemy import URL, Connection

from tests.conftest import MakeDatabase
from tests.objects.harness import apply, catalog
from tests.objects.roles import ROLES
from tests.support.connections import connected
from whisper_migrate.catalog.describe import line
from whisper_migrate.catalog.model import diff
from whisper_migrate.errors import Failure
from whisper_migrate.planning.plan import plan, statements

CREATE = (
    "CREATE SUBSCRIPTION \"Sub\" CONNECTION 'host=nowhere password=s3cret' PUBLICATION a, b"
    " WITH (connect = false, slot_name = NONE, enabled = false)"
)
DROP = 'DROP SUBSCRIPTION IF EXISTS "Sub"'


@contextmanager
def subscribed(url: URL) -> Iterator[Connection]:
    """Connect to this database, which has a subscription meanwhile: with one, it could not be dropped."""
    with connected(url) as connection:
        apply(connection, ROLES, CREATE)
        try:
            yield connection
        finally:
            connection.rollback()
            apply(connection, DROP)


ALTERED = {
    "publications": ('ALTER SUBSCRIPTION "Sub" SET PUBLICATION b, c WITH (refresh = false)', 14),
    "binary": ('ALTER SUBSCRIPTION "Sub" SET (binary = true)', 14),
    "streaming": ('ALTER SUBSCRIPTION "Sub" SET (streaming = on)', 14),
    "synchronous commit": ("ALTER SUBSCRIPTION \"Sub\" SET (synchronous_commit = 'local')", 14),
    "disable on error": ('ALTER SUBSCRIPTION "Sub" SET (disable_on_error = true)', 15),
    "origin": ('ALTER SUBSCRIPTION "Sub" SET (origin = none)', 16),
    "run as owner": ('ALTER SUBSCRIPTION "Sub" SET (run_as_owner = true)', 16),
    "password required": ('ALTER SUBSCRIPTION "Sub" SET (password_required = false)', 16),
}


@pytest.mark.parametrize("name", ALTERED)
def test_altered(make_database: MakeDatabase, name: str) -> None:
    sql, since = ALTERED[name]
    with subscribed(make_database()) as connection:
        if make_database.version < since:
            pytest.skip(f"PostgreSQL {since} has this, {make_database.version} has not")
        clean = catalog(connection)
        apply(connection, sql)
        drifted = catalog(connection)
        (change,) = diff(clean, drifted)
        assert line(change).startswith(f'~ subscription "Sub": {name}')
        for start, goal in ((drifted, clean), (clean, drifted)):
            apply(connection, *statements(plan(start, goal)))
            assert [line(change) for change in diff(catalog(connection), goal)] == []


def test_connection_string(make_database: MakeDatabase) -> None:
    with subscribed(make_database()) as connection:
        clean = catalog(connection)
        apply(connection, "ALTER SUBSCRIPTION \"Sub\" CONNECTION 'host=nowhere password=0ther'")
        drifted = catalog(connection)
        (change,) = diff(clean, drifted)
        assert line(change).startswith('~ subscription "Sub": connection')
        assert "s3cret" not in repr(clean) + line(change) and "0ther" not in repr(drifted) + line(change)
        with pytest.raises(Failure, match="connection string"):
            plan(drifted, clean)


def test_added_and_dropped(make_database: MakeDatabase) -> None:
    with subscribed(make_database()) as connection:
        drifted = catalog(connection)
        with connected(make_database()) as other:  # pg_subscription exists there, too
            clean = catalog(other)
        (change,) = diff(clean, drifted)
        assert line(change).startswith('+ subscription "Sub"')
        with pytest.raises(Failure, match='"Sub" has to be created by hand'):
            plan(clean, drifted)
        apply(connection, *statements(plan(drifted, clean)))
        assert diff(clean, catalog(connection)) == []


def test_what_a_role_cannot_read(make_database: MakeDatabase) -> None:
    url = make_database()
    with subscribed(url) as connection:
        assert catalog(connection).unreadable == ()
        with connected(url.set(username="keeper")) as ordinary:
            found = catalog(ordinary)
        assert [text for text in found.unreadable if "1 subscription" in text]
        assert found["subscription", '"Sub"']["publications"] == ("a", "b")
    with connected(url.set(username="keeper")) as ordinary:
        assert catalog(ordinary).unreadable == ()
