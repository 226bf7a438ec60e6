"""The embedded PostgreSQL for users without a server: started on first use, left running, kept in one folder.

The folder contains `data` (the cluster), `run` (its socket), `log` and `lock`. Only `data` belongs to the user that the
server runs as. The server listens only on the socket, which only that user and root may use.
"""

import contextlib
import os
import signal
import stat
import time
from collections.abc import Iterator
from pathlib import Path

import psycopg2
from filelock import FileLock, Timeout
from sqlalchemy import URL

from whisper_migrate.addresses.connection_failures import connection_failure
from whisper_migrate.embedded import state
from whisper_migrate.embedded.installed import binaries
from whisper_migrate.embedded.launch import forget_socket, launch, not_started
from whisper_migrate.errors import Failure

__all__ = ["NAME", "binaries", "running", "start", "stop", "url"]

NAME = state.NAME


def start(folder: Path, *, durable: bool = True, binaries: str | Path | None = None) -> URL:
    """Return the URL of the server in this folder; create the cluster and start the server as needed.

    `durable=False` is for tests: fast, but data is lost when the machine stops. `binaries` is the folder of other
    PostgreSQL programs.
    """
    folder = folder.absolute()
    if state.answers(folder):
        return _with_database(folder)
    with _locked(folder):
        deadline = time.monotonic() + state.PATIENCE
        while not state.answers(folder):
            if not state.alive(folder):
                launch(folder, durable=durable, programs=_programs(binaries), deadline=deadline)
            elif time.monotonic() > deadline:
                raise not_started(folder, f"did not answer within {state.PATIENCE:.0f} seconds")
            time.sleep(0.02)
        return _with_database(folder)


def stop(folder: Path) -> bool:
    """Stop the server in this folder, and wait for its end. Returns False if no server was running."""
    folder = folder.absolute()
    if not state.data(folder).is_dir():
        return False
    with _locked(folder):
        pid = state.alive(folder)
        if pid is None:
            return False
        for how in (signal.SIGINT, signal.SIGQUIT, signal.SIGKILL):  # fast, immediate, by force
            with contextlib.suppress(ProcessLookupError):
                os.kill(pid, how)
            deadline = time.monotonic() + state.PATIENCE
            while time.monotonic() < deadline:
                if state.alive(folder) is None:
                    forget_socket(folder)
                    return True
                time.sleep(0.02)
        raise Failure(f"The embedded PostgreSQL in {folder} (process {pid}) does not stop.")


def running(folder: Path) -> bool:
    """Whether the server in this folder accepts connections."""
    return state.answers(folder.absolute())


def url(folder: Path) -> URL:
    """Return the URL of the server in this folder, whether it is running or not."""
    return state.url(state.socket(folder.absolute()) or folder.absolute() / "run")


@contextlib.contextmanager
def _locked(folder: Path) -> Iterator[None]:
    """Create the folder and lock it, so that only one of several processes starts the server."""
    if os.name != "posix":
        raise Failure("The embedded PostgreSQL runs on Linux and macOS only.", "Set DATABASE_URL to a server of yours.")
    try:
        if folder.exists() and not all(_ours(path.name) for path in folder.iterdir()):
            raise Failure(
                f"The folder {folder} holds something else than an embedded PostgreSQL, so none is made there.",
                "Set WHISPER_PGDATA to a folder that is empty or does not exist yet.",
            )
        if not folder.exists():
            folder.mkdir(parents=True, exist_ok=True)
            # Root's server runs as another user, who must be able to enter; only that user can enter `data`.
            folder.chmod(0o755 if os.geteuid() == 0 else 0o700)
        _require_closed(folder)
        with FileLock(folder / "lock", timeout=2 * state.PATIENCE, mode=0o600):
            yield
    except Timeout as error:
        raise Failure(f"Another process has been starting the server in {folder} for two minutes.") from error
    except OSError as error:
        raise Failure(
            f"The embedded PostgreSQL's folder {folder} cannot be used: {error.strerror or error}.",
            "Work as the user that made it, set WHISPER_PGDATA to another folder, or set DATABASE_URL.",
        ) from error


def _require_closed(folder: Path) -> None:
    """Raise Failure if other users can put files into the folder: they could control the server."""
    seen = folder.stat()
    me = os.geteuid()
    links = [path for path in map(folder.joinpath, ("data", "run", "log", "lock", "socket")) if path.is_symlink()]
    if seen.st_mode & stat.S_IWOTH or (me and seen.st_uid not in (me, 0)) or links:
        raise Failure(
            f"The embedded PostgreSQL's folder {folder} cannot be used: others can put files into it.",
            "Work as the user that made it, set WHISPER_PGDATA to another folder, or set DATABASE_URL.",
        )


def _ours(name: str) -> bool:
    return name in ("data", "run", "log", "lock", "socket") or name.startswith("new-")


def _with_database(folder: Path) -> URL:
    """Return the server's URL, after creating the database if it is missing."""
    place = url(folder)
    try:
        connection = state.connect(folder)
    except psycopg2.OperationalError as error:
        raise connection_failure(place, error) from error
    try:
        connection.autocommit = True
        cursor = connection.cursor()
        cursor.execute("SELECT 1 FROM pg_database WHERE datname = %s", (state.NAME,))
        if not cursor.fetchone():
            with contextlib.suppress(psycopg2.errors.DuplicateDatabase, psycopg2.errors.UniqueViolation):
                cursor.execute(f"CREATE DATABASE {state.NAME}")
    finally:
        connection.close()
    return place


def _programs(override: str | Path | None) -> Path:
    return binaries(override)
