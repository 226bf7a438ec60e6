"""An embedded PostgreSQL server in memory, for a measurement."""

import os
import shutil
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from sqlalchemy import URL

from whisper_migrate import embedded


@contextmanager
def temporary_server(name: str) -> Iterator[URL]:
    """Start a server that does not wait for the disk, and yield the address of its maintenance database."""
    memory = Path("/dev/shm")
    folder = Path(tempfile.mkdtemp(prefix=f"{name}-", dir=memory if os.access(memory, os.W_OK) else None))
    folder.chmod(0o755)  # root's server runs as another user
    try:
        yield embedded.start(folder / "pgdata", durable=False).set(database="postgres")
    finally:
        embedded.stop(folder / "pgdata")
        shutil.rmtree(folder, ignore_errors=True)
