"""The embedded server against everything that has gone wrong with one."""

from sqlalchemy import URL

from tests import servers


def test_database_is_empty(database: URL) -> None:
    assert database.database in servers.databases(database)
