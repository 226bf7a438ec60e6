"""A revision's changes to its session are undone before its stamp is written and before the next revision runs.

In a run, in a shadow, and in a script for psql.
"""

import signal
from pathlib import Path

import pytest
from sqlalchemy import URL

from tests.running.attempts import alone, project, run, sql
from tests.running.test_offline import psql, write
from tests.support.projects import ask
from whisper_migrate.databases import interruption
from whisper_migrate.databases.connect import connected
from whisper_migrate.databases.shadow import shadows
from whisper_migrate.history.history import History

BEFORE = sql("CREATE SCHEMA IF NOT EXISTS other", "CREATE TABLE wanted (n integer)")
# Changes to the session, or only to the transaction.
LEAVES = {
    "a schema": sql("SET search_path = other"),
    "a schema, for the transaction": sql("SET LOCAL search_path = other"),
    "no schema, as pg_dump": sql("SELECT pg_catalog.set_config('search_path', '', false)"),
    "a schema, by a cursor": "op.get_bind().connection.cursor().execute('SET search_path = other')",
    "a schema, in a block": alone("SET search_path = other"),
    "everything reset": f"{sql('RESET ALL')}\n{alone('DISCARD ALL')}\n{sql('SET search_path = other')}",
    "a role": sql("SET ROLE pg_monitor"),
    "a role, for the transaction": sql("SET LOCAL ROLE pg_monitor"),
    "a user": sql("SET SESSION AUTHORIZATION pg_monitor"),
    "a setting": sql("SET default_transaction_read_only = on", "SET check_function_bodies = on"),
    "a setting of the application's": sql("SET app.tenant = '7'"),
    "a temporary table": sql("CREATE TEMP TABLE wanted (n integer)"),
    "an open cursor on one": f"{sql('CREATE TEMP TABLE wanted AS SELECT generate_series(1, 9)')}\n"
    "rows = sa.text('SELECT * FROM wanted').execution_options(yield_per=2)\nop.get_bind().execute(rows).fetchone()",
    "a prepared statement": sql("PREPARE p AS SELECT 1"),
}
# In a session with those changes, each of these means something else, or fails.
THEN = sql(
    "ALTER TABLE wanted ADD m integer",
    "CREATE TABLE made (n integer)",
    "PREPARE p AS SELECT 1",
    "CREATE FUNCTION f() RETURNS integer LANGUAGE sql AS 'SELECT n FROM not_yet'",
    "DO $$ BEGIN ASSERT coalesce(current_setting('app.tenant', true), '') = ''; END $$",
)
STATE = """
SELECT (SELECT version_num FROM alembic_version), to_regclass('public.made') IS NOT NULL,
       EXISTS (SELECT FROM pg_attribute WHERE attrelid = 'public.wanted'::regclass AND attname = 'm'),
       pg_get_userbyid(relowner) = current_user
FROM pg_class WHERE oid = to_regclass('public.made')"""
UNDO = ("DROP TABLE public.wanted, public.made, alembic_version, whisper_ledger", "DROP FUNCTION public.f")


@pytest.mark.thorough
def test_nothing_is_left(tmp_path: Path, database: URL) -> None:
    for number, (name, leaves) in enumerate(LEAVES.items()):
        made = project(tmp_path / str(number), f"{BEFORE}\n{leaves}", THEN)
        run(made, database)
        assert ask(database, STATE) == [("r2", True, True, True)], name
        ask(database, *UNDO)
        with shadows(database) as throwaway, connected(shadow := throwaway.create("one")) as connection:
            History(made).replay(connection)
            assert ask(shadow, STATE) == [("r2", True, True, True)], name
        ask(database, "DROP TABLE IF EXISTS whisper_journal")
        if "get_bind" not in leaves:
            done = psql(database, write(made, "upgrade", "head"))
            assert done.returncode == 0 and ask(database, STATE) == [("r2", True, True, True)], (name, done.stderr)
            ask(database, *UNDO)


@pytest.mark.servers("pg18")
def test_a_signal_before_the_run_is_none_of_its_own(
    tmp_path: Path, database: URL, monkeypatch: pytest.MonkeyPatch
) -> None:
    """An application that has lived through a signal may run revisions later."""
    monkeypatch.setattr(interruption, "heard", [signal.SIGTERM])
    received = []
    before = signal.signal(signal.SIGTERM, lambda number, _: received.append(number))
    try:
        assert run(project(tmp_path, BEFORE), database).after == ["r1"]
    finally:
        signal.signal(signal.SIGTERM, before)
    assert received == []
