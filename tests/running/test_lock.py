"""One run at a time: whichever way it starts, whatever it runs, and even if its lock is lost."""

import multiprocessing
from concurrent.futures import ThreadPoolExecutor
from contextlib import closing
from pathlib import Path

import pytest
from sqlalchemy import URL

from tests.running.attempts import Said, alone, project, run, sql
from tests.support import little, servers
from tests.support.projects import TABLES, Checkout, ask, copied, tables
from tests.support.servers import until
from whisper_migrate.errors import Failure
from whisper_migrate.project.project import Project

LOCK = "SELECT pg_advisory_lock(x'77686973'::int, 1)"
FORK = multiprocessing.get_context("fork")
SLOW = sql("CREATE TABLE t (n integer)", "INSERT INTO t SELECT generate_series(1, 50)", "SELECT pg_sleep(0.5)")

pytestmark = pytest.mark.servers("pg18")


def waiting(url: URL) -> int:
    """Return the number of sessions that have been told who holds the lock: one per waiting run."""
    ours = "application_name = 'whisper-migrate' AND datname = current_database() AND query LIKE '%pg_locks%'"
    ours += " AND state = 'idle'"
    return int(str(ask(url, f"SELECT count(*) FROM pg_stat_activity WHERE {ours}")[0][0]))


def _upgrade(root: Path, url: URL, pipe: object) -> None:
    """Upgrade in a separate process, because Alembic's context is global to a process."""
    said = Said()
    outcome = run(Project(root), url, said=said)
    pipe.send(([applied.revision for applied in outcome.applied], said.lines))  # type: ignore[attr-defined]


@pytest.mark.thorough
def test_sixteen_at_once(tmp_path: Path, database: URL) -> None:
    made = project(tmp_path, SLOW, sql("INSERT INTO t SELECT 100 FROM t"))
    pipes = []
    for _ in range(16):
        receiver, sender = FORK.Pipe(duplex=False)
        FORK.Process(target=_upgrade, args=(made.root, database, sender), daemon=True).start()
        sender.close()
        pipes.append(receiver)
    ends = [pipe.recv() for pipe in pipes]
    assert sorted(applied for applied, _ in ends) == [[]] * 15 + [["r1", "r2"]]
    assert any(
        "Another run is at work: process " in line and "(whisper-migrate, " in line for _, said in ends for line in said
    )
    assert ask(database, "SELECT count(*) FROM t") == [(100,)]


@pytest.mark.thorough
def test_plain_alembic_takes_turns_with_ours(tmp_path: Path, database: URL) -> None:
    checkout = copied(tmp_path, database)
    with closing(servers.connect(database)) as holder, holder.cursor() as cursor, ThreadPoolExecutor(4) as pool:
        cursor.execute(LOCK)
        runs = [
            pool.submit(checkout.alembic, "upgrade", "head"),
            pool.submit(checkout.migrate, "upgrade", "--no-check"),
        ]
        runs += [
            pool.submit(checkout.alembic, "upgrade", "head"),
            pool.submit(checkout.migrate, "upgrade", "--no-check"),
        ]
        until(lambda: waiting(database) == 4)
        assert tables(database) == 0
        pid = holder.info.backend_pid
        holder.close()
        done = [future.result() for future in runs]
    assert [end.code for end in done] == [0] * 4, done
    assert all(f"Another run is at work: process {pid} (no name, connected since " in end.said for end in done), done
    assert sum("Nothing to do" in end.said for end in done) >= 1 and tables(database) == TABLES


def test_waiting_runs_are_in_nobodys_way(tmp_path: Path, database: URL) -> None:
    """CREATE INDEX CONCURRENTLY waits for every snapshot, so a run that waits for the lock must hold none."""
    first = project(tmp_path / "one", SLOW)
    run(first, database)
    made = project(tmp_path / "two", SLOW, alone("SELECT pg_sleep(0.3)", "CREATE INDEX CONCURRENTLY t_n ON t (n)"))
    receiver, sender = FORK.Pipe(duplex=False)
    with closing(servers.connect(database)) as holder, holder.cursor() as cursor:
        cursor.execute(LOCK)
        others = [FORK.Process(target=_upgrade, args=(made.root, database, sender), daemon=True) for _ in range(3)]
        for other in others:
            other.start()
        until(lambda: waiting(database) == 3)
    assert sorted(receiver.recv()[0] for _ in others) == [[], [], ["r2"]]
    assert ask(database, "SELECT indisvalid FROM pg_index WHERE indexrelid = 't_n'::regclass") == [(True,)]


ALIKE = (("stamp", "two"), ("stamp", "two", "--unverified"), ("adopt",), ("repair", "--apply"))


@pytest.mark.thorough
def test_every_command_that_waits_for_a_run_can_be_given_a_limit(
    capsys: pytest.CaptureFixture[str], tmp_path: Path, database: URL
) -> None:
    made = little.project(tmp_path)
    little.at(database)
    with closing(servers.connect(database)) as holder, holder.cursor() as cursor:
        cursor.execute(LOCK)
        for words in ALIKE:
            if "repair" in words:
                ask(database, "DROP INDEX authors_name_idx")
            for said in (
                little.command(capsys, made, database, *words, "--wait-for-lock", "0.1"),
                little.command(capsys, made, database, *words, WHISPER_WAIT_FOR_LOCK="0.1"),
            ):
                assert said.code == 2 and "Nothing was run, after waiting for 0.1 s. Another run is" in said.err, said
    assert little.command(capsys, made, database, "repair", "--apply").code == 0


def test_lost_lock_stops_before_the_next_revision(tmp_path: Path, database: URL) -> None:
    end = (
        "SELECT pg_terminate_backend(pid) FROM pg_locks WHERE locktype = 'advisory' AND objid = 1"
        " AND database = (SELECT oid FROM pg_database WHERE datname = current_database())"
    )
    made = project(tmp_path, sql("CREATE TABLE t (n integer)", end), sql("CREATE TABLE u (n integer)"))
    with pytest.raises(Failure, match=r"The lock is lost \(.*\): stopped before r2"):
        run(made, database)
    assert ask(database, "SELECT version_num, to_regclass('u') FROM alembic_version") == [("r1", None)]
    assert run(made, database).after == ["r2"]


def test_backend_of_a_killed_run_is_waited_for(tmp_path: Path, database: URL) -> None:
    made = project(tmp_path, SLOW)
    with closing(servers.connect(database)) as left, left.cursor() as cursor, ThreadPoolExecutor(1) as pool:
        cursor.execute("SELECT pg_advisory_lock(x'77686973'::int, 2)")
        said = Said()
        running = pool.submit(run, made, database, said=said)
        until(lambda: "A run that was stopped is not yet gone: process " in said)
        left.close()
        assert running.result().after == ["r1"]
    # PostgreSQL also checks the client connection during a long statement
    assert "1s" in str(ask_session(made, database, "SHOW client_connection_check_interval"))


def ask_session(made: Project, database: URL, query: str) -> object:
    """Run a query on the connection of a session, and return the result."""
    from whisper_migrate.running.session import session

    with session(made, database, progress=Said()) as opened:
        return opened.connection.exec_driver_sql(query).scalar()


def test_failure_of_plain_alembic_is_a_sentence(tmp_path: Path) -> None:
    end = Checkout.alembic(copied(tmp_path, "postgresql://whisper:secret@localhost:9/none"), "upgrade", "head")
    assert end.code != 0 and "Traceback" not in end.said and "Nothing listens at localhost:9." in end.said
    assert "secret" not in end.said
