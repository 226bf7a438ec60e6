"""Copy a database with pg_dump and psql, as an operator does."""

import subprocess

from sqlalchemy import URL

from tests.support import little
from whisper_migrate import embedded


def dump(url: URL) -> str:
    return _run("pg_dump", "--no-owner", little.plain(url))


def load(text: str, url: URL, *, stop: bool = True) -> URL:
    _run("psql", "-qX", "-v", f"ON_ERROR_STOP={int(stop)}", little.plain(url), given=text)
    return url


def _run(program: str, *arguments: str, given: str = "") -> str:
    command = [str(embedded.binaries() / program), *arguments]
    return subprocess.run(command, input=given, check=True, capture_output=True, text=True).stdout
