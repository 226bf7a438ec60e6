"""Measure, and print medians and ratios: `make bench`."""

from __future__ import annotations

import os
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable
from pathlib import Path

from rich.console import Console
from rich.table import Table
from sqlalchemy import URL, create_engine, text
from sqlalchemy.pool import NullPool

from tests.bench import generated, plain_alembic, readers, revisions
from tests.support.connections import connected
from tests.support.performance_page import machine, markdown, read, slower, write
from tests.support.projects import Checkout, copied
from tests.support.temporary_server import temporary_server
from whisper_migrate.embedded.installed import binaries, major
from whisper_migrate.inspecting.inspect import inspect

ROOT = Path(__file__).resolve().parents[2]
HEADING = "The commands beside their peers"
RUNS = int(os.environ.get("BENCH_RUNS", "5"))
SIZES = tuple(map(int, os.environ.get("BENCH_TABLES", "500,5000").split(",")))


def main() -> None:
    """Run all comparisons on a temporary server; with the argument `revisions`, only that of preflight."""
    if sys.argv[1:] == ["revisions"]:
        with temporary_server("bench") as server:
            revisions.compare(_database(server, "empty"), _database(server, "filled"))
        return
    table = Table("what", "ours", "peer", "ratio", "goal", title=f"median of {RUNS} runs")
    with temporary_server("bench") as server, tempfile.TemporaryDirectory() as folder:
        os.environ["XDG_CACHE_HOME"] = str(Path(folder) / "cache")
        projects = {"WhisperEngine": ROOT}
        for tables in SIZES:
            projects[f"{tables} tables"] = generated.project(Path(folder) / str(tables), tables, ROOT)
        inspected: dict[str, tuple[float, float]] = {}
        for name, project in projects.items():
            url = _database(server, name)
            _run(project, url, "scripts/migrations/migrate.py", "upgrade")
            if name != f"{SIZES[-1]} tables":
                beside = plain_alembic.peer(Path(folder) / "peer").root if project == ROOT else project
                _check(table, name, project, beside, url, server)
            inspected[name] = _inspect(table, name, url)
        of_few, of_many = (inspected[f"{size} tables"] for size in (SIZES[0], SIZES[-1]))
        for what, few, many in zip(("inspect", "inspect again"), of_few, of_many, strict=True):
            _row(table, f"{what} grows, {SIZES[0]} to {SIZES[-1]} tables", many, few, "11")
        _draft(table, Path(folder), server)
        _lock(table, Path(folder), server)
        revisions.compare(_database(server, "empty"), _database(server, "filled"))
        _memory(table, projects[f"{SIZES[-1]} tables"], _database(server, f"{SIZES[-1]} tables", fresh=False))
    Console().print(table)
    _write(table)


def _check(table: Table, name: str, project: Path, beside: Path, url: URL, server: URL) -> None:
    """Compare the command `check-drift` with `alembic upgrade head` on an empty database and `alembic check`.

    Alembic's commands run in the folder `beside`, which has an env.py of plain Alembic. In a second row, the check
    takes what earlier ones have kept.
    """

    def ours(*options: str) -> float:
        return _run(project, url, "scripts/check_drift.py", *options)

    def peer() -> float:
        fresh = _database(server, "peer")
        return sum(_run(beside, fresh, "-m", "alembic", *words) for words in (["upgrade", "head"], ["check"]))

    _row(table, f"check-drift, {name}", *_medians(ours, peer), "0.35")
    for _ in range(2):
        ours("--kept")
    _row(table, f"check-drift --kept, {name}", *_medians(lambda: ours("--kept"), peer), "0.2")


def _inspect(table: Table, name: str, url: URL) -> tuple[float, float]:
    """Compare `inspect`, on a new connection and on one that has read before, with `pg_dump -s`."""
    program = str(binaries() / "pg_dump")
    plain = url.set(drivername="postgresql").render_as_string(hide_password=False)

    def first() -> float:
        with connected(url) as connection:
            return _timed(lambda: inspect(connection))

    def dump() -> float:
        return _timed(lambda: subprocess.run([program, "-s", plain], check=True, stdout=subprocess.DEVNULL))

    ours, peer = _medians(first, dump)
    _row(table, f"inspect, {name}", ours, peer, "0.6")
    with connected(url) as connection:
        for _ in range(2):  # the second time prepares the queries
            inspect(connection)
        again, peer = _medians(lambda: _timed(lambda: inspect(connection)), dump)
    _row(table, f"inspect again, {name}", again, peer, "0.6")
    return ours, again


def _draft(table: Table, folder: Path, server: URL) -> None:
    """Compare a drafted and proved revision for a new column of WhisperEngine with Alembic's autogenerate."""
    checkout, beside = copied(folder / "draft"), plain_alembic.peer(folder / "draft_beside")
    for one in (checkout, beside):
        one.add_column("nick: Mapped[str | None]")
    url, there = _database(server, "draft"), {path.name for path in checkout.versions.glob("*.py")}
    _run(checkout.root, url, "scripts/migrations/migrate.py", "upgrade")

    def drafted(one: Checkout, *command: str) -> float:
        seconds = _run(one.root, url, *command)
        for path in one.versions.glob("*.py"):
            if path.name not in there:
                path.unlink()
        return seconds

    def ours() -> float:
        return drafted(checkout, "scripts/migrations/migrate.py", "create", "nick")

    def peer() -> float:
        return drafted(beside, "-m", "alembic", "revision", "--autogenerate", "-m", "nick")

    _row(table, "draft and prove, WhisperEngine", *_medians(ours, peer), "3")


def _lock(table: Table, folder: Path, server: URL) -> None:
    """Measure a reader's longest wait on the first of eight busy tables, while a revision alters them all."""

    def wait(how: readers.Run, *, together: bool = False) -> float:
        name = f"readers {how.__name__} {together}"
        return readers.longest_wait(folder / name, _database(server, name), how, together=together)

    what, allowed = "a reader's longest wait, beside", readers.LOCK_TIMEOUT
    ours = wait(readers.locks_first)
    _row(table, f"{what} plain Alembic's", ours, wait(readers.plain_alembic), "1")
    _row(table, f"{what} --lock-timeout", ours, allowed, "1.5")
    _row(table, f"{what} --lock-timeout, without a rehearsal", wait(readers.locks_in_turn), allowed, "1.5")
    together = wait(readers.locks_in_turn, together=True)
    _row(table, f"{what} --lock-timeout, all in one statement", together, allowed, "1.5")


def _memory(table: Table, project: Path, url: URL) -> None:
    """Compare the peak memory of a check with that of `pg_dump -s`."""
    plain = url.set(drivername="postgresql").render_as_string(hide_password=False)
    ours = _peak([sys.executable, "scripts/check_drift.py"], project, url)
    peer = _peak([str(binaries() / "pg_dump"), "-s", plain], project, url)
    table.add_row("peak memory, check-drift", f"{ours:.0f} MB", f"{peer:.0f} MB", f"{ours / peer:.2f}", "4")


def _write(table: Table) -> None:
    """Write the table into docs/PERFORMANCE.md, and say which rows are slower than those there."""
    columns = [[str(cell) for cell in column.cells] for column in table.columns]
    text = markdown([str(column.header) for column in table.columns], [list(row) for row in zip(*columns, strict=True)])
    for line in slower(read()[1].get(HEADING, ""), text, "ratio"):
        print(f"Slower than the last run: {line}")
    server = f"PostgreSQL {major(binaries())}"
    words = f"`make bench` on {machine()}, {server}: medians of {RUNS} runs, ours and the peer's in turns."
    page = write(HEADING, f"{words}\n\n{text}")
    print(f"Wrote {page}.")


def _row(table: Table, what: str, ours: float, peer: float, goal: str) -> None:
    table.add_row(what, f"{ours:.3f} s", f"{peer:.3f} s", f"{ours / peer:.2f}", goal)


def _medians(ours: Callable[[], float], peer: Callable[[], float]) -> tuple[float, float]:
    """Return the medians of both, run in turns, so that other load on the machine affects both."""
    runs = [(ours(), peer()) for _ in range(RUNS)]
    one, other = zip(*runs, strict=True)
    return statistics.median(one), statistics.median(other)


def _timed(work: Callable[[], object]) -> float:
    began = time.perf_counter()
    work()
    return time.perf_counter() - began


def _run(project: Path, url: URL, *command: str) -> float:
    environment = {**os.environ, "DATABASE_URL": url.render_as_string(hide_password=False)}
    environment["PYTHONPATH"] = str(project)

    def work() -> None:
        subprocess.run([sys.executable, *command], cwd=project, env=environment, check=True, stdout=subprocess.DEVNULL)

    return _timed(work)


def _peak(command: list[str], project: Path, url: URL) -> float:
    """Return the largest resident size of a command, in megabytes."""
    measure = (
        "import resource, subprocess, sys; subprocess.run(sys.argv[1:], check=True, stdout=subprocess.DEVNULL);"
        "print(resource.getrusage(resource.RUSAGE_CHILDREN).ru_maxrss)"
    )
    environment = {**os.environ, "DATABASE_URL": url.render_as_string(hide_password=False)}
    done = subprocess.run(
        [sys.executable, "-c", measure, *command],
        cwd=project,
        env=environment,
        check=True,
        capture_output=True,
        text=True,
    )
    return int(done.stdout) / 1024


def _database(server: URL, name: str, *, fresh: bool = True) -> URL:
    name = f"bench_{name.replace(' ', '_').lower()}"
    engine = create_engine(server, poolclass=NullPool, isolation_level="AUTOCOMMIT")
    if fresh:
        with engine.connect() as connection:
            connection.execute(text(f"DROP DATABASE IF EXISTS {name} WITH (FORCE)"))
            connection.execute(text(f"CREATE DATABASE {name}"))
    return server.set(database=name)


if __name__ == "__main__":
    main()
