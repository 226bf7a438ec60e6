"""Drafts in their online form, while other sessions write to the same table."""

from concurrent.futures import ThreadPoolExecutor
from contextlib import closing
from pathlib import Path
from time import monotonic
from typing import Any

import pytest
from sqlalchemy import URL, Engine, event

from tests.support.drafting import edited
from tests.support.little import execute, value
from tests.support.projects import ask
from tests.support.servers import connect
from whisper_migrate.revisions.draft import draft
from whisper_migrate.running.runner import upgrade
from whisper_migrate.state.drift import check

pytestmark = [pytest.mark.servers("pg18"), pytest.mark.thorough]

A, B = 'sa.Column("a", sa.Integer), ', 'sa.Column("b", sa.Text), '
TABLE = 'sa.Table("t", metadata, sa.Column("id", sa.Integer, primary_key=True), {})\n'
WRITE = "INSERT INTO t (a, b) VALUES (0, 'x')"


@pytest.mark.parametrize(
    ("before", "after", "waits"),
    [
        (A + B, f'{A}{B} sa.Index("i", "a")', "CREATE INDEX CONCURRENTLY"),
        (f'{A}{B} sa.Index("i", "a")', A + B, "DROP INDEX CONCURRENTLY"),
    ],
)
def test_others_write_meanwhile(
    tmp_path: Path, server: URL, database: URL, before: str, after: str, waits: str
) -> None:
    """An open transaction that has written delays the upgrade; without the online form, other writers would wait."""
    project = edited(tmp_path, TABLE.format(before))
    draft(project, server, "before")
    upgrade(project, database, "head", lambda _: None)
    execute(database, "INSERT INTO t SELECT n, n, n::text FROM generate_series(100, 999) AS n")
    project = edited(tmp_path, TABLE.format(after))
    draft(project, server, "after", online=True)
    with ThreadPoolExecutor(1) as pool, closing(connect(database)) as writing:
        writing.autocommit = False
        writing.cursor().execute(WRITE)
        running = pool.submit(upgrade, project, database, "head", lambda _: None)
        end = monotonic() + 60
        query = f"SELECT count(*) FROM pg_stat_activity WHERE query LIKE '%{waits}%' AND wait_event_type = 'Lock'"
        while not value(database, query):
            assert monotonic() < end and not running.done(), running
        execute(database, "SET lock_timeout = '10s'", WRITE)
        writing.commit()
        running.result()
    assert value(database, "SELECT count(*) FROM t") == 902
    assert check(project, server, database).clean


@pytest.mark.parametrize(
    ("after", "allow"),
    [
        (f'{A}{B} sa.ForeignKeyConstraint(["a"], ["t.id"], name="c")', "add-constraint c on t"),
        (f'sa.Column("a", sa.Integer, nullable=False), {B}', "set-not-null t.a"),
    ],
)
def test_rows_are_looked_at_beside_a_writer(tmp_path: Path, server: URL, database: URL, after: str, allow: str) -> None:
    project = edited(tmp_path, TABLE.format(A + B))
    draft(project, server, "before")
    upgrade(project, database, "head", lambda _: None)
    execute(database, "INSERT INTO t SELECT n, n, n::text FROM generate_series(100, 999) AS n")
    project = edited(tmp_path, TABLE.format(after))
    draft(project, server, "after", online=True, allowed=[allow])
    writers = []

    def begins(_: Any, cursor: Any, statement: str, *__: Any) -> None:
        if " VALIDATE CONSTRAINT " in statement:
            writers.append(connect(database))
            writers[-1].autocommit = False
            writers[-1].cursor().execute("UPDATE t SET b = 'y' WHERE id = 100")
            cursor.execute("SET lock_timeout = '10s'")

    def ends(_: Any, cursor: Any, statement: str, *__: Any) -> None:
        if " VALIDATE CONSTRAINT " in statement:
            writers[-1].close()

    events = (("before_cursor_execute", begins), ("after_cursor_execute", ends))
    for name, hears in events:
        event.listen(Engine, name, hears)
    try:
        upgrade(project, database, "head", lambda _: None)
    finally:
        for name, hears in events:
            event.remove(Engine, name, hears)
    assert len(writers) == 1 and check(project, server, database).clean


PAIR = 'sa.CheckConstraint("a < b", name="ordered")'
C, D = 'sa.Column("a", sa.Integer), ', 'sa.Column("b", sa.Integer), '
TWO_SET = 'sa.Column("a", sa.Integer, nullable=False), sa.Column("b", sa.Integer, nullable=False), '


@pytest.mark.parametrize(
    ("before", "after", "there"),
    [
        (C + D, TWO_SET, [(1, 5, 7), (2, 3, 9), (3, 5, 9)]),
        ("", TWO_SET, [(1, 5, 9), (2, 5, 9), (3, 5, 9)]),
        (C + D, TWO_SET + PAIR, [(1, 5, 7), (2, 3, 9), (3, 5, 9)]),
    ],
    ids=["columns", "new columns", "a check of both"],
)
def test_several_backfills_of_a_table_run_on_rows(
    tmp_path: Path, server: URL, database: URL, before: str, after: str, there: list[tuple[int, ...]]
) -> None:
    """No backfill meets a row that keeps a rule only after the next backfill."""
    project = edited(tmp_path, TABLE.format(before))
    draft(project, server, "before")
    upgrade(project, database, "head", lambda _: None)
    rows = "(a, b) VALUES (NULL, 7), (3, NULL), (NULL, NULL)" if before else "SELECT generate_series(1, 3)"
    execute(database, f"INSERT INTO t {rows}")
    project = edited(tmp_path, TABLE.format(after))
    draft(project, server, "after", online=True, filling=["t.a=5", "t.b=9"])
    upgrade(project, database, "head", lambda _: None)
    assert ask(database, "SELECT id, a, b FROM t ORDER BY id") == there
    assert check(project, server, database).clean
