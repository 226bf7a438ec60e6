"""A transaction takes the locks of all its tables before its first statement."""

from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest
from sqlalchemy import URL

from tests.running.attempts import Said, alone, project, run, sql
from tests.running.test_lock_budget import WAITS
from tests.running.test_patience import blocker
from tests.support.little import command
from tests.support.projects import ask, role
from tests.support.servers import until
from whisper_migrate.history.history import History
from whisper_migrate.running.checked import Checked, downgraded, upgraded
from whisper_migrate.running.patience import Patience
from whisper_migrate.running.rehearsal import rehearsal
from whisper_migrate.running.runner import runner
from whisper_migrate.running.way import way

pytestmark = pytest.mark.servers("pg18", "pg15")

TABLES = sql(
    "CREATE SCHEMA s",
    'CREATE TABLE s."B b" (n integer PRIMARY KEY)',
    "CREATE TABLE a (n integer, m integer)",
    "CREATE TABLE c (n integer) PARTITION BY RANGE (n)",
    "CREATE TABLE c1 PARTITION OF c FOR VALUES FROM (0) TO (10)",
    "CREATE MATERIALIZED VIEW v AS SELECT n FROM a",
    "CREATE SEQUENCE tries",
)
EXCLUSIVE = "ACCESS EXCLUSIVE MODE"
ALTERS = ('ALTER TABLE s."B b" ADD COLUMN x integer', "ALTER TABLE a ADD COLUMN x integer")
BOTH = [f"LOCK TABLE ONLY public.a IN {EXCLUSIVE}", f'LOCK TABLE ONLY s."B b" IN {EXCLUSIVE}']
TRIES = "SELECT last_value, is_called FROM tries"


@pytest.mark.parametrize(
    ("body", "locks"),
    [
        (sql(*ALTERS), [BOTH]),
        (sql("SELECT count(*) FROM a", *ALTERS), [BOTH]),
        # Each transaction has its own locks, of the tables that it finds.
        (
            f"{sql(ALTERS[0], 'CREATE TABLE d ()', 'ALTER TABLE a RENAME TO e')}\n{alone('VACUUM d')}\n"
            f"{sql('ALTER TABLE e ADD COLUMN x integer', 'ALTER TABLE d ADD COLUMN x integer')}",
            [BOTH, [f"LOCK TABLE ONLY public.d IN {EXCLUSIVE}", f"LOCK TABLE ONLY public.e IN {EXCLUSIVE}"]],
        ),
        (
            f"{alone('ANALYZE a')}\n{sql('DROP TABLE c')}",
            [[], [f"LOCK TABLE public.c IN {EXCLUSIVE}", f"LOCK TABLE ONLY public.c1 IN {EXCLUSIVE}"]],
        ),
        # Rows are changed first: readers are not kept away meanwhile.
        (sql("UPDATE a SET n = 1", *ALTERS), [[]]),
        (sql("WITH gone AS (DELETE FROM a RETURNING n) SELECT * FROM gone", *ALTERS), [[]]),
        (sql(ALTERS[1], "UPDATE a SET n = 1", ALTERS[0]), [BOTH]),
        (
            sql('ALTER TABLE a ADD FOREIGN KEY (n) REFERENCES s."B b" (n)'),
            [
                [
                    "LOCK TABLE ONLY public.a IN SHARE ROW EXCLUSIVE MODE",
                    'LOCK TABLE ONLY s."B b" IN SHARE ROW EXCLUSIVE MODE',
                ]
            ],
        ),
        (
            sql(
                "CREATE TABLE c2 (n integer)",
                "ALTER TABLE c ATTACH PARTITION c2 FOR VALUES FROM (10) TO (20)",
                "DROP MATERIALIZED VIEW v",
            ),
            [["LOCK TABLE ONLY public.c IN SHARE UPDATE EXCLUSIVE MODE"]],
        ),
        (
            sql("ALTER TABLE c ADD COLUMN x integer"),
            [[f"LOCK TABLE public.c IN {EXCLUSIVE}", f"LOCK TABLE ONLY public.c1 IN {EXCLUSIVE}"]],
        ),
        (sql("CREATE TABLE d (n integer)", "INSERT INTO d VALUES (1)", ALTERS[1]), [BOTH[:1]]),
        (sql("CREATE INDEX ON a (n)"), [["LOCK TABLE ONLY public.a IN SHARE MODE"]]),
        ("pass", [[]]),
    ],
)
def test_locks_of_each_transaction(tmp_path: Path, database: URL, body: str, locks: list[list[str]]) -> None:
    made = project(tmp_path, TABLES, body)
    history = History(made)
    with rehearsal(history, database, ["r1"]) as ahead:
        ahead.hurry(way(history, "upgrade", "r2", ["r1"]))
    assert [[lock.sql for lock in transaction] for transaction in ahead.locks["r2"]] == locks


@pytest.mark.parametrize("sort", ["first transaction", "later transaction", "downgrade"])
def test_no_statement_runs_before_all_locks_are_there(tmp_path: Path, database: URL, sort: str) -> None:
    """A sequence keeps a number that was taken from it, even if the transaction is rolled back."""
    body = sql("SELECT nextval('tries')", *ALTERS)
    if sort == "later transaction":
        body = f"{alone('ANALYZE a')}\n{body}"
    direction, target, ready = ("downgrade", "r1", "head") if sort == "downgrade" else ("upgrade", "head", "r1")
    made = project(tmp_path, TABLES, *([sql("SELECT 1")] if sort == "downgrade" else [body]), downs=("pass", body))
    run(made, database, ready)

    def checked() -> Checked:
        times = Patience(lock_timeout=0.2, retry_for=120)
        with runner(made, database, direction, target, lambda _: None, times, Said()) as prepared:
            if sort == "downgrade":
                return downgraded(prepared, lambda _: None, word=None)
            return upgraded(prepared, lambda _: None)

    with blocker(database, 'SELECT FROM s."B b"') as other, ThreadPoolExecutor(1) as pool:
        running = pool.submit(checked)
        for waits in (True, False):
            until(lambda waits=waits: bool(ask(database, WAITS)) == waits or running.done())
        assert not running.done(), running.result()
        assert ask(database, TRIES) == [(1, False)]
        other.close()
        running.result()
    assert ask(database, TRIES) == [(1, True)]


def test_tables_that_are_missing_or_belong_to_others_are_left_out(
    tmp_path: Path, database: URL, capsys: pytest.CaptureFixture[str]
) -> None:
    """A foreign key needs no right to lock the table that it refers to."""
    made = project(
        tmp_path,
        sql(
            "CREATE TABLE IF NOT EXISTS other (n integer PRIMARY KEY)",
            "CREATE TABLE own (n integer)",
            "CREATE TABLE gone ()",
        ),
        sql("ALTER TABLE own ADD FOREIGN KEY (n) REFERENCES other", "DROP TABLE IF EXISTS gone"),
    )
    ask(database, "CREATE TABLE other (n integer PRIMARY KEY)")
    with role(database, "CREATEDB") as low:
        ask(
            database, f"GRANT REFERENCES ON other TO {low.username}", f"GRANT CREATE ON SCHEMA public TO {low.username}"
        )
        command(capsys, made, low, "upgrade", "r1", "--despite-drift")
        ask(database, "DROP TABLE gone")
        said = command(capsys, made, low, "upgrade", "--despite-drift")
        assert "Upgraded from r1 to r2" in said.out, said
        assert ask(database, "SELECT confrelid::regclass::text FROM pg_constraint WHERE contype = 'f'") == [("other",)]
