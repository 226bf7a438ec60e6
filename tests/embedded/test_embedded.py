"""The embedded server in all situations that have gone wrong."""

import contextlib
import os
import shutil
import signal
import subprocess
import sys
from pathlib import Path

import pytest
from sqlalchemy import URL

from tests.embedded.users import ROOT, ask, command, finished, mode, start
from tests.support import servers
from whisper_migrate import embedded
from whisper_migrate.embedded import installed, state
from whisper_migrate.errors import Failure

pytestmark = pytest.mark.thorough


def test_first_start_makes_a_closed_server(place: Path) -> None:
    url = start(place / "pg")
    assert (url.drivername, url.username, url.database) == ("postgresql+psycopg2", "whisperengine", "whisperengine")
    assert ask(url, "SHOW listen_addresses") == ""
    assert ask(url, "SHOW max_connections") == "200"
    assert ask(url, "SHOW is_superuser") == "on"
    locale = "concat_ws(' ', datlocprovider, datcollate, datctype, datlocale, pg_encoding_to_char(encoding))"
    assert ask(url, f"SELECT {locale} FROM pg_database WHERE datname = 'whisperengine'") == "b C C C.UTF-8 UTF8"
    assert mode(place / "pg" / "data") == mode(place / "pg" / "run") == 0o700
    pid = state.alive(place / "pg")
    assert start(place / "pg") == url
    assert state.alive(place / "pg") == pid


def test_rows_survive_stop_and_start_of_a_durable_server(place: Path) -> None:
    url = start(place / "pg", durable=True)
    ask(url, "CREATE TABLE kept AS SELECT 42 AS answer")
    assert ask(url, "SHOW fsync") == "on"
    assert embedded.running(place / "pg")
    assert embedded.stop(place / "pg")
    assert not embedded.running(place / "pg")
    assert not embedded.stop(place / "pg")
    assert ask(start(place / "pg", durable=True), "SELECT answer FROM kept") == 42


def test_a_dropped_database_is_made_again(place: Path) -> None:
    url = start(place / "pg")
    ask(url.set(database="postgres"), "DROP DATABASE whisperengine")
    assert ask(start(place / "pg"), "SELECT current_database()") == "whisperengine"


@pytest.mark.parametrize("setting", ["fsync", "synchronous_commit", "full_page_writes"])
def test_servers_for_tests_do_not_wait_for_the_disk(server: URL, setting: str) -> None:
    assert ask(server, f"SHOW {setting}") == "off"


def test_server_outlives_the_command(place: Path) -> None:
    starter = command(place / "pg", start_new_session=True)
    finished(starter)
    pid = state.alive(place / "pg")
    assert pid is not None and os.getsid(pid) not in (os.getsid(0), starter.pid)
    with contextlib.suppress(ProcessLookupError):
        os.killpg(starter.pid, signal.SIGKILL)
    assert embedded.running(place / "pg")


def test_processes_at_once_start_one_server(place: Path) -> None:
    urls = {finished(process) for process in [command(place / "pg") for _ in range(6)]}
    assert len(urls) == 1
    assert (place / "pg" / "log").read_text().count("starting PostgreSQL") == 1


def test_killed_initdb_leaves_nothing_in_the_way(place: Path) -> None:
    fake = place / "bin"
    fake.mkdir()
    (fake / "postgres").symlink_to(embedded.binaries() / "postgres")
    (fake / "initdb").write_text("#!/bin/sh\necho 18 >PG_VERSION\nkill -9 $PPID\n")
    (fake / "initdb").chmod(0o755)
    if os.geteuid() == 0:  # the server's user may not kill root's process: initdb fails half-way
        (fake / "initdb").write_text("#!/bin/sh\necho 18 >PG_VERSION\necho the disk is full\nexit 1\n")
        with pytest.raises(Failure, match="the disk is full"):
            start(place / "pg", binaries=fake)
        (place / "pg" / "new-killed").mkdir()
        (place / "pg" / "new-killed" / "PG_VERSION").write_text("18")
    else:
        process = command(place / "pg", env={**os.environ, "WHISPER_PGBIN": str(fake)})
        process.communicate()
        assert process.returncode == -signal.SIGKILL
        assert list((place / "pg").glob("new-*"))
    assert ask(start(place / "pg"), "SELECT 1") == 1
    assert not list((place / "pg").glob("new-*"))


@pytest.mark.parametrize("whom", ["postmaster", "everybody"])
def test_killed_server_starts_again_at_once(place: Path, whom: str) -> None:
    url = start(place / "pg", durable=True)
    ask(url, "CREATE TABLE kept AS SELECT 42 AS answer")
    pid = state.alive(place / "pg")
    assert pid
    children = Path(f"/proc/{pid}/task/{pid}/children")
    others = children.read_text().split() if whom == "everybody" and children.exists() else []
    for victim in (pid, *others):
        with contextlib.suppress(ProcessLookupError):
            os.kill(int(victim), signal.SIGKILL)
    assert ask(start(place / "pg", durable=True), "SELECT answer FROM kept") == 42
    assert state.alive(place / "pg") != pid


def test_recycled_process_number_does_not_block(place: Path) -> None:
    start(place / "pg")
    pid_file = place / "pg" / "data" / "postmaster.pid"
    noted = pid_file.read_text()
    embedded.stop(place / "pg")
    who = installed.account((place / "pg" / "data").stat().st_uid)
    with subprocess.Popen(["sleep", "60"], **who.popen()) as other:
        pid_file.write_text(noted.replace(noted.split()[0], str(other.pid), 1))
        assert not embedded.running(place / "pg")
        assert not embedded.stop(place / "pg")
        assert ask(start(place / "pg"), "SELECT 1") == 1
        assert other.poll() is None
        other.kill()


def test_copy_of_a_running_server_is_another_server(place: Path) -> None:
    url = start(place / "pg")
    ask(url, "CREATE TABLE mark AS SELECT 1 AS n", "CHECKPOINT")
    subprocess.run(["cp", "-a", place / "pg", place / "copy"], check=True)
    copy = start(place / "copy")
    assert copy != url
    ask(copy, "UPDATE mark SET n = 2")
    assert ask(url, "SELECT n FROM mark") == 1


@pytest.mark.parametrize("name", ["deep/" * 30, "a b,c:d'e\"ü%41", "x" * 90])
def test_socket_lies_elsewhere_when_the_path_does_not_do(place: Path, name: str) -> None:
    folder = place / name / "pg"
    url = start(folder)
    socket = Path(str(url.query["host"]))
    assert len(str(socket)) < 80 and not socket.is_relative_to(place)
    assert mode(socket) == 0o700
    assert socket.stat().st_uid == (folder / "data").stat().st_uid
    assert ask(url, 'CREATE EXTENSION "uuid-ossp"', "SELECT uuid_nil()::text").startswith("00000000")
    assert finished(command(folder)) == str(url)  # another process finds the server
    embedded.stop(folder)
    assert not socket.exists()


@pytest.mark.parametrize("when", ["stopped", "running"])
@pytest.mark.parametrize("name", ["pg", "x" * 90])
def test_deleted_folder_starts_over(place: Path, name: str, when: str) -> None:
    folder = place / name
    url = start(folder)
    ask(url, "CREATE TABLE gone AS SELECT 1")
    old = state.alive(folder)
    assert old
    if when == "stopped":
        embedded.stop(folder)
    subprocess.run(["rm", "-rf", folder], check=when == "stopped")  # a running server may leave a remnant
    try:
        assert not embedded.running(folder)
        assert ask(start(folder), "SELECT to_regclass('gone') IS NULL")
    finally:  # the old server would notice by itself, within a minute
        with contextlib.suppress(ProcessLookupError):
            os.kill(old, signal.SIGQUIT)
        servers.until(lambda: state.gone(old))
        shutil.rmtree(str(url.query["host"]), ignore_errors=len(name) < 90 or when == "stopped")


def test_remnants_of_a_deleted_server_are_cleared(place: Path) -> None:
    (place / "pg" / "data" / "pg_wal").mkdir(parents=True)
    (place / "pg" / "data" / "pg_wal" / "000000010000000000000002").write_text("written while rm -rf was at work")
    assert ask(start(place / "pg"), "SELECT 1") == 1
    assert not list((place / "pg").glob("new-*"))


def test_incomplete_data_is_left_alone(place: Path) -> None:
    start(place / "pg")
    embedded.stop(place / "pg")
    (place / "pg" / "data" / "PG_VERSION").unlink()
    with pytest.raises(Failure, match="incomplete"):
        start(place / "pg")
    assert (place / "pg" / "data" / "base").exists()


def test_home_is_not_needed(place: Path) -> None:
    bare = {name: os.environ[name] for name in ("PATH", "PYTHONPATH") if name in os.environ}
    finished(command(place / "none", env=bare))
    finished(command(place / "wrong", env={**bare, "HOME": "/nonexistent"}))
    assert embedded.running(place / "none") and embedded.running(place / "wrong")


def test_foreign_folder_is_left_alone(place: Path) -> None:
    (place / "pg").mkdir()
    (place / "pg" / "letter.txt").write_text("dear")
    with pytest.raises(Failure, match="holds something else"):
        start(place / "pg")
    assert [path.name for path in (place / "pg").iterdir()] == ["letter.txt"]


def test_failed_start_shows_the_log(place: Path) -> None:
    start(place / "pg")
    embedded.stop(place / "pg")
    with (place / "pg" / "data" / "postgresql.conf").open("a") as file:
        file.write("no_such_setting = 1\n")
    with pytest.raises(Failure, match=r"did not start; its log ends:\n[^\n]*no_such_setting"):
        start(place / "pg")


def test_session_that_leaves_a_shadow_behind_fails(place: Path) -> None:
    (place / "test_leaving.py").write_text(
        "from tests.support import servers\n"
        "def test_leaves(server):\n"
        "    with servers.connect(server).cursor() as cursor:\n"
        "        cursor.execute('CREATE DATABASE whisper_shadow_left')\n"
    )
    options = ["-n0", "-p", "tests.conftest", "-p", "no:cacheprovider", f"--rootdir={place}"]
    environ = {key: value for key, value in os.environ.items() if not key.startswith(("PYTEST_", "WHISPER_TEST"))}
    done = subprocess.run(
        [sys.executable, "-m", "pytest", *options, str(place)],
        capture_output=True, text=True, cwd=ROOT, env=environ, check=False,
    )  # fmt: skip
    assert done.returncode == 1, done.stdout + done.stderr
    assert "pg18: whisper_shadow_left" in done.stdout and "passed" in done.stdout
