"""A shell on the database."""

import os
import shutil
import signal
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import click
from sqlalchemy import URL

from whisper_migrate import embedded
from whisper_migrate.databases import settings
from whisper_migrate.databases.secret_parameters import secrets, without_secrets
from whisper_migrate.databases.url import rendered
from whisper_migrate.errors import Failure
from whisper_migrate.project import Project

SERVICE = "whisper_migrate"


@click.command("psql", context_settings={"ignore_unknown_options": True})
@click.argument("arguments", nargs=-1, type=click.UNPROCESSED)
@click.pass_obj
def command(project: Project, arguments: tuple[str, ...]) -> None:
    """Open psql on the database."""
    database = settings.database(project.root)
    program = shutil.which("psql") or str(embedded.binaries() / "psql")
    signal.signal(signal.SIGINT, lambda *_: None)  # Ctrl-C is for psql, where it ends a query
    with _open_url(database.url) as (url, environ):
        sys.exit(subprocess.call([program, url, *arguments], env={**os.environ, **environ}))


@contextmanager
def _open_url(url: URL) -> Iterator[tuple[str, dict[str, str]]]:
    """The URL as everybody may see it in a list of processes, and the environment that adds its secrets.

    libpq takes the password from the environment, and other secrets from a service file only.
    """
    hidden = secrets(url)
    password = hidden.pop("password", None)
    environ = {"PGPASSWORD": password} if password else {}
    plain = without_secrets(url)
    if not hidden:
        yield rendered(plain), environ
        return
    if "service" in url.query:
        names = " and ".join(sorted(hidden))
        raise Failure(f"psql cannot be given {names} of a URL that names a service.", f"Put {names} into the service.")
    with tempfile.TemporaryDirectory(prefix="whisper-psql-") as folder:  # only its user can enter it
        file = Path(folder, "service")
        file.touch(mode=0o600)
        file.write_text("\n".join([f"[{SERVICE}]", *(f"{name}={value}" for name, value in hidden.items())]) + "\n")
        named = plain.update_query_dict({"service": SERVICE})
        yield rendered(named), {**environ, "PGSERVICEFILE": str(file)}
