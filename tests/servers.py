"""The warm PostgreSQL servers of a test session: one of each version, started once, shared by all its processes."""

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

VARIABLE = "WHISPER_TEST_SERVERS"  # how the workers learn the servers' URLs
MORE = "WHISPER_TEST_PGBIN"  # folders of other versions' programs, with colons between them
EXPECTED = ("pg18", "pg15")
SHADOWS = "whisper_shadow"


def available() -> dict[str, Path]:
    """The PostgreSQL programs of each version: the embedded one, those that are named, and Debian's."""
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
    """All of them, for as long as the session lasts; `urls` leads to each one's maintenance database."""

    def __init__(self) -> None:
        self.urls: dict[str, URL] = {}
        prefix = f"whisper-test-{os.geteuid()}"
        # Other sessions may run beside this one: a folder without its session's lock is what a killed one left.
        with FileLock(_base() / f"{prefix}.lock"):
            for folder in _base().glob(f"{prefix}-*"):
                with contextlib.suppress(Timeout), FileLock(folder / "session.lock", timeout=0):
                    self._clear(folder)
            self.folder = Path(tempfile.mkdtemp(prefix=f"{prefix}-", dir=_base()))
            self.folder.chmod(0o755)  # root's server runs as another user, who must pass
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
        """The throwaway databases that a test has left behind."""
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
            with contextlib.suppress(Exception):  # whatever a killed session left, it must not stop this one
                embedded.stop(server)
        shutil.rmtree(folder, ignore_errors=True)


def urls() -> dict[str, URL]:
    """The servers that this session's controller has started, seen from any of its processes."""
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
    """Makes databases on one server when it is called, and drops them all, those that are kept when it closes."""

    _numbers = itertools.count(1)  # of all makers of a process: several may work on one server

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
        """Drop all but the first `keep`, whoever is still connected."""
        while len(self.names) > keep:
            self._execute(f'DROP DATABASE IF EXISTS "{self.names.pop()}" WITH (FORCE)')

    def keep(self, url: URL) -> None:
        """Do not drop this one at the end of the test that made it."""
        self.names.remove(str(url.database))
        self.kept.append(str(url.database))

    def give_up(self, url: URL) -> None:
        """Keep this one no longer."""
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
    """The servers' names for parametrising, the newest first."""
    return sorted(urls(), key=lambda name: -int(re.sub(r"\D", "", name)))


def absent() -> list[str]:
    return [name for name in EXPECTED if name not in urls()]


def report() -> str:
    """Which servers the tests run on, for people."""
    said = f"PostgreSQL servers: {', '.join(sorted_ids()) or 'none'}"
    return said + (f"; NOT on this machine, so not tested: {', '.join(absent())}" if absent() else "")


def until(condition: Callable[[], Any], seconds: float = 30) -> Any:
    """Wait until this holds, and return what it says."""
    deadline = time.monotonic() + seconds
    while time.monotonic() < deadline:
        if found := condition():
            return found
        time.sleep(0.02)
    raise AssertionError(f"did not happen within {seconds:.0f} seconds")
