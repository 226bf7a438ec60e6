"""Find the server for shadows: the database's own, else SHADOW_URL, else an embedded server."""

import os
import shutil
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from sqlalchemy import URL, Connection, text

from whisper_migrate import embedded
from whisper_migrate.databases import settings
from whisper_migrate.databases.connect import connected, require_reachable
from whisper_migrate.databases.shadow import may_create
from whisper_migrate.databases.writable import is_standby
from whisper_migrate.errors import Failure
from whisper_migrate.wording.sign_of_life import doing

# The obstacle to a database for the comparison beside the user's own, and its remedy.
Obstacle = tuple[str, str]
ROLE = (
    "The database's role may not create databases",
    "Give the role CREATEDB, or set SHADOW_URL to a PostgreSQL {version} where it may create databases.",
)
STANDBY = (
    "The database is on a standby, where no database can be created",
    "Let DATABASE_URL lead to the primary, or set SHADOW_URL to a PostgreSQL {version} that accepts writes.",
)


@contextmanager
def shadow_server(root: Path) -> Iterator[URL]:
    """Yield a server on which this process may create databases; without configuration, a temporary one.

    Both sides of a comparison must be printed by the same PostgreSQL version. The configured database's own server
    therefore comes first, and another server must have the same major version.
    """
    if configured := settings.configured(root):
        with server_like(configured.url) as server:
            yield server
    elif elsewhere := os.environ.get("SHADOW_URL"):
        yield require_reachable(settings.parse(elsewhere, "SHADOW_URL"), "SHADOW_URL")
    elif (settings.embedded_folder(root) / "data").is_dir():
        yield settings.database(root).url
    else:
        with _scratch_server() as url:
            yield url


@contextmanager
def server_like(database: URL) -> Iterator[URL]:
    """Yield a server for shadows of `database`: its own, else another of the same major version.

    Raises Failure if there is none.
    """
    with connected(database, read_only=True) as connection:
        allowed, version = may_create(connection), _major(connection)
        obstacle = STANDBY if is_standby(connection) else ROLE
    if allowed:
        yield database
    elif elsewhere := os.environ.get("SHADOW_URL"):
        url = require_reachable(settings.parse(elsewhere, "SHADOW_URL"), "SHADOW_URL")
        _require_same(url, version, "SHADOW_URL", obstacle)
        yield url
    else:
        _require_embedded(version, obstacle)
        with _scratch_server() as url:
            _require_same(url, version, "the embedded server", obstacle)
            yield url


def _major(connection: Connection) -> int:
    return int(connection.scalar(text("SHOW server_version_num"))) // 10000


def _require_same(url: URL, version: int, name: str, obstacle: Obstacle) -> None:
    with connected(url, read_only=True) as connection:
        found = _major(connection)
    if found != version:
        what, remedy = obstacle
        raise Failure(
            f"{what}, and {name} is PostgreSQL {found} where the database has"
            f" {version}: what two versions print cannot be compared.",
            remedy.format(version=version),
        )


def _require_embedded(version: int, obstacle: Obstacle) -> None:
    try:
        embedded.binaries()
    except Failure as failure:
        what, remedy = obstacle
        raise Failure(
            f"{what}, and no embedded PostgreSQL is installed to compare on.",
            remedy.format(version=version),
        ) from failure


@contextmanager
def _scratch_server() -> Iterator[URL]:
    memory = Path("/dev/shm")
    folder = Path(tempfile.mkdtemp(prefix="whisper-", dir=memory if os.access(memory, os.W_OK) else None))
    try:
        with doing("starting a throwaway PostgreSQL"):
            url = embedded.start(folder / "pgdata", durable=False)
        yield url
    finally:
        embedded.stop(folder / "pgdata")
        shutil.rmtree(folder, ignore_errors=True)
