"""A PgBouncer between the runs and the server."""

from __future__ import annotations

import os
import shutil
import subprocess
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

from sqlalchemy import URL

from tests.chaos.ground import HEAD, Ground, refused
from tests.support.servers import until

PGBOUNCER = shutil.which("pgbouncer") or shutil.which("pgbouncer", path="/usr/sbin")
# All other settings are PgBouncer's defaults.
SETTINGS = """
[databases]
* = user={user} host={host} port={port}
[pgbouncer]
listen_addr =
listen_port = 6432
unix_socket_dir = {folder}
auth_type = any
pool_mode = {mode}
default_pool_size = {size}
logfile = {folder}/log
"""


@contextmanager
def pooler(database: URL, folder: Path, mode: str, size: int = 10) -> Iterator[URL]:
    """Yield the database's URL through a PgBouncer that keeps its files in `folder`."""
    folder.mkdir()
    folder.chmod(0o777)
    ini = folder / "pgbouncer.ini"
    values = {"host": database.query["host"], "port": database.query["port"], "user": database.username}
    ini.write_text(SETTINGS.format(**values, folder=folder, mode=mode, size=size))
    # PgBouncer refuses to run as root and must reach the server's socket, so it runs as the server's user.
    who = {"user": Path(str(database.query["host"])).stat().st_uid} if os.geteuid() == 0 else {}
    process = subprocess.Popen([str(PGBOUNCER), "-q", str(ini)], **who, stderr=subprocess.DEVNULL)
    try:
        until(lambda: (folder / ".s.PGSQL.6432").exists())
        yield database.update_query_dict({"host": str(folder), "port": "6432"})
    finally:
        process.terminate()
        process.wait()


def by_session(ground: Ground) -> None:
    folder, database = ground.project(), ground.database()
    with pooler(database, ground.folder / f"pooler_{ground.count}", "session") as url:
        run = ground.run(folder, url, "upgrade")
        assert run.code == 0 and "Checked: " in run.said, run
        run = ground.run(folder, url, "check-drift", "--only", "database")
        assert run.code == 0, run
    ground.settle(folder, database, HEAD)


def by_transaction(ground: Ground) -> None:
    folder, database = ground.project(), ground.database()
    with pooler(database, ground.folder / f"pooler_{ground.count}", "transaction") as url:
        refused(ground.run(folder, url, "upgrade"), "lends its connections by the transaction")
    ground.settle(folder, database)


CASES: dict[str, Callable[[Ground], None]] = (
    {"PgBouncer, by the session": by_session, "PgBouncer, by the transaction": by_transaction} if PGBOUNCER else {}
)
