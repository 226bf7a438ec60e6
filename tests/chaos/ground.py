"""The environment of the faults: a server, small projects, and the command line run as a process."""

from __future__ import annotations

import os
import re
import signal
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path

from sqlalchemy import URL

from tests.running.attempts import alone, project, sql
from tests.support.projects import ROOT, ask
from tests.support.servers import until
from whisper_migrate import embedded

SLOW = "SELECT pg_sleep(1.5)"
# Revision N creates table rN. The second revision takes a while, the third commits in its middle.
HISTORY = (
    sql("CREATE TABLE r1 (n integer)", "INSERT INTO r1 VALUES (1)"),
    sql("ALTER TABLE r1 ADD COLUMN m integer", "CREATE TABLE r2 (n integer)", SLOW),
    "\n".join([sql("CREATE TABLE r3 (n integer)"), alone("CREATE INDEX CONCURRENTLY r1_n ON r1 (n)")]),
)
HEAD = f"r{len(HISTORY)}"
OURS = "datname = current_database() AND application_name LIKE 'whisper-migrate%'"


@dataclass(frozen=True)
class Run:
    """The exit code and the output of a command."""

    code: int
    said: str


@dataclass
class Ground:
    """A server on which each case has its own database."""

    folder: Path
    server: URL = field(init=False)
    count: int = 0

    def __post_init__(self) -> None:
        self.server = embedded.start(self.folder / "server").set(database="postgres")
        ask(self.server, "ALTER SYSTEM SET max_prepared_transactions = 5")
        embedded.stop(self.folder / "server")
        embedded.start(self.folder / "server")

    def close(self) -> None:
        """Stop all servers."""
        for data in self.folder.glob("*/data"):
            embedded.stop(data.parent)

    def database(self) -> URL:
        """Create a database."""
        self.count += 1
        ask(self.server, f"CREATE DATABASE chaos_{self.count}")
        return self.server.set(database=f"chaos_{self.count}")

    def standby(self, settings: str = "") -> tuple[Path, URL]:
        """Start a standby with the server's present state and these settings; return its folder and its URL."""
        data, copy = self.folder / "server/data", self.folder / f"standby_{self.count}"
        embedded.stop(data.parent)
        copy.mkdir()
        copy.chmod(0o755)
        subprocess.run(["cp", "-a", data, copy / "data"], check=True)
        (copy / "data/standby.signal").touch()
        with (copy / "data/postgresql.auto.conf").open("a") as file:
            file.write(settings)
        embedded.start(data.parent)
        return copy, embedded.start(copy)

    def project(self, *ups: str) -> Path:
        """Create a project with these revisions, or with `HISTORY`; return its folder."""
        self.count += 1
        return project(self.folder / f"project_{self.count}", *(ups or HISTORY)).root

    def start(self, folder: Path, url: URL, *arguments: str) -> subprocess.Popen[str]:
        """Start a command of migrate.py."""
        environ = {name: value for name, value in os.environ.items() if not name.startswith(("PG", "WHISPER_"))}
        environ |= {"DATABASE_URL": url.set(drivername="postgresql").render_as_string(False)}
        return subprocess.Popen(
            [sys.executable, ROOT / "scripts/migrations/migrate.py", "--project", folder, *arguments],
            env=environ,
            text=True,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
        )

    def run(self, folder: Path, url: URL, *arguments: str) -> Run:
        """Run a command to its end."""
        return ended(self.start(folder, url, *arguments))

    def settle(self, folder: Path, database: URL, at: str | None = None, patience: float = 60) -> None:
        """Require that nothing is half done: the tables match the stamp `at`, and the next upgrade finishes.

        Waits first until the failed run has no session left on the server.
        """
        until(lambda: not ask(database, f"SELECT 1 FROM pg_stat_activity WHERE {OURS}"), patience)
        found = stamp(database)
        assert at is None or found in at.split(), f"at {found}, and not at {at}"
        there = {str(name) for (name,) in ask(database, "SELECT tablename FROM pg_tables WHERE tablename ~ '^r[0-9]$'")}
        done = {f"r{n}" for n in range(1, int((found or "r0")[1:]) + 1)}
        assert there == done | journalled(database), f"stamped {found}, but there are {sorted(there)}"
        run = self.run(folder, database, "upgrade")
        assert run.code == 0 and re.search("is what the history says|Nothing to do", run.said), (
            f"the next upgrade: {run}"
        )
        head = f"r{len(list((folder / 'alembic/versions').glob('r*.py')))}"
        assert stamp(database) == head, f"the next upgrade came to {stamp(database)}: {run}"

    @contextmanager
    def setting(self, name: str, value: str) -> Iterator[None]:
        """Change a setting of the whole server inside the block."""
        try:
            ask(self.server, f"ALTER SYSTEM SET {name} = '{value}'", "SELECT pg_reload_conf()")
            until(lambda: ask(self.server, f"SHOW {name}")[0][0] == value)
            yield
        finally:
            ask(self.server, f"ALTER SYSTEM RESET {name}", "SELECT pg_reload_conf()")
            until(lambda: ask(self.server, f"SHOW {name}")[0][0] != value)


def ended(process: subprocess.Popen[str], seconds: float = 120) -> Run:
    """Return the exit code and output of a command. Kills a command that does not end, and fails."""
    try:
        said, _ = process.communicate(timeout=seconds)
    except subprocess.TimeoutExpired:
        process.send_signal(signal.SIGKILL)
        said, _ = process.communicate()
        raise AssertionError(f"did not end within {seconds:g} s, and said: {said}") from None
    assert "Traceback" not in said and "mistake of whisper-migrate" not in said, said
    return Run(process.returncode, said)


def refused(run: Run, pattern: str) -> None:
    """Require that the command failed with this message."""
    assert run.code == 2 and re.search(pattern, run.said), f"expected exit code 2 and {pattern!r}: {run}"


def stamp(database: URL) -> str | None:
    """Return the revision the database is stamped with."""
    ((there,),) = ask(database, "SELECT to_regclass('alembic_version') IS NOT NULL")
    rows = ask(database, "SELECT version_num FROM alembic_version") if there else []
    return str(rows[0][0]) if rows else None


def journalled(database: URL) -> set[str]:
    """Return the revision that was stopped in its middle; its first part is committed."""
    ((there,),) = ask(database, "SELECT to_regclass('whisper_journal') IS NOT NULL")
    return {str(row[0]) for row in ask(database, "SELECT revision FROM whisper_journal")} if there else set()


def working(database: URL, statement: str) -> bool:
    """Whether a run is executing this statement."""
    return bool(ask(database, f"SELECT 1 FROM pg_stat_activity WHERE {OURS} AND query LIKE '{statement}%'"))
