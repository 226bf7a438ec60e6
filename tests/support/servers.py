"""The PostgreSQL servers of a test session: one per version, started once, used by all of its processes."""

import contextlib
import itertools
import json
import os
import re
import shutil
import tempfile
import time
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

import psycopg2
from filelock import FileLock, Timeout
from sqlalchemy import URL, make_url

from whisper_migrate import embedded
from whisper_migrate.embedded.installed import binaries, major

VARIABLE = "WHISPER_TEST_SERVERS"  # passes the servers' URLs to the workers
MORE = "WHISPER_TEST_PGBIN"  # folders of other versions' programs, separated by colons
EXPECTED = ("pg18", "pg15")
SHADOWS = "whisper_shadow"


def available() -> dict[str, Path]:
    """Return the PostgreSQL programs by version: the embedded ones, those named in MORE, and Debian's."""
    debian = sorted(Path("/usr/lib/postgresql").glob("*/bin"), reverse=True)
    named = [binaries(name) for name in os.environ.get(MORE, "").split(":") if name]
    found: dict[str, Path] = {}
    for folder in (binaries(), *named, *debian):
        if (folder / "postgres").is_file() and (folder / "initdb").is_file():
            found.setdefault(f"pg{major(folder)}", folder)
    return found


def _base() -> Path:
    memory = Path("/dev/shm")
    return memory if os.access(memory, os.W_OK) else Path(tempfile.gettempdir())


class Servers:
    """The servers of a test session; `urls` are those of the maintenance databases."""

    def __init__(self) -> None:
        self.urls: dict[str, URL] = {}
        prefix = f"whisper-test-{os.geteuid()}"
        # Other sessions may be running. A folder whose session lock is free was left by a killed session.
        with FileLock(_base() / f"{prefix}.lock"):
            for folder in _base().glob(f"{prefix}-*"):
                with contextlib.suppress(Timeout), FileLock(folder / "session.lock", timeout=0):
                    self._clear(folder)
            self.folder = Path(tempfile.mkdtemp(prefix=f"{prefix}-", dir=_base()))
            self.folder.chmod(0o755)  # root's server runs as another user, who must be able to enter
            self._lock = FileLock(self.folder / "session.lock")
            self._lock.acquire()

    def start(self) -> None:
        programs = available()
        with ThreadPoolExecutor() as pool:
            started = {
                name: pool.submit(embedded.start, self.folder / name, durable=False, binaries=folder)
                for name, folder in programs.items()
            }
        self.urls = {name: future.result().set(database="postgres") for name, future in started.items()}
        os.environ[VARIABLE] = json.dumps({name: url.render_as_string(False) for name, url in self.urls.items()})

    def leftovers(self) -> list[str]:
        """Return the shadows that tests have left behind."""
        return [
            f"{name}: {database}"
            for name, url in self.urls.items()
            for database in databases(url)
            if database.startswith(SHADOWS)
        ]

    def stop(self) -> None:
        os.environ.pop(VARIABLE, None)
        self._clear(self.folder)
        self._lock.release()

    @staticmethod
    def _clear(folder: Path) -> None:
        for server in folder.glob("pg*"):
            with contextlib.suppress(Exception):  # leftovers of a killed session must not stop this one
                embedded.stop(server)
        shutil.rmtree(folder, ignore_errors=True)


def urls() -> dict[str, URL]:
    """Return the URLs of the session's servers, in any of its processes."""
    return {name: make_url(url) for name, url in json.loads(os.environ.get(VARIABLE, "{}")).items()}


def connect(url: URL) -> "psycopg2.extensions.connection":
    connection = psycopg2.connect(url.set(drivername="postgresql").render_as_string(hide_password=False))
    connection.autocommit = True
    return connection


def databases(url: URL) -> list[str]:
    with contextlib.closing(connect(url)) as connection, connection.cursor() as cursor:
        cursor.execute("SELECT datname FROM pg_database ORDER BY datname")
        return [name for (name,) in cursor.fetchall()]


class Maker:
    """Creates a database on each call, and drops it later; kept databases are dropped on closing."""

    _numbers = itertools.count(1)  # for all makers of a process, because several may work on one server

    def __init__(self, url: URL) -> None:
        self.url = url
        self.names: list[str] = []
        self.kept: list[str] = []
        self._connection = connect(url)

    def __call__(self, template: str | URL | None = None) -> URL:
        worker = os.environ.get("PYTEST_XDIST_WORKER", "main")
        name = f"test_{worker}_{os.getpid()}_{next(self._numbers)}"
        source = template.database if isinstance(template, URL) else template
        self._execute(f'CREATE DATABASE "{name}" TEMPLATE "{source or "template0"}"')
        self.names.append(name)
        return self.url.set(database=name)

    def drop(self, keep: int = 0) -> None:
        """Drop all databases but the first `keep`, even if sessions are connected."""
        while len(self.names) > keep:
            self._execute(f'DROP DATABASE IF EXISTS "{self.names.pop()}" WITH (FORCE)')

    def keep(self, url: URL) -> None:
        """Keep a database beyond the end of the test that created it."""
        self.names.remove(str(url.database))
        self.kept.append(str(url.database))

    def give_up(self, url: URL) -> None:
        """Let a kept database be dropped at the end of the test."""
        self.kept.remove(str(url.database))
        self.names.append(str(url.database))

    def close(self) -> None:
        self.names += self.kept
        self.drop()
        self._connection.close()

    @property
    def version(self) -> int:
        """The server's major version."""
        return int(self._connection.server_version) // 10000

    def _execute(self, statement: str) -> None:
        with self._connection.cursor() as cursor:
            cursor.execute(statement)


def sorted_ids() -> list[str]:
    """Return the servers' names for parametrized tests, the newest first."""
    return sorted(urls(), key=lambda name: -int(re.sub(r"\D", "", name)))


def absent() -> list[str]:
    return [name for name in EXPECTED if name not in urls()]


def report() -> str:
    """Return a line on the servers that the tests run on."""
    said = f"PostgreSQL servers: {', '.join(sorted_ids()) or 'none'}"
    return said + (f"; NOT on this machine, so not tested: {', '.join(absent())}" if absent() else "")


def until(condition: Callable[[], Any], seconds: float = 120) -> Any:
    """Wait until the condition returns a true value, and return that value."""
    deadline = time.monotonic() + seconds
    while time.monotonic() < deadline:
        if found := condition():
            return found
        time.sleep(0.02)
    raise AssertionError(f"did not happen within {seconds:.0f} seconds")
