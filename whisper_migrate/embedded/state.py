"""Determine the state of an embedded server from its folder: whether it exists, is alive, and answers."""

import contextlib
import os
import subprocess
from pathlib import Path
from typing import Any

import psycopg2
from sqlalchemy import URL

NAME = "whisperengine"  # the name of the superuser and of the database
PORT = 5432  # only a part of the socket's file name
PATIENCE = 60.0  # seconds: a server that recovers from a crash takes long to answer
PROC = Path("/proc")


def data(folder: Path) -> Path:
    """Return the folder of the cluster, which belongs to the user the server runs as."""
    return folder / "data"


def url(socket: Path) -> URL:
    """Return the URL of the database on the server with this socket."""
    query = {"host": str(socket), "port": str(PORT)}
    return URL.create("postgresql+psycopg2", username=NAME, database=NAME, query=query)


def socket(folder: Path) -> Path | None:
    """Return the folder of the server's socket, as written into postmaster.pid; None if no server runs."""
    lines = _pid_file(folder)
    return Path(lines[4]) if len(lines) > 4 and lines[4] else None


def mark(folder: Path) -> str:
    """Return the cluster_name of this folder's server.

    It contains the inode of the data, which a copy does not have.
    """
    state = data(folder).stat()
    return f"whisper_{state.st_dev}_{state.st_ino}"


def alive(folder: Path) -> int | None:
    """Return the process of this folder's server; None if it is not alive.

    The number in postmaster.pid may belong to another process by now, so the command line is compared. Everybody may
    read a command line, but root in a container without CAP_SYS_PTRACE cannot read the working folder.
    """
    pid = _noted(folder)
    if not pid:
        return None
    try:
        return pid if f"cluster_name={mark(folder)}" in _command_line(pid) else None
    except OSError:
        return None


def foreign(folder: Path) -> bool:
    """Whether postmaster.pid names a living process other than this folder's server: PostgreSQL would not start."""
    pid = _noted(folder)
    if not pid or gone(pid, zombies=False):
        return False  # PostgreSQL itself handles this, and looks for remaining child processes
    if PROC.is_dir():
        numbers = [int(path.name) for path in PROC.iterdir() if path.name.isdigit()]
        return not any(mark(folder) in _command_line(number) for number in numbers)
    return alive(folder) is None


def gone(pid: int, zombies: bool = True) -> bool:
    """Whether this process has ended; a zombie has, unless `zombies` is False."""
    try:
        os.kill(pid, 0)
    except ProcessLookupError:
        return True
    except PermissionError:
        pass
    with contextlib.suppress(OSError):
        return zombies and (PROC / str(pid) / "stat").read_text().rpartition(")")[2].split()[0] == "Z"
    return False


def answers(folder: Path) -> bool:
    """Whether this folder's server accepts connections."""
    if alive(folder) is None:
        return False
    try:
        connect(folder).close()
    except psycopg2.OperationalError as error:
        return "too many clients" in str(error)
    return True


def connect(folder: Path) -> Any:
    """Connect to the maintenance database of the running server."""
    place = socket(folder)
    if place is None:
        raise psycopg2.OperationalError("not started")
    return psycopg2.connect(host=str(place), port=PORT, user=NAME, dbname="postgres", connect_timeout=10)


def _pid_file(folder: Path) -> list[str]:
    try:
        return (data(folder) / "postmaster.pid").read_text().splitlines()
    except OSError:
        return []


def _noted(folder: Path) -> int | None:
    lines = _pid_file(folder)
    return int(lines[0]) if lines and lines[0].isdigit() and int(lines[0]) > 1 else None


def _command_line(pid: int) -> str:
    """Return the command line of a process; "" if it has ended."""
    if PROC.is_dir():
        try:
            return (PROC / str(pid) / "cmdline").read_bytes().decode(errors="replace")
        except OSError:
            return ""
    command = ["ps", "-ww", "-o", "command=", "-p", str(pid)]
    return subprocess.run(command, capture_output=True, text=True, check=False).stdout
