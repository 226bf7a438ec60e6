"""The time that a transaction may wait for locks is for all of its statements, because it keeps the locks it has."""

from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest
from sqlalchemy import URL

from tests.running.attempts import alone, project, run, sql
from tests.running.test_patience import blocker
from tests.support.projects import ask
from tests.support.servers import until

pytestmark = pytest.mark.servers("pg18", "pg15")

WAITS = "SELECT pid FROM pg_stat_activity WHERE wait_event_type = 'Lock' AND datname = current_database()"
LOCKS = "CREATE FUNCTION locks() RETURNS void LANGUAGE sql AS 'LOCK TABLE t'"
LEFT = "INSERT INTO seen (setting) SELECT current_setting('lock_timeout')"


@pytest.mark.parametrize(
    ("body", "left"),
    [
        (sql("ALTER TABLE t ADD COLUMN m integer", LEFT, LEFT), [True, True]),
        # Each transaction has the full time.
        (f"{sql('ALTER TABLE t ADD COLUMN m integer', LEFT)}\n{alone('VACUUM t')}\n{sql(LEFT)}", [True, False]),
        # Every statement counts: a SELECT, a function call, a statement of a driver's cursor.
        (sql("SELECT * FROM t FOR UPDATE", LEFT), [True]),
        (sql("SELECT locks()", LEFT), [True]),
        (f"op.get_bind().connection.cursor().execute('LOCK TABLE t')\n{sql(LEFT)}", [True]),
        # A lock_timeout that a revision sets takes precedence.
        (sql("SET LOCAL lock_timeout = '25s'", "ALTER TABLE t ADD COLUMN m integer", LEFT), [False]),
        (sql("SELECT set_config('lock_timeout', '25s', true)", "LOCK TABLE t", LEFT), [False]),
    ],
    ids=["one transaction", "two transactions", "a SELECT", "a function", "a cursor", "its own", "its own, set so"],
)
def test_a_statement_has_what_the_ones_before_it_left(
    tmp_path: Path, database: URL, body: str, left: list[bool]
) -> None:
    tables = sql("CREATE TABLE t (n integer)", "CREATE TABLE seen (number serial, setting text)", LOCKS)
    made = project(tmp_path, tables, body)
    run(made, database, "r1")
    with blocker(database, "LOCK TABLE t") as other, ThreadPoolExecutor(1) as pool:
        running = pool.submit(run, made, database, lock_timeout=20)
        until(lambda: ask(database, WAITS))
        other.close()
        running.result()
    seen = [str(setting) for (setting,) in ask(database, "SELECT setting FROM seen ORDER BY number")]
    assert [setting.endswith("ms") and int(setting[:-2]) < 20_000 for setting in seen] == left
