"""Upgrade a fleet in several processes, because Alembic's context is global to a process."""

from __future__ import annotations

import multiprocessing
import os
import shlex
import signal
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager, suppress
from functools import partial
from multiprocessing.connection import Connection
from multiprocessing.context import SpawnProcess
from pathlib import Path
from queue import LifoQueue
from threading import Lock

from rich.console import Console

from whisper_migrate.databases import interruption, own_connections
from whisper_migrate.errors import Failure
from whisper_migrate.fleet.canary import canaries
from whisper_migrate.fleet.members import Member
from whisper_migrate.fleet.parallel import attempt, each
from whisper_migrate.history.history import History
from whisper_migrate.project.project import Project
from whisper_migrate.running import runner
from whisper_migrate.running.patience import Patience
from whisper_migrate.running.progress import Progress

GRACE = 10  # seconds that an ended process has to roll back

# Not fork: this process has threads.
SPAWN = multiprocessing.get_context("spawn")
SAFE_PATH = "PYTHONSAFEPATH"
STARTING = Lock()  # the environment is that of all threads


def upgrade(
    history: History,
    members: Sequence[Member],
    jobs: int,
    canary: int,
    patience: Patience,
    say: Callable[[Member, str], None],
) -> Iterator[tuple[Member, runner.Outcome | Failure]]:
    """Upgrade all members to the head, `jobs` at a time, and yield each with its outcome or failure.

    The first `canary` members with pending revisions are upgraded before all others. If one of them fails, the others
    are left alone. `say` is called with the progress messages of long runs.
    """
    first = canaries(history, members, jobs, canary)
    processes = [_Process(history.project, patience) for _ in range(jobs)]
    idle: LifoQueue[_Process] = LifoQueue()
    for process in processes:
        idle.put(process)

    def run(member: Member) -> runner.Outcome:
        process = idle.get()
        try:
            return process.upgrade(member, partial(say, member))
        finally:
            idle.put(process)

    def stop() -> None:
        for process in processes:
            process.stop()

    try:
        failed = False
        for member, outcome in each(first, jobs, run, stop):
            failed = failed or isinstance(outcome, Failure)
            yield member, outcome
        if not failed:
            rest = [member for member in members if member not in set(first)]
            yield from each(rest, jobs, run, stop)
    finally:
        stop()


class _Process:
    """A process for several databases in turn: the modules are imported once."""

    def __init__(self, project: Project, patience: Patience) -> None:
        self.root, self.patience = project.root, patience
        self.process: SpawnProcess | None = None
        self.is_stopped = False

    def upgrade(self, member: Member, say: Callable[[str], None]) -> runner.Outcome:
        """Upgrade a member in the process. Raises Failure if the upgrade fails or the process dies."""
        if self.process is None:
            self._start()
            self.is_stopped = False
        try:
            self.pipe.send(member)
            while isinstance(done := self.pipe.recv(), str):
                say(done)
        except (EOFError, OSError) as error:
            how = (
                "was stopped by a signal, and what it had not committed is rolled back"
                if self.is_stopped
                else "was killed"
            )
            self.stop()
            raise Failure(
                f"The process that upgraded it {how}.",
                f"See its state: migrate.py fleet {shlex.quote(member.file)} status",
            ) from error
        if isinstance(done, runner.Outcome):
            return done
        assert isinstance(done, Failure)
        raise done

    def _start(self) -> None:
        self.pipe, end = SPAWN.Pipe()
        self.process = SPAWN.Process(target=_serve, args=(self.root, self.patience, end), daemon=True)
        with _safe_path():
            self.process.start()
        end.close()

    def stop(self) -> None:
        """End the process; the statement that it runs is cancelled and rolled back."""
        process, self.process, self.is_stopped = self.process, None, True
        if process is not None:
            process.terminate()
            process.join(GRACE)
            process.kill()
            process.join()


@contextmanager
def _safe_path() -> Iterator[None]:
    """Let a Python process that starts meanwhile not import modules from the current folder first."""
    with STARTING:
        before = os.environ.get(SAFE_PATH)
        os.environ[SAFE_PATH] = "1"
        try:
            yield
        finally:
            if before is None:
                del os.environ[SAFE_PATH]
            else:
                os.environ[SAFE_PATH] = before


class _Told(Progress):
    """Sends the progress messages of a run through a pipe."""

    def __init__(self, pipe: Connection) -> None:
        super().__init__(Console(quiet=True, force_terminal=False))
        self.pipe = pipe

    def say(self, line: str) -> None:
        with self._turn:
            self.pipe.send(line.strip())


def _serve(root: Path, patience: Patience, pipe: Connection) -> None:
    """Upgrade the members received from the pipe, until its other end is closed or its process was killed."""
    signal.signal(signal.SIGINT, signal.SIG_IGN)  # the main process handles it, and ends this one
    interruption.handle()
    own_connections.name_connections()
    interruption.listen()

    def upgraded(member: Member) -> runner.Outcome:
        project, progress = Project(root), _Told(pipe)
        with runner.runner(project, member.url, "upgrade", "head", lambda _: None, patience, progress) as run:
            return run()

    with suppress(EOFError, interruption.Terminated):
        while not interruption.heard:  # a signal that ended the wait for a standby has raised nothing
            pipe.send(attempt(upgraded, pipe.recv()))
