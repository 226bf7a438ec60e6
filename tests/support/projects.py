"""A project in its own folder, as a user has it; its commands run as processes."""

import os
import shutil
import subprocess
import sys
from collections.abc import Iterator, Sequence
from contextlib import closing, contextmanager
from dataclasses import dataclass, field
from pathlib import Path

from sqlalchemy import URL

from tests.support import little, servers
from whisper_migrate.history.history import History
from whisper_migrate.project.project import Project
from whisper_migrate.running import runner
from whisper_models import metadata

ROOT = Path(__file__).parents[2]
SECRET = "s3cr3t-geheim"
COPIED = ("alembic", "alembic.ini", "pyproject.toml", "scripts", "whisper_models", "Makefile")
COPIED += ("requirements-core.txt", "requirements-dev.txt")
USERS = "whisper_models/identity.py"
HEAD = str(History(Project(ROOT)).head)
TABLES = len(metadata.tables)
MIGRATE = "scripts/migrations/migrate.py"
CHECK_DRIFT = "scripts/check_drift.py"
OURS = ("DATABASE_URL", "POSTGRES_", "SHADOW_URL", "WHISPER_PG", "PG", "MAKE", "MFLAGS")


@dataclass(frozen=True)
class Run:
    """The exit code and the output of a command."""

    code: int
    out: str
    err: str

    @property
    def said(self) -> str:
        return self.out + self.err


@dataclass
class Checkout:
    """The project in `root`, and the database for its commands, which see no other database in the environment."""

    root: Path
    url: URL | str | None = None
    variables: dict[str, str] = field(default_factory=dict)

    @property
    def environ(self) -> dict[str, str]:
        kept = {name: value for name, value in os.environ.items() if not name.startswith(OURS)}
        url = self.url.render_as_string(hide_password=False) if isinstance(self.url, URL) else self.url
        address = {"DATABASE_URL": url} if url else {}
        return {**kept, **address, "PYTHONDONTWRITEBYTECODE": "1", "NO_COLOR": "1", **self.variables}

    def start(self, *command: str, cwd: Path | None = None, **options: object) -> "subprocess.Popen[str]":
        """Start a command as a process without a terminal."""
        return subprocess.Popen(
            command,
            cwd=cwd or self.root,
            env=self.environ,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
            start_new_session=True,
            **{"stdin": subprocess.DEVNULL, **options},  # type: ignore[call-overload]
        )

    def run(self, *command: str, cwd: Path | None = None) -> Run:
        process = self.start(*command, cwd=cwd)
        out, err = process.communicate(timeout=600)
        return Run(process.returncode, out, err)

    def python(self, script: str, *arguments: str, cwd: Path | None = None) -> Run:
        """Run one of the project's own scripts."""
        run = self.run(sys.executable, str(self.root / script), *arguments, cwd=cwd)
        assert "Traceback" not in run.said and SECRET not in run.said, run.said
        return run

    def migrate(self, *arguments: str, cwd: Path | None = None) -> Run:
        return self.python(MIGRATE, *arguments, cwd=cwd)

    def check_drift(self, *arguments: str, cwd: Path | None = None) -> Run:
        return self.python(CHECK_DRIFT, *arguments, cwd=cwd)

    def alembic(self, *arguments: str) -> Run:
        return self.run(sys.executable, "-m", "alembic", *arguments)

    def make(self, *arguments: str) -> Run:
        """Run make, with the tests' interpreter in place of a virtual environment."""
        ready = self.root / ".venv/.ready"
        ready.parent.mkdir(exist_ok=True)
        ready.touch()
        run = self.run("make", "--no-print-directory", f"PY={sys.executable}", *arguments)
        assert "Traceback" not in run.said, run.said
        return run

    def edit(self, file: str, old: str, new: str) -> None:
        """Replace text in a file of the project."""
        path = self.root / file
        text = path.read_text()
        assert text.count(old) == 1, f"{text.count(old)} times in {file}: {old}"
        path.write_text(text.replace(old, new))

    def add_column(self, column: str) -> None:
        """Add a column to the table `users`, as a person writes it."""
        path = self.root / USERS
        path.write_text(
            path.read_text().replace("    username: Mapped[str]\n", f"    username: Mapped[str]\n    {column}\n", 1)
        )

    def write_revision(self, name: str, parent: str | None, *, up: str = "pass", down: str = "pass") -> None:
        """Write a revision by hand, in a file named after its id."""
        lines = [f'"""The revision {name}."""', f"revision = {name!r}", f"down_revision = {parent!r}"]
        lines += ["from alembic import op", "def upgrade():", f"    {up}", "def downgrade():", f"    {down}"]
        (self.versions / f"{name}.py").write_text("\n".join(lines) + "\n")

    @property
    def versions(self) -> Path:
        return self.root / "alembic/versions"

    def revisions(self) -> set[str]:
        """Return the names of the revisions' files."""
        return {path.name for path in self.versions.glob("*.py")}


def copied(folder: Path, url: URL | str | None = None) -> Checkout:
    """Copy this project to a folder, for editing; the engine remains this checkout's."""
    for name in COPIED:
        source = ROOT / name
        if source.is_dir():
            shutil.copytree(source, folder / name, ignore=shutil.ignore_patterns("__pycache__"))
        else:
            shutil.copy(source, folder / name)
    (folder / "whisper_migrate").symlink_to(ROOT / "whisper_migrate")
    return Checkout(folder, url)


def small(folder: Path, url: URL | str | None = None) -> Checkout:
    """Create the little project, whose head is "two", with the scripts of this project."""
    little.project(folder)
    shutil.copytree(ROOT / "scripts", folder / "scripts", ignore=shutil.ignore_patterns("__pycache__"))
    (folder / "whisper_migrate").symlink_to(ROOT / "whisper_migrate")
    return Checkout(folder, url)


def refusal(run: Run) -> str:
    """Return the message of a command that failed with exit code 2, without password and traceback."""
    assert run.code == 2, run
    assert "Traceback" not in run.said and SECRET not in run.said, run.said
    first, *rest = run.err.rstrip().split("\n")
    assert first.startswith("Failed: ") and "mistake of whisper-migrate" not in run.err, run.err
    assert len(rest) <= 1 and all(line.startswith("  ") for line in rest), run.err
    return first.removeprefix("Failed: ")


_at_head: dict[object, str] = {}  # by server: a database at the head, from which others are copied


def migrated(url: URL) -> URL:
    """Bring an empty database to the head of this project's history, and return its URL.

    On a server of the session, it becomes a copy of the first one that was upgraded there.
    """
    here = url.query.get("host")
    if here not in [server.query["host"] for server in servers.urls().values()]:
        runner.upgrade(Project(ROOT), url, "head", lambda _: None)
        return url
    with closing(servers.connect(url.set(database="postgres"))) as connection, connection.cursor() as cursor:
        if here in _at_head:
            cursor.execute(f'DROP DATABASE "{url.database}" WITH (FORCE)')
            cursor.execute(f'CREATE DATABASE "{url.database}" TEMPLATE "{_at_head[here]}"')
        else:
            runner.upgrade(Project(ROOT), url, "head", lambda _: None)
            _at_head[here] = f"{url.database}_at_head"
            cursor.execute("SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE datname = %s", [url.database])
            cursor.execute(f'CREATE DATABASE "{_at_head[here]}" TEMPLATE "{url.database}"')
    return url


def ask(url: URL, *statements: str) -> list[tuple[object, ...]]:
    """Execute statements on a database, as its owner; return the rows of the last one."""
    with closing(servers.connect(url)) as connection, connection.cursor() as cursor:
        for statement in statements:
            cursor.execute(statement)
        rows: Sequence[tuple[object, ...]] = cursor.fetchall() if cursor.description else []
        return list(rows)


def tables(url: URL) -> int:
    """Return the number of tables in the database, without Alembic's own and the ledger."""
    query = "SELECT count(*) FROM pg_tables WHERE schemaname = 'public' AND tablename NOT IN "
    counted = ask(url, f"{query} ('alembic_version', 'whisper_ledger')")
    return int(str(counted[0][0]))


@contextmanager
def role(database: URL, attributes: str = "") -> Iterator[URL]:
    """Yield the database's URL for a new role, which may only log in."""
    name = f"role_of_{database.database}"
    ask(database, f"CREATE ROLE {name} LOGIN {attributes}")
    try:
        yield database.set(username=name)
    finally:
        ask(database, f"DROP OWNED BY {name}", f"DROP ROLE {name}")
