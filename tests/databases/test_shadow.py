"""Shadows: always dropped, created only where the role may, and never confused with another database."""

import os
import signal
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest
from sqlalchemy import URL

from tests.bench import generated
from tests.conftest import EVERYTHING
from tests.support import little
from tests.support.little import command, plain
from tests.support.projects import (
    CHECK_DRIFT,
    HEAD,
    MIGRATE,
    ROOT,
    SECRET,
    Checkout,
    ask,
    copied,
    migrated,
    role,
)
from tests.support.servers import databases, until
from whisper_migrate import embedded
from whisper_migrate.project.project import Project
from whisper_migrate.running import runner

pytestmark = pytest.mark.thorough

GRANT = "GRANT SELECT ON alembic_version TO "


@pytest.fixture
def checkout(tmp_path: Path, database: URL) -> Checkout:
    return copied(tmp_path, migrated(database))


def shadows_of(server: URL, pid: int) -> list[str]:
    return [name for name in databases(server) if name.startswith("whisper_shadow_") and f"_{pid}_" in name]


def connected(server: URL, pid: int) -> bool:
    """Whether a connection of this process still exists."""
    name = f"whisper_shadow_%\\_{pid}\\_%"
    rows = ask(server, f"SELECT 1 FROM pg_stat_activity WHERE application_name LIKE '{name}' OR datname LIKE '{name}'")
    return bool(rows)


@pytest.mark.servers("pg18")
@pytest.mark.parametrize(
    ("number", "code", "command"),
    [
        (signal.SIGINT, 130, [CHECK_DRIFT]),
        (signal.SIGINT, 130, [MIGRATE, "create", "x"]),
        (signal.SIGTERM, 143, [CHECK_DRIFT]),
    ],
)
def test_interrupted_run_drops_its_shadows(
    checkout: Checkout, server: URL, number: signal.Signals, code: int, command: list[str]
) -> None:
    process = checkout.start(sys.executable, *command)
    until(lambda: shadows_of(server, process.pid))
    process.send_signal(number)
    _, said = process.communicate(timeout=600)
    assert process.returncode == code and "Traceback" not in said, said
    assert shadows_of(server, process.pid) == []


@pytest.mark.servers("pg18")
def test_failed_run_drops_its_shadows(checkout: Checkout, server: URL) -> None:
    checkout.write_revision("aaaa", HEAD, up="op.execute('SELECT nowhere()')")
    process = checkout.start(sys.executable, CHECK_DRIFT)
    assert process.communicate(timeout=600) and process.returncode == 2
    assert shadows_of(server, process.pid) == []


@pytest.fixture
def similar(server: URL) -> Iterator[str]:
    """A database that is no shadow, with a similar name."""
    name = "whisper_shadow_of_mine"
    ask(server, f"CREATE DATABASE {name}")
    yield name
    ask(server, f"DROP DATABASE {name}")


@pytest.mark.servers("pg18")
def test_next_run_sweeps_what_a_killed_one_left(checkout: Checkout, server: URL, similar: str) -> None:
    living, killed = (checkout.start(sys.executable, CHECK_DRIFT) for _ in range(2))
    try:
        until(lambda: shadows_of(server, living.pid))
        living.send_signal(signal.SIGSTOP)
        until(lambda: shadows_of(server, killed.pid))
        killed.kill()
        killed.communicate()
        until(lambda: not connected(server, killed.pid))
        kept = shadows_of(server, living.pid)
        assert kept and checkout.check_drift().code == 0
        assert shadows_of(server, killed.pid) == []
        assert set(kept) <= set(shadows_of(server, living.pid)) and similar in databases(server)
    finally:
        living.send_signal(signal.SIGCONT)
        said = living.communicate(timeout=600)
    assert living.returncode == 0, said
    assert shadows_of(server, living.pid) == [] and similar in databases(server)


@pytest.fixture
def project(tmp_path: Path, database: URL) -> Project:
    made = little.project(tmp_path)
    runner.upgrade(made, database, "head", lambda _: None)
    return made


@pytest.mark.servers("pg18")
def test_role_that_may_only_read_can_check(project: Project, database: URL, capsys: pytest.CaptureFixture[str]) -> None:
    with role(database, "CREATEDB") as reader:
        ask(database, f"ALTER ROLE {reader.username} SET default_transaction_read_only = on")
        remedy = f"GRANT SELECT ON public.alembic_version TO {reader.username};"
        run = command(capsys, project, reader, "check-drift")
        assert run.code == 0 and "may not read public.alembic_version" in run.out and remedy in run.out, run
        ask(database, "CREATE TABLE stranger ()")
        run = command(capsys, project, reader, "check-drift")
        assert run.code == 1 and "+ table stranger" in run.out and remedy in run.out, run
        ask(database, "DROP TABLE stranger")
        run = command(capsys, project, reader, "status")
        assert run.code == 2 and "may not read public.alembic_version" in run.err and remedy in run.err, run
        ask(database, GRANT + str(reader.username))
        assert command(capsys, project, reader, "check-drift").code == 0
        assert command(capsys, project, reader, "create", "x").code == 0
        word = command(capsys, project, reader, "downgrade", "base").err.rpartition(" ")[2].strip()
        run = command(capsys, project, reader, "downgrade", "base", "--allow-data-loss", word)
        assert run.code == 2, run
        assert f"Failed: The role {reader.username} may not write the ledger of this database" in run.err, run


def test_role_that_may_not_create_databases(
    project: Project, database: URL, server: URL, capsys: pytest.CaptureFixture[str]
) -> None:
    with role(database) as reader:
        ask(database, GRANT + str(reader.username))

        def said(shadows: str | None) -> little.Said:
            return command(capsys, project, reader, "check-drift", **({"SHADOW_URL": shadows} if shadows else {}))

        run = said(None)
        if ask(server, "SHOW server_version_num")[0][0] >= "18":  # the embedded server's version, too
            assert run.code == 0, run
        else:
            assert "the embedded server is PostgreSQL 18 where the database has 15: " in run.err
        assert said(plain(server)).code == 0
        assert f"Failed: Role {reader.username} may not create databases on this" in said(plain(reader)).err
        run = said(f"postgresql://me:{SECRET}@127.0.0.1:1/x")
        assert run.code == 2 and run.err.startswith("Failed: Nothing listens at 127.0.0.1:1.") and SECRET not in run.err


@pytest.mark.servers("pg18")
def test_shadows_beside_the_database_itself_leave_it_alone(
    project: Project, database: URL, capsys: pytest.CaptureFixture[str]
) -> None:
    """SHADOW_URL may name any database of a server; that database itself is not touched."""
    tables = "SELECT oid, relfilenode, relname FROM pg_class WHERE oid >= 16384 ORDER BY 1"
    before = ask(database, tables)
    for words in ("create nothing", "status", "whereami", "check-drift"):
        run = command(capsys, project, database, *words.split(), SHADOW_URL=plain(database))
        assert run.code == 0, run
    assert ask(database, tables) == before and len(before) > 4


@pytest.mark.skipif(not os.environ.get(EVERYTHING), reason=f"takes 15 s: with {EVERYTHING}=1, as in CI")
def test_more_tables_than_a_transaction_has_locks_for(tmp_path: Path, place: Path) -> None:
    """A revision with 700 tables of six relations each exceeds the number of locks of a server that has few.

    The revision takes every lock that a server has, so it runs on a server of its own.
    """
    project = generated.project(tmp_path, 700, ROOT, slices=700)
    ask(embedded.start(place / "pg", durable=False), "ALTER SYSTEM SET max_locks_per_transaction = 10")
    embedded.stop(place / "pg")
    checkout = Checkout(project, embedded.start(place / "pg", durable=False), {"PYTHONPATH": str(project)})
    failed = checkout.migrate("upgrade")
    assert "out of shared memory" in failed.said, failed
    run = checkout.python(CHECK_DRIFT, "--only", "models")
    assert (run.code, run.out) == (0, "Compared models and history: nothing differs.\n"), run
