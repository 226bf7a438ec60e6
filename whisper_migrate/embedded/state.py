"""What is known of an embedded server from its folder: is it there, is it alive, does it answer."""

import contextlib
import os
import subprocess
from pathlib import Path
from typing import Any

import psycopg2
from sqlalchemy import URL

NAME = "whisperengine"  # of the superuser and of the database
PORT = 5432  # only part of the socket's file name
PATIENCE = 60.0  # seconds: a server that recovers from a crash answers late
PROC = Path("/proc")


def data(folder: Path) -> Path:
    """The cluster's own folder: all that belongs to the user that the server runs as."""
    return folder / "data"


def url(socket: Path) -> URL:
    """The address of the database of the server with this socket."""
    query = {"host": str(socket), "port": str(PORT)}
    return URL.create("postgresql+psycopg2", username=NAME, database=NAME, query=query)


def socket(folder: Path) -> Path | None:
    """The folder of the server's socket, as the running server itself wrote it down."""
    lines = _pid_file(folder)
    return Path(lines[4]) if len(lines) > 4 and lines[4] else None


def mark(folder: Path) -> str:
    """What the command line of this folder's server holds: told by the data's inode, which a copy does not share."""
    state = data(folder).stat()
    return f"whisper_{state.st_dev}_{state.st_ino}"


def alive(folder: Path) -> int | None:
    """The process of this folder's server. A number in a file proves nothing: it may be another's process by now.

    Its command line does, and everybody may read it; its working folder a root without CAP_SYS_PTRACE (Docker) may not.
    """
    pid = _noted(folder)
    if not pid:
        return None
    try:
        return pid if f"cluster_name={mark(folder)}" in _command_line(pid) else None
    except OSError:
        return None


def foreign(folder: Path) -> bool:
    """Is the noted process alive, but none of this folder's? PostgreSQL would then refuse to start for ever."""
    pid = _noted(folder)
    if not pid or gone(pid, zombies=False):
        return False  # PostgreSQL itself deals with this, and looks for left-over children
    if PROC.is_dir():
        numbers = [int(path.name) for path in PROC.iterdir() if path.name.isdigit()]
        return not any(mark(folder) in _command_line(number) for number in numbers)
    return alive(folder) is None


def gone(pid: int, zombies: bool = True) -> bool:
    """Has this process ended? A zombie has."""
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
    """Does this folder's server take connections?"""
    if alive(folder) is None:
        return False
    try:
        connect(folder).close()
    except psycopg2.OperationalError as error:
        return "too many clients" in str(error)
    return True


def connect(folder: Path) -> Any:
    """A connection to the maintenance database of the running server."""
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
    """Empty for a process that has ended."""
    if PROC.is_dir():
        try:
            return (PROC / str(pid) / "cmdline").read_bytes().decode(errors="replace")
        except OSError:
            return ""
    command = ["ps", "-ww", "-o", "command=", "-p", str(pid)]
    return subprocess.run(command, capture_output=True, text=True, check=False).stdout
