"""A run never waits long: for locks, in deadlocks, or for a database that is not there yet."""

import socket
import time
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import closing, contextmanager
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import URL

from tests.running.attempts import AUTOCOMMIT, Said, alone, project, run, sql
from tests.support import servers
from tests.support.projects import ask
from tests.support.servers import until
from whisper_migrate.databases.settings import parse
from whisper_migrate.errors import Failure
from whisper_migrate.running.patience import Patience
from whisper_migrate.running.waiting import await_database

TABLE = sql("CREATE TABLE t (id serial PRIMARY KEY, n integer)", "INSERT INTO t (n) SELECT generate_series(1, 9)")
ALTER = "ALTER TABLE t ADD COLUMN m integer"

pytestmark = pytest.mark.servers("pg18")


@contextmanager
def blocker(url: URL, *statements: str) -> Iterator[Any]:
    """An open transaction of another session."""
    with closing(servers.connect(url)) as connection, connection.cursor() as cursor:
        cursor.execute("SET application_name = 'nightly report'")
        connection.autocommit = False
        for statement in statements or ("SELECT count(*) FROM t",):
            cursor.execute(statement)
        yield connection


UPDATE = "UPDATE t SET n = n + 1"
BLOCKED = {
    "transaction": sql(UPDATE, ALTER),
    "autocommit block": f"{sql(UPDATE)}\n{alone(ALTER)}",
    "nothing but an autocommit block": alone(ALTER, UPDATE),
}


@pytest.mark.parametrize("body", BLOCKED.values(), ids=BLOCKED)
def test_blocked_statement_lets_others_pass_and_is_tried_again(tmp_path: Path, database: URL, body: str) -> None:
    made = project(tmp_path, TABLE, body)
    run(made, database, "r1")
    said = Said()
    with blocker(database) as other, ThreadPoolExecutor(1) as pool:
        pid = other.info.backend_pid
        running = pool.submit(run, made, database, said=said, lock_timeout=0.2, retry_for=60)
        until(lambda: "Trying again in" in said)
        # no session queues behind the run meanwhile
        ask(database, "SET lock_timeout = '20s'", "SELECT n FROM t")
        other.close()
        assert running.result().after == ["r2"]
    role = database.username
    (line,) = {line.partition(" Trying")[0] for line in said.lines if "Trying again" in line}
    assert f"waited too long for a lock behind process {pid} (role {role}, application 'nightly report', idle" in line
    assert "SELECT" not in line  # the query may contain secrets
    assert ask(database, "SELECT sum(n), count(m) FROM t") == [(54, 0)]


def test_given_up_names_the_blocker(tmp_path: Path, database: URL) -> None:
    made = project(tmp_path, TABLE, sql(UPDATE, ALTER), sql("CREATE TABLE u (n integer)"))
    run(made, database, "r1")
    with (
        blocker(database),
        pytest.raises(Failure, match=r"rolled back: it waited too long .* 'nightly report', idle") as caught,
    ):
        run(made, database, lock_timeout=0.5, retry_for=1)
    assert "or end it: SELECT pg_terminate_backend(" in str(caught.value.remedy)
    assert ask(database, "SELECT version_num, sum(n) FROM alembic_version, t GROUP BY 1") == [("r1", 45)]
    assert run(made, database).after == ["r3"]


def test_relative_target_means_the_same_when_it_is_tried_again(tmp_path: Path, database: URL) -> None:
    made = project(tmp_path, TABLE, sql("CREATE TABLE u (n integer)"), sql(ALTER), sql("CREATE TABLE v (n integer)"))
    run(made, database, "r1")
    said = Said()
    with blocker(database) as other, ThreadPoolExecutor(1) as pool:
        running = pool.submit(run, made, database, "+2", said=said, lock_timeout=0.1, retry_for=60)
        until(lambda: "Trying again in" in said)
        other.close()
        outcome = running.result()
    assert outcome.after == ["r3"] and [(a.number, a.total) for a in outcome.applied] == [(1, 2), (2, 2)]


def test_deadlock_is_tried_again(tmp_path: Path, database: URL) -> None:
    """Both sessions wait for a lock that the other one has, so PostgreSQL cancels one of them."""
    other_waits = "SELECT FROM pg_locks WHERE relation = 'u'::regclass AND NOT granted"
    other_lives = "SELECT FROM pg_stat_activity WHERE application_name = 'nightly report'"
    until_then = f"WHILE EXISTS ({other_lives}) AND NOT EXISTS ({other_waits}) LOOP PERFORM pg_sleep(0.02); END LOOP"
    body = sql("LOCK TABLE u", f"DO $$BEGIN {until_then}; END$$", "LOCK TABLE t")
    made = project(tmp_path, TABLE + "\n" + sql("CREATE TABLE u (n integer)"), body)
    run(made, database, "r1")
    said = Said()
    held = ("SET deadlock_timeout = '1min'", "LOCK TABLE t IN SHARE UPDATE EXCLUSIVE MODE")
    with blocker(database, *held) as other, ThreadPoolExecutor(2) as pool:
        running = pool.submit(run, made, database, said=said, lock_timeout=30)
        until(lambda: ask(database, "SELECT 1 FROM pg_locks WHERE relation = to_regclass('u')"))
        waiting = pool.submit(other.cursor().execute, "LOCK TABLE u")
        waiting.result()
        other.close()
        assert running.result().after == ["r2"]
    assert "r2 was in a deadlock" in said


def test_index_build_waits_for_as_long_as_it_would_be_tried(tmp_path: Path, database: URL) -> None:
    made = project(tmp_path, TABLE, f"{AUTOCOMMIT}\n    {sql('CREATE INDEX CONCURRENTLY t_n ON t (n)')}")
    run(made, database, "r1")
    said = Said()
    with blocker(database, "LOCK TABLE t IN ROW EXCLUSIVE MODE") as other, ThreadPoolExecutor(1) as pool:
        running = pool.submit(run, made, database, said=said, lock_timeout=0.1, retry_for=60)
        until(lambda: "waits for process " in said)
        time.sleep(0.3)  # well beyond the lock_timeout
        other.close()
        assert running.result().after == ["r2"]
    assert "Trying again" not in said
    assert ask(database, "SELECT indisvalid FROM pg_index WHERE indexrelid = 't_n'::regclass") == [(True,)]


def test_statement_timeout_is_an_option(tmp_path: Path, database: URL) -> None:
    made = project(tmp_path, sql("CREATE TABLE u (n integer)", "SELECT pg_sleep(20)"))
    with pytest.raises(Failure, match="canceling statement due to statement timeout"):
        run(made, database, statement_timeout=0.1)
    assert ask(database, "SELECT to_regclass('u')") == [(None,)]


@pytest.mark.thorough
def test_database_that_is_not_there_yet(database: URL) -> None:
    """An open port does not mean that the database answers."""
    with socket.socket() as port:
        port.bind(("127.0.0.1", 0))
        port.listen()
        number = port.getsockname()[1]
        closed = parse(f"postgresql://x:{'geheim'}@127.0.0.1:{number}/x?connect_timeout=2", "DATABASE_URL")
        said: list[str] = []
        with pytest.raises(Failure, match=r"No answer within 3 s. Nothing answered at 127.0.0.1:\d+ in time."):
            await_database(closed, 3, said.append)
    assert len(said) == 1 and said[0].startswith("Waiting for the database, ") and "geheim" not in said[0]

    late = database.set(database=f"{database.database}_late")
    with ThreadPoolExecutor(1) as pool:
        waiting = pool.submit(await_database, late, 60, said.append)
        until(lambda: any(f"has no database {late.database}" in line for line in said))
        ask(database, f"CREATE DATABASE {late.database}")
        waiting.result()
    ask(database, f"DROP DATABASE {late.database}")


def test_patience_is_given_by_options_environment_and_file(tmp_path: Path) -> None:
    (tmp_path / ".env").write_text("WHISPER_WAIT=7\nWHISPER_LOCK_TIMEOUT=8\nWHISPER_RETRY_FOR=9\n")
    given = Patience.given(tmp_path, {"wait": None, "retry_for": 1}, {"WHISPER_WAIT": "5", "WHISPER_LOCK_TIMEOUT": ""})
    assert given == Patience(wait=5, lock_timeout=8, retry_for=1)
    for wrong in ("soon", "-1", "inf", "nan"):
        with pytest.raises(Failure, match=f"WHISPER_WAIT is '{wrong}', which is no number of seconds"):
            Patience.given(tmp_path, environ={"WHISPER_WAIT": wrong})
