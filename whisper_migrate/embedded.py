"""A PostgreSQL of our own for who has configured none: started on first use, left running, kept in one folder.

The folder holds `data` (the cluster, which alone belongs to the user that the server runs as), `run` (its socket),
`log` and `lock`. Only the socket is open, and only to that user and to root.
"""

import contextlib
import os
import re
import shutil
import signal
import stat
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import psycopg2
from filelock import FileLock, Timeout
from sqlalchemy import URL

from whisper_migrate.embedded_binaries import Account, account, binaries, major, usable
from whisper_migrate.errors import Failure

__all__ = ["NAME", "binaries", "running", "start", "stop", "url"]

NAME = "whisperengine"  # of the superuser and of the database
PORT = 5432  # only part of the socket's file name
PATIENCE = 60.0  # seconds: a server that recovers from a crash answers late
SOCKET_LIMIT = 107 if sys.platform == "linux" else 103
EXTENSIONS = "whisper_extensions"
CWD = Path("/proc/self/cwd")
TRANSIENT = ("lock file", "shared memory block")  # what a start says while a killed server is still going away


def start(folder: Path, *, durable: bool = True, binaries: str | Path | None = None) -> URL:
    """The URL of the server in this folder, which is started, and made on first use, unless it runs already.

    `durable=False` is for tests: fast, and lost when the machine stops. `binaries` is another PostgreSQL's folder.
    """
    folder = folder.absolute()
    if _answers(folder):
        return _with_database(folder)
    with _locked(folder):
        deadline = time.monotonic() + PATIENCE
        while not _answers(folder):
            if not _alive(folder):
                _launch(folder, durable=durable, programs=_programs(binaries), deadline=deadline)
            elif time.monotonic() > deadline:
                raise _not_started(folder, f"did not answer within {PATIENCE:.0f} seconds")
            time.sleep(0.02)
        return _with_database(folder)


def stop(folder: Path) -> bool:
    """Stop the server in this folder, waiting for its end. False: none was running."""
    folder = folder.absolute()
    if not _data(folder).is_dir():
        return False
    with _locked(folder):
        pid = _alive(folder)
        if pid is None:
            return False
        for how in (signal.SIGINT, signal.SIGQUIT, signal.SIGKILL):  # fast, immediate, by force
            with contextlib.suppress(ProcessLookupError):
                os.kill(pid, how)
            deadline = time.monotonic() + PATIENCE
            while time.monotonic() < deadline:
                if _alive(folder) is None:
                    _forget_socket(folder)
                    return True
                time.sleep(0.02)
        raise Failure(f"The embedded PostgreSQL in {folder} (process {pid}) does not stop.")


def running(folder: Path) -> bool:
    """Does the server in this folder take connections?"""
    return _answers(folder.absolute())


def url(folder: Path) -> URL:
    """Where the server in this folder is reached while it runs."""
    return _url(_socket(folder.absolute()) or folder.absolute() / "run", NAME)


def _url(socket: Path, database: str) -> URL:
    return URL.create(
        "postgresql+psycopg2", username=NAME, database=database, query={"host": str(socket), "port": str(PORT)}
    )


def _data(folder: Path) -> Path:
    return folder / "data"


def _programs(override: str | Path | None) -> Path:
    return binaries(override)


@contextlib.contextmanager
def _locked(folder: Path) -> Iterator[None]:
    """Make the folder and be alone in it: of several processes, one starts the server."""
    if os.name != "posix":
        raise Failure("The embedded PostgreSQL runs on Linux and macOS only.", "Set DATABASE_URL to a server of yours.")
    try:
        if folder.exists() and any(folder.iterdir()) and not (folder / "lock").exists():
            raise Failure(
                f"The folder {folder} holds something else than an embedded PostgreSQL, so none is made there.",
                "Set WHISPER_PGDATA to a folder that is empty or does not exist yet.",
            )
        if not folder.exists():
            folder.mkdir(parents=True, exist_ok=True)
            # Root's server runs as another user, who must pass through here; its `data` stays closed to everybody else.
            folder.chmod(0o755 if os.geteuid() == 0 else 0o700)
        with FileLock(folder / "lock", timeout=2 * PATIENCE):
            yield
    except Timeout as error:
        raise Failure(f"Another process has been starting the server in {folder} for two minutes.") from error
    except PermissionError as error:
        raise Failure(
            f"The embedded PostgreSQL's folder {folder} cannot be used by this user: {error.strerror}.",
            "Work as the user that made it, set WHISPER_PGDATA to another folder, or set DATABASE_URL.",
        ) from error


def _pid_file(folder: Path) -> list[str]:
    try:
        return (_data(folder) / "postmaster.pid").read_text().splitlines()
    except OSError:
        return []


def _socket(folder: Path) -> Path | None:
    """The folder of the running server's socket, as the server itself wrote it down."""
    lines = _pid_file(folder)
    return Path(lines[4]) if len(lines) > 4 and lines[4] else None


def _alive(folder: Path) -> int | None:
    """The process of this folder's server. Its number alone proves nothing: it may be another's by now."""
    lines = _pid_file(folder)
    pid = int(lines[0]) if lines and lines[0].isdigit() else None
    if not pid:
        return None
    if sys.platform == "linux":
        try:  # also false of a zombie, and of the original's server when the folder is a copy
            return pid if (Path("/proc") / str(pid) / "cwd").samefile(_data(folder)) else None
        except OSError:
            return None
    said = subprocess.run(["ps", "-o", "comm=", "-p", str(pid)], capture_output=True, text=True, check=False)
    return pid if "postgres" in said.stdout else None


def _connect(folder: Path, database: str) -> Any:
    socket = _socket(folder)
    if socket is None:
        raise psycopg2.OperationalError("not started")
    return psycopg2.connect(host=str(socket), port=PORT, user=NAME, dbname=database, connect_timeout=10)


def _answers(folder: Path) -> bool:
    if _alive(folder) is None:
        return False
    try:
        _connect(folder, "postgres").close()
    except psycopg2.OperationalError:
        return False
    return True


def _with_database(folder: Path) -> URL:
    """The server's URL, after making its database where it is missing."""
    connection = _connect(folder, "postgres")
    try:
        connection.autocommit = True
        cursor = connection.cursor()
        cursor.execute("SELECT 1 FROM pg_database WHERE datname = %s", (NAME,))
        if not cursor.fetchone():
            with contextlib.suppress(psycopg2.errors.DuplicateDatabase, psycopg2.errors.UniqueViolation):
                cursor.execute(f"CREATE DATABASE {NAME}")
    finally:
        connection.close()
    return url(folder)


def _launch(folder: Path, *, durable: bool, programs: Path, deadline: float) -> None:
    """Make the cluster when there is none, and start the server until it lives or says why not."""
    data = _data(folder)
    made = (data / "PG_VERSION").exists()
    who = account(data.stat().st_uid if made else None)
    run = usable(programs, who)
    version = major(programs)
    if not made:
        _initdb(folder, who, run, version)
    elif (theirs := (data / "PG_VERSION").read_text().strip()) != str(version):
        raise Failure(
            f"The data in {folder} was made by PostgreSQL {theirs}, but the programs are PostgreSQL {version}.",
            f"Delete {folder} to start over, or set WHISPER_PGBIN to PostgreSQL {theirs}'s folder of programs.",
        )
    seen = _as_seen(data, who)
    settings = {
        "listen_addresses": "",
        "port": str(PORT),
        "unix_socket_directories": str(_socket_folder(folder, who)),
        "unix_socket_permissions": "0700",
        "max_connections": "200",
        "timezone": "UTC",
        "log_timezone": "UTC",
    }
    if version >= 18:
        _hand_over_extensions(data, who)
        settings["extension_control_path"] = f"$system:{seen}/{EXTENSIONS}"
    if not durable:
        settings |= dict.fromkeys(("fsync", "synchronous_commit", "full_page_writes"), "off")
    command = [str(run / "postgres"), "-D", str(seen)]
    for key, value in settings.items():
        command += ["-c", f"{key}={value}"]
    while True:
        if (data / "postmaster.pid").exists() and _stale(folder):
            (data / "postmaster.pid").unlink(missing_ok=True)
        said = _spawn(folder, who, command)
        if said is None:
            return
        if not any(sign in said for sign in TRANSIENT) or time.monotonic() > deadline:
            raise _not_started(folder, "did not start")
        time.sleep(0.2)


def _hand_over_extensions(data: Path, who: Account) -> None:
    """Copy the stand-in into the data, where the server can always read it; written by its user, not through us."""
    for source in sorted((Path(__file__).with_name("embedded_extensions") / "extension").iterdir()):
        subprocess.run(
            ["/bin/sh", "-c", 'mkdir -p "$0/extension" && cat > "$0/extension/$1"', EXTENSIONS, source.name],
            input=source.read_bytes(),
            cwd=data,
            check=True,
            **who.popen(),
        )


def _stale(folder: Path) -> bool:
    """Is the process of postmaster.pid alive, and somebody else's? PostgreSQL would then never start."""
    lines = _pid_file(folder)
    if not lines or not lines[0].isdigit() or _alive(folder) is not None:
        return False
    try:
        os.kill(int(lines[0]), 0)
    except ProcessLookupError:
        return False  # PostgreSQL itself deals with this one, and looks for left-over children
    except PermissionError:
        pass
    return True


def _spawn(folder: Path, who: Account, command: list[str]) -> str | None:
    """Start the server as a child of init, so that it outlives us and no zombie of ours; its words when it ends."""
    flags = os.O_WRONLY | os.O_CREAT | os.O_APPEND | getattr(os, "O_NOFOLLOW", 0)
    log = os.open(folder / "log", flags, 0o600)
    try:
        before = os.fstat(log).st_size
        launched = subprocess.run(
            ["/bin/sh", "-c", '"$@" 1>&2 & echo $!', "sh", *command],
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=log,
            cwd=_data(folder),
            env=_environment(),
            start_new_session=True,
            check=True,
            **who.popen(),
        )
    finally:
        os.close(log)
    pid = int(launched.stdout)
    deadline = time.monotonic() + PATIENCE
    while time.monotonic() < deadline:
        if _alive(folder) == pid and _answers(folder):
            return None
        if _gone(pid):
            return (folder / "log").read_bytes()[before:].decode(errors="replace")
        time.sleep(0.01)
    raise _not_started(folder, f"did not answer within {PATIENCE:.0f} seconds")


def _gone(pid: int) -> bool:
    try:
        os.kill(pid, 0)
        state = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[0] if CWD.exists() else ""
    except (ProcessLookupError, FileNotFoundError):
        return True
    except PermissionError:
        return False
    return state == "Z"


def _initdb(folder: Path, who: Account, run: Path, version: int) -> None:
    """Make the cluster beside its place, then rename it there: a killed initdb leaves nothing that looks finished."""
    for half in [_data(folder), *folder.glob("new-*")]:
        shutil.rmtree(half, ignore_errors=True)
    fresh = Path(tempfile.mkdtemp(dir=folder, prefix="new-"))
    _give(fresh, who)
    locale = ["--locale=C", "--locale-provider=builtin", "--builtin-locale=C.UTF-8"]
    command = [str(run / "initdb"), "-D", str(_as_seen(fresh, who)), "--username", NAME, "--auth=trust"]
    command += ["--encoding=UTF8", "--no-instructions", *(locale if version >= 17 else ["--locale=C.UTF-8"])]
    done = subprocess.run(
        command,
        cwd=fresh,
        env=_environment(),
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
        start_new_session=True,
        check=False,
        **who.popen(),
    )
    if done.returncode:
        shutil.rmtree(fresh, ignore_errors=True)
        raise Failure(f"initdb could not make the embedded PostgreSQL in {folder}:\n{_last(done.stdout)}")
    fresh.rename(_data(folder))


def _environment() -> dict[str, str]:
    """What the server's programs see: nothing of the caller's PG* variables, and no HOME."""
    kept = {name: os.environ[name] for name in ("PATH", "LD_LIBRARY_PATH", "TMPDIR") if name in os.environ}
    return kept | {"LC_ALL": "C", "TZ": "UTC"}


def _give(path: Path, who: Account) -> None:
    path.chmod(0o700)
    if who.other:
        try:
            os.chown(path, who.uid, who.gid)
        except OSError as error:
            raise Failure(
                f"The folder {path} cannot be handed to the user {who.name}, who runs the server for root: "
                f"{error.strerror}.",
                "Work as another user than root, or set DATABASE_URL to a server of yours.",
            ) from error


def _as_seen(data: Path, who: Account) -> Path:
    """The path by which the server reaches its data: under a folder that it cannot enter, its working folder."""
    if ":" not in str(data) and (not who.other or who.can("-x", data)):
        return data
    if not CWD.exists():
        raise Failure(
            f"The user {who.name}, who runs the server for root, cannot enter {data.parent.parent}.",
            "Set WHISPER_PGDATA to a folder that it can enter, or set DATABASE_URL to a server of yours.",
        )
    return CWD


def _socket_folder(folder: Path, who: Account) -> Path:
    """`run` in the folder, or a short private one: a socket's path is limited, and commas split it."""
    run = folder / "run"
    length = len(os.fsencode(run / f".s.PGSQL.{PORT}"))
    if length <= SOCKET_LIMIT and re.fullmatch(r"[\w./+-]+", str(run), re.ASCII):
        run.mkdir(exist_ok=True)
        _give(run, who)
        if who.can("-x", run):
            return run
    noted = folder / "socket"
    with contextlib.suppress(OSError):
        known = Path(noted.read_text())
        seen = known.lstat()
        if stat.S_ISDIR(seen.st_mode) and seen.st_uid == who.uid and not seen.st_mode & 0o077:
            return known
    short = Path(tempfile.mkdtemp(prefix="whisper-pg-", dir="/tmp"))
    _give(short, who)
    noted.write_text(str(short))
    return short


def _forget_socket(folder: Path) -> None:
    with contextlib.suppress(OSError):
        Path((folder / "socket").read_text()).rmdir()
        (folder / "socket").unlink()


def _not_started(folder: Path, what: str) -> Failure:
    with contextlib.suppress(OSError):
        return Failure(
            f"The embedded PostgreSQL in {folder} {what}; its log ends:\n{_last((folder / 'log').read_text())}"
        )
    return Failure(f"The embedded PostgreSQL in {folder} {what}, and left no log.")


def _last(text: str) -> str:
    return "\n".join(f"    {line}" for line in text.strip().splitlines()[-8:])
