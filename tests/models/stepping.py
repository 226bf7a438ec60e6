"""Steps of this project's own history on a database with rows."""

from collections.abc import Sequence
from contextlib import closing

from sqlalchemy import URL

from tests.support.projects import ROOT
from tests.support.servers import connect
from whisper_migrate.project.project import Project
from whisper_migrate.running import runner

PROJECT = Project(ROOT)
BASELINE = "20251011_baseline_v106"

Row = tuple[object, ...]


def ask(database: URL, query: str, *values: object) -> list[Row]:
    """Execute a statement with these values, and return its rows."""
    with closing(connect(database)) as connection, connection.cursor() as cursor:
        cursor.execute(query, values or None)
        return list(cursor.fetchall()) if cursor.description else []


def insert(database: URL, table: str, columns: str, rows: Sequence[Row]) -> None:
    """Insert rows into the columns of a table."""
    places = ", ".join(["%s"] * len(rows[0]))
    with closing(connect(database)) as connection, connection.cursor() as cursor:
        cursor.executemany(f"INSERT INTO {table} ({columns}) VALUES ({places})", rows)


def up(database: URL, target: str = "head") -> None:
    runner.upgrade(PROJECT, database, target, lambda applied: None)


def down(database: URL, target: str = "-1") -> None:
    """Downgrade the database, also where rows are lost."""
    runner.downgrade(PROJECT, database, target, lambda applied: None)
