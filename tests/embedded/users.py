"""Helpers for the tests of the embedded server."""

import contextlib
import os
import pickle
import pwd
import stat
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

from sqlalchemy import URL

from tests.support import servers
from whisper_migrate import embedded

ROOT = Path(__file__).parents[2]
START = "import sys, pathlib; from whisper_migrate import embedded; print(embedded.start(pathlib.Path(sys.argv[1])))"


def start(folder: Path, **options: Any) -> URL:
    return embedded.start(folder, **{"durable": False, **options})


def ask(url: URL, *statements: str) -> Any:
    """Execute statements, and return the first value of the last one's result."""
    with contextlib.closing(servers.connect(url)) as connection, connection.cursor() as cursor:
        for statement in statements:
            cursor.execute(statement)
        return cursor.fetchone()[0] if cursor.description else None


def command(folder: Path, *before: str, **options: Any) -> subprocess.Popen[str]:
    """Start the server from a separate process."""
    pipes = {"stdout": subprocess.PIPE, "stderr": subprocess.PIPE, "text": True, "cwd": ROOT}
    return subprocess.Popen([*before, sys.executable, "-c", START, str(folder)], **{**pipes, **options})


def finished(process: subprocess.Popen[str]) -> str:
    said, wrong = process.communicate(timeout=600)
    assert process.returncode == 0, wrong
    return said.strip()


def as_user(name: str, function: Callable[[], Any]) -> Any:
    """Call the function as this user in a fork, and return its result; the interpreter may be closed to the user."""
    entry = pwd.getpwnam(name)
    reading, writing = os.pipe()
    child = os.fork()
    if child == 0:
        try:
            os.setgroups([])
            os.setgid(entry.pw_gid)
            os.setuid(entry.pw_uid)
            answer: Any = function()
        except BaseException as error:
            answer = error
        os.write(writing, pickle.dumps(answer))
        os._exit(0)
    os.close(writing)
    with os.fdopen(reading, "rb") as pipe:
        answer = pickle.loads(pipe.read())
    os.waitpid(child, 0)
    if isinstance(answer, BaseException):
        raise answer
    return answer


def mode(path: Path) -> int:
    return stat.S_IMODE(path.stat().st_mode)
