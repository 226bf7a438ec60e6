"""The upgrade of a fleet: by the runner, in processes, as Alembic's context is one for a whole process."""

from __future__ import annotations

import multiprocessing
import signal
from collections.abc import Iterator, Sequence
from multiprocessing.connection import Connection
from multiprocessing.context import SpawnProcess
from pathlib import Path
from queue import LifoQueue

from whisper_migrate.errors import Failure
from whisper_migrate.fleet.members import Member
from whisper_migrate.fleet.parallel import attempt, each
from whisper_migrate.project import Project
from whisper_migrate.running import runner

# Not forked: this process has threads.
SPAWN = multiprocessing.get_context("spawn")


def upgrade(
    project: Project, members: Sequence[Member], jobs: int, canary: int = 0
) -> Iterator[tuple[Member, runner.Outcome | Failure]]:
    """Take every member to the head, `jobs` at a time; what was done on each, or why it failed, as each is done.

    The first `canary` members go before the others, which are left alone when one of those fails.
    """
    processes = [_Process(project) for _ in range(jobs)]
    idle: LifoQueue[_Process] = LifoQueue()
    for process in processes:
        idle.put(process)

    def run(member: Member) -> runner.Outcome:
        process = idle.get()
        try:
            return process.upgrade(member)
        finally:
            idle.put(process)

    try:
        failed = False
        for member, outcome in each(members[:canary], jobs, run):
            failed = failed or isinstance(outcome, Failure)
            yield member, outcome
        if not failed:
            yield from each(members[canary:], jobs, run)
    finally:
        for process in processes:
            process.stop()


class _Process:
    """A process that upgrades one database after another, so that it imports only once what that needs."""

    def __init__(self, project: Project) -> None:
        self.root = project.root
        self.process: SpawnProcess | None = None

    def upgrade(self, member: Member) -> runner.Outcome:
        """Run the upgrade there. Raises Failure, also where the process itself comes to its end."""
        if self.process is None:
            self._start()
        try:
            self.pipe.send(member)
            done: runner.Outcome | Failure = self.pipe.recv()
        except (EOFError, OSError) as error:
            self.stop()
            raise Failure(
                "The process that upgraded it was killed.", "See where it stands: migrate.py fleet FILE status"
            ) from error
        if isinstance(done, Failure):
            raise done
        return done

    def _start(self) -> None:
        self.pipe, end = SPAWN.Pipe()
        self.process = SPAWN.Process(target=_serve, args=(self.root, end), daemon=True)
        self.process.start()
        end.close()

    def stop(self) -> None:
        """End it; what it is doing is rolled back."""
        if self.process is not None:
            self.process.terminate()
            self.process.join()
            self.pipe.close()
            self.process = None


def _serve(root: Path, pipe: Connection) -> None:
    """Upgrade what comes through the pipe until its other end is gone, be it that its process was killed."""
    signal.signal(signal.SIGINT, signal.SIG_IGN)  # what has begun is finished
    while True:
        try:
            member = pipe.recv()
        except EOFError:
            return
        pipe.send(attempt(lambda one: runner.upgrade(Project(root), one.url, "head", lambda _: None), member))
