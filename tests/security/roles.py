"""A role of low privilege, which may create in public and plants code for other roles to run."""

from __future__ import annotations

import shutil
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from sqlalchemy import URL

from tests.support.projects import ask


@contextmanager
def low(database: URL, attributes: str = "") -> Iterator[URL]:
    """Yield the database's URL for a role that may only log in and create in public, as every role on PostgreSQL 14."""
    name = f"low_{database.database}"
    ask(database, f"CREATE ROLE {name} LOGIN {attributes}", f"GRANT CREATE ON SCHEMA public TO {name}")
    try:
        yield database.set(username=name)
    finally:
        ask(database, f"DROP OWNED BY {name} CASCADE", f"DROP ROLE {name}")


@dataclass(frozen=True)
class Trap:
    """A role like `low`, with a function `planted.trap(value)` that returns the value.

    If another role runs the function, it writes that role's name into a file on the server's machine, as a superuser
    may. Neither a read-only transaction nor a rollback undoes that.
    """

    url: URL
    file: Path

    @property
    def role(self) -> str:
        return str(self.url.username)

    @property
    def sprung(self) -> str:
        """The roles that have run the function since the last call."""
        text = self.file.read_text() if self.file.exists() else ""
        self.file.unlink(missing_ok=True)
        return text

    def plant(self, *statements: str) -> None:
        ask(self.url, *statements)


@contextmanager
def trap(database: URL) -> Iterator[Trap]:
    folder = Path(tempfile.mkdtemp(prefix="whisper-low-", dir=Path("/dev/shm") if Path("/dev/shm").is_dir() else None))
    folder.chmod(0o777)
    with low(database) as url:
        made = Trap(url, folder / "sprung")
        ask(database, f"CREATE SCHEMA planted AUTHORIZATION {made.role}", "GRANT USAGE ON SCHEMA planted TO PUBLIC")
        made.plant(
            f"""CREATE FUNCTION planted.write() RETURNS void LANGUAGE plpgsql AS $$
            BEGIN
                COPY (SELECT current_user) TO PROGRAM 'cat >> {made.file}';
            END $$""",
            f"""CREATE FUNCTION planted.trap(value anyelement) RETURNS anyelement LANGUAGE plpgsql IMMUTABLE AS $$
            BEGIN
                IF current_user <> '{made.role}' THEN PERFORM planted.write(); END IF;
                RETURN value;
            END $$""",
        )
        ask(database, "SELECT planted.trap(1)")
        assert made.sprung, "the trap does not work"
        try:
            yield made
        finally:
            shutil.rmtree(folder, ignore_errors=True)
