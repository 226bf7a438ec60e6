"""Create an embedded cluster and start its server, even as root."""

import contextlib
import os
import re
import shutil
import stat
import subprocess
import sys
import tempfile
import time
from pathlib import Path

from whisper_migrate.embedded import state
from whisper_migrate.embedded.installed import Account, account, major, usable
from whisper_migrate.errors import Failure

SOCKET_LIMIT = 107 if sys.platform == "linux" else 103
LOG_LIMIT = 1_000_000  # bytes; checked when a server starts
EXTENSIONS = "whisper_extensions"
CWD = Path("/proc/self/cwd")
TRANSIENT = ("lock file", "shared memory block")  # messages of a start while a killed server has not quite gone


def launch(folder: Path, *, durable: bool, programs: Path, deadline: float) -> None:
    """Create the cluster if there is none, and start the server. Raises Failure, with its log, if it does not start."""
    data = state.data(folder)
    made = (data / "PG_VERSION").exists()
    who = account(data.stat().st_uid if made else None)
    run = usable(programs, who)
    version = major(programs)
    if not made:
        _initdb(folder, who, run, version, durable)
    elif (theirs := (data / "PG_VERSION").read_text().strip()) != str(version):
        raise Failure(
            f"The data in {folder} was made by PostgreSQL {theirs}, but the programs are PostgreSQL {version}.",
            f"Delete {folder} to start over, or set WHISPER_PGBIN to PostgreSQL {theirs}'s folder of programs.",
        )
    seen = _as_seen(data, who)
    socket = _socket_folder(folder, who)
    settings = {
        "listen_addresses": "",
        "port": str(state.PORT),
        "unix_socket_directories": str(socket),
        "unix_socket_permissions": "0700",
        "cluster_name": state.mark(folder),
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
        for left in (f".s.PGSQL.{state.PORT}", f".s.PGSQL.{state.PORT}.lock"):  # its process number may be reused
            (socket / left).unlink(missing_ok=True)
        if (data / "postmaster.pid").exists() and state.foreign(folder):
            (data / "postmaster.pid").unlink(missing_ok=True)
        said = _spawn(folder, who, command)
        if said is None:
            return
        if not any(sign in said for sign in TRANSIENT) or time.monotonic() > deadline:
            raise not_started(folder, "did not start", said)
        time.sleep(0.2)


def _hand_over_extensions(data: Path, who: Account) -> None:
    """Copy the stand-in extensions into the data folder, as the user of the server, who can always read them there."""
    for source in sorted((Path(__file__).with_name("extensions") / "extension").iterdir()):
        subprocess.run(
            ["/bin/sh", "-c", 'mkdir -p "$0/extension" && cat > "$0/extension/$1"', EXTENSIONS, source.name],
            input=source.read_bytes(),
            cwd=data,
            check=True,
            **who.popen(),
        )


def _spawn(folder: Path, who: Account, command: list[str]) -> str | None:
    """Start the server as a child of init: the server outlives this process. Return the log if the start fails."""
    flags = os.O_WRONLY | os.O_CREAT | os.O_APPEND | getattr(os, "O_NOFOLLOW", 0)
    log = os.open(folder / "log", flags, 0o600)
    try:
        if os.fstat(log).st_size > LOG_LIMIT:
            os.ftruncate(log, 0)
        before = os.fstat(log).st_size
        launched = subprocess.run(
            ["/bin/sh", "-c", '"$@" 1>&2 & echo $!', "sh", *command],
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=log,
            cwd=state.data(folder),
            env=_environment(),
            start_new_session=True,
            check=True,
            **who.popen(),
        )
    finally:
        os.close(log)
    pid = int(launched.stdout)
    deadline = time.monotonic() + state.PATIENCE
    while time.monotonic() < deadline:
        if state.alive(folder) == pid and state.answers(folder):
            return None
        if state.gone(pid):
            return (folder / "log").read_bytes()[before:].decode(errors="replace")
        time.sleep(0.01)
    raise not_started(folder, f"did not answer within {state.PATIENCE:.0f} seconds")


def _initdb(folder: Path, who: Account, run: Path, version: int, durable: bool) -> None:
    """Create the cluster in a temporary folder, then rename it: a killed initdb leaves nothing that looks complete."""
    data = state.data(folder)
    if (data / "global" / "pg_control").exists():
        raise Failure(f"The data in {folder} is incomplete: PG_VERSION is missing.", f"Delete {folder} to start over.")
    if data.exists():  # files written by a server whose folder was being deleted
        data.rename(Path(tempfile.mkdtemp(dir=folder, prefix="new-")) / "data")
    for half in folder.glob("new-*"):
        shutil.rmtree(half, ignore_errors=True)
    fresh = Path(tempfile.mkdtemp(dir=folder, prefix="new-"))
    _give(fresh, who)
    locale = ["--locale=C", "--locale-provider=builtin", "--builtin-locale=C.UTF-8"]
    command = [str(run / "initdb"), "-D", str(_as_seen(fresh, who)), "--username", state.NAME, "--auth=trust"]
    command += ["--encoding=UTF8", "--no-instructions", *(locale if version >= 17 else ["--locale=C.UTF-8"])]
    command += [] if durable else ["--no-sync"]
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
    fresh.rename(data)


def _environment() -> dict[str, str]:
    """Return the environment of the server's programs, without HOME and the caller's PG* variables."""
    kept = {name: os.environ[name] for name in ("PATH", "LD_LIBRARY_PATH", "TMPDIR") if name in os.environ}
    return kept | {"LC_ALL": "C", "TZ": "UTC"}


def _give(path: Path, who: Account) -> None:
    """Close a folder to everybody but this user. Links are not followed: they might lead to somebody else's folder."""
    try:
        folder = os.open(path, os.O_RDONLY | os.O_DIRECTORY | os.O_NOFOLLOW)
    except OSError as error:
        remedy = "Delete it, or set WHISPER_PGDATA to another folder."
        raise Failure(f"{path} cannot be used as a folder: {error.strerror}.", remedy) from error
    try:
        os.fchmod(folder, 0o700)
        if who.other:
            os.fchown(folder, who.uid, who.gid)
    except OSError as error:
        raise Failure(
            f"The folder {path} cannot be handed to the user {who.name}, who runs the server for root: "
            f"{error.strerror}.",
            "Work as another user than root, or set DATABASE_URL to a server of yours.",
        ) from error
    finally:
        os.close(folder)


def _as_seen(data: Path, who: Account) -> Path:
    """Return the path by which the server reaches its data: its working folder if it cannot enter the parents."""
    if ":" not in str(data) and (not who.other or who.can("-x", data)):
        return data
    if not CWD.exists():
        raise Failure(
            f"The user {who.name}, who runs the server for root, cannot enter {data.parent.parent}.",
            "Set WHISPER_PGDATA to a folder that it can enter, or set DATABASE_URL to a server of yours.",
        )
    return CWD


def _socket_folder(folder: Path, who: Account) -> Path:
    """Return the folder for the socket: `run`, or a temporary one if the path is too long or has odd characters."""
    run = folder / "run"
    length = len(os.fsencode(run / f".s.PGSQL.{state.PORT}"))
    if length <= SOCKET_LIMIT and re.fullmatch(r"[\w./+-]+", str(run), re.ASCII):
        run.mkdir(exist_ok=True)
        _give(run, who)
        if who.can("-x", run):
            return run
    noted = folder / "socket"
    with contextlib.suppress(OSError):
        whose, _, name = noted.read_text().partition(" ")
        known = Path(name)
        seen = known.lstat()
        if (
            whose == state.mark(folder)
            and stat.S_ISDIR(seen.st_mode)
            and seen.st_uid == who.uid
            and not seen.st_mode & 0o077
        ):
            return known
    short = Path(tempfile.mkdtemp(prefix="whisper-pg-", dir="/tmp" if os.access("/tmp", os.W_OK) else None))
    _give(short, who)
    noted.unlink(missing_ok=True)  # not opened, since it may be a link
    with noted.open("x") as file:
        file.write(f"{state.mark(folder)} {short}")  # the mark differs in a copy of the folder
    return short


def forget_socket(folder: Path) -> None:
    """Remove the temporary socket folder of a server that has stopped."""
    with contextlib.suppress(OSError):
        whose, _, name = (folder / "socket").read_text().partition(" ")
        if whose == state.mark(folder):
            Path(name).rmdir()
            (folder / "socket").unlink()


def not_started(folder: Path, what: str, said: str | None = None) -> Failure:
    """Return the failure to start, with the last lines of `said`, or else of the log."""
    with contextlib.suppress(OSError):
        said = (folder / "log").read_text(errors="replace") if said is None else said
    return Failure(f"The embedded PostgreSQL in {folder} {what}; its log ends:\n{_last(said or '(nothing)')}")


def _last(text: str) -> str:
    return "\n".join(f"    {line}" for line in text.strip().splitlines()[-8:])
