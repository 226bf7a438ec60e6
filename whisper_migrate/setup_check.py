"""Check the installation: one line for each requirement, even if packages are missing.

Its top-level imports need no package, so that it can name the missing ones.
"""

from __future__ import annotations

import re
import sys
from collections.abc import Callable, Iterator
from configparser import ConfigParser
from functools import partial
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path

from whisper_migrate.addresses.secret_parameters import scrubbed
from whisper_migrate.wording.hidden_characters import harmless
from whisper_migrate.wording.plurals import counted

PIN = re.compile(r"^([\w.-]+)(?:\[[^]]*\])?==([\w.]+)", re.MULTILINE)

Check = tuple[str, Callable[[], str]]


class Unfit(Exception):
    """A requirement is not met."""


class NotAsPinned(Unfit):
    """A package is missing or not at its pinned version."""


def main(root: Path) -> None:
    """Print a line for each check of the project in `root`, and exit: 0 if all pass, 1 if one fails."""
    failures: list[Exception] = []
    for name, check in checks(root):
        try:
            word, said = "ok  ", check()
        except Exception as error:  # the other checks still run
            word, said = "FAIL", _words(error)
            failures.append(error)
        print(harmless(scrubbed(f"{word}  {name:<{WIDTH}}  {said}")).replace("\n", f"\n{' ' * (WIDTH + 8)}"))
    print(f"Failed: {len(failures)} of these." if failures else "All is well.")
    if any(isinstance(error, NotAsPinned) for error in failures):
        print("To install what is pinned: make setup, or: pip install -r requirements-core.txt")
    sys.exit(1 if failures else 0)


WIDTH = 17


def checks(root: Path) -> Iterator[Check]:
    """Yield the name of each check and the function that returns a description or raises."""
    yield "python", partial(_python, root)
    for name, pinned in PIN.findall((root / "requirements-core.txt").read_text(encoding="utf-8")):
        yield name, partial(_package, name, pinned)
    yield "alembic.ini", partial(_configuration, root)
    yield "env.py", partial(_environment, root)
    yield "versions", partial(_versions, root)
    yield "one head", partial(_head, root)
    yield "models", partial(_models, root)
    yield "database", partial(_database, root)
    yield "rights", partial(_rights, root)


def _python(root: Path) -> str:
    wanted = re.search(r'requires-python = ">=(\d+)\.(\d+)"', (root / "pyproject.toml").read_text(encoding="utf-8"))
    if wanted and sys.version_info < tuple(map(int, wanted.groups())):
        raise Unfit(f"{sys.version.split()[0]} at {sys.executable}, but {'.'.join(wanted.groups())} or later is needed")
    own = root / ".venv"
    other = "" if Path(sys.prefix) == own or not own.is_dir() else f"; the project has its own: {own}/bin/python"
    return f"{sys.version.split()[0]} at {sys.executable}{other}"


def _package(name: str, pinned: str) -> str:
    try:
        found = version(name)
    except PackageNotFoundError:
        raise NotAsPinned(f"not installed; {pinned} is pinned") from None
    if found != pinned:
        raise NotAsPinned(f"{found}, but {pinned} is pinned")
    return found


def _scripts(root: Path) -> Path:
    """Return the script_location of alembic.ini."""
    parser = ConfigParser({"here": str(root)})
    with (root / "alembic.ini").open(encoding="utf-8") as file:
        parser.read_file(file)
    return root / parser.get("alembic", "script_location")


def _configuration(root: Path) -> str:
    if not _scripts(root).is_dir():
        raise Unfit(f"script_location is no folder: {_scripts(root)}")
    return f"revisions are in {_scripts(root).relative_to(root)}"


def _environment(root: Path) -> str:
    path = _scripts(root) / "env.py"
    compile(path.read_text(encoding="utf-8"), str(path.relative_to(root)), "exec")
    return f"{path.relative_to(root)} compiles"


def _versions(root: Path) -> str:
    from whisper_migrate.history.history import History
    from whisper_migrate.project.project import Project

    count = len(History(Project(root)).newest_first())
    return counted(count, "revision")


def _head(root: Path) -> str:
    from whisper_migrate.history.history import History
    from whisper_migrate.project.project import Project

    history = History(Project(root))
    history.require_no_fork()
    return ", ".join(history.heads) or "none yet: there is no revision"


def _models(root: Path) -> str:
    from whisper_migrate.project.project import Project

    project = Project(root)
    return f"{counted(len(project.metadata.tables), 'table')} and {counted(len(project.entities), 'other object')}"


def _database(root: Path) -> str:
    from sqlalchemy import text

    from whisper_migrate import embedded
    from whisper_migrate.databases.connect import connected
    from whisper_migrate.project.project import Project
    from whisper_migrate.terminal.console import database_if_any

    database = database_if_any(Project(root))
    if database is None:
        return f"none is configured: make upgrade starts one with the programs in {embedded.binaries()}"
    with connected(database.url, read_only=True) as connection:
        return f"{database} answers: PostgreSQL {connection.scalar(text('SHOW server_version'))}"


def _rights(root: Path) -> str:
    from sqlalchemy import text

    from whisper_migrate.databases.connect import connected
    from whisper_migrate.databases.shadow import may_create
    from whisper_migrate.project.project import Project
    from whisper_migrate.terminal.console import database_if_any

    database = database_if_any(Project(root))
    if database is None:
        return "all, on a server of one's own"
    with connected(database.url, read_only=True) as connection:
        role, may = connection.execute(text(RIGHTS)).one()
        shadows = "and databases" if may_create(connection) else "but no database: see Requirements in README.md"
    if not may:
        raise Unfit(f"{role} may not create tables in public\nGRANT USAGE, CREATE ON SCHEMA public TO {role}")
    return f"{role} may create tables in public, {shadows}"


RIGHTS = "SELECT quote_ident(current_user), coalesce(has_schema_privilege(to_regnamespace('public'), 'CREATE'), false)"


def _words(error: Exception) -> str:
    """Return an error's message. Failure is compared by name, because its module may not be importable."""
    if isinstance(error, Unfit) or type(error).__name__ == "Failure":
        return str(error).replace("\n  ", "\n")
    if isinstance(error, ImportError):
        return "unknown while a package is missing"
    return f"{type(error).__name__}: {error}"
