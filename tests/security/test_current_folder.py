"""No module, program or setting is loaded from the folder in which a command is typed."""

import re
import sys
from importlib.metadata import packages_distributions
from pathlib import Path

import pytest
from sqlalchemy import URL

from tests.support.little import ENV, plain
from tests.support.projects import MIGRATE, ROOT, SECRET, Checkout, Run, ask, copied

pytestmark = [pytest.mark.servers("pg18"), pytest.mark.thorough]

MODULES = {*sys.stdlib_module_names, *packages_distributions(), "whisper_migrate", "whisper_models", "tests"}
MODULES |= {"sitecustomize", "usercustomize", "their_models"}
MODELS = """
from sqlalchemy.orm import DeclarativeBase, Mapped, mapped_column


class Base(DeclarativeBase):
    pass


class Note(Base):
    __tablename__ = "notes"

    id: Mapped[int] = mapped_column(primary_key=True)
"""
# The form that `alembic init` wrote for years: relative folders, and a hook that formats new files.
NOT_COMPARED = "None was compared with the history; this does: migrate.py fleet (\\S+) check-drift\n"
INI = """
[alembic]
script_location = migrations
prepend_sys_path = .
version_locations = migrations/versions
version_path_separator = os

[post_write_hooks]
hooks = ruff
ruff.type = module
ruff.module = ruff
ruff.options = format REVISION_SCRIPT_FILENAME
"""


@pytest.fixture
def hostile(tmp_path: Path) -> Path:
    """A folder with planted files under every name that might be looked for."""
    folder = tmp_path / "hostile"
    planted = f"open({str(tmp_path / 'planted')!r}, 'a').write(__file__ + '\\n')\n"
    for name in (*MODULES, "migrations/env", "alembic/env", "alembic/versions/a", "migrations/versions/a"):
        (folder / f"{name}.py").parent.mkdir(parents=True, exist_ok=True)
        (folder / f"{name}.py").write_text(planted)
    (folder / ".env").write_text(f"DATABASE_URL=postgresql://me:{SECRET}@127.0.0.1:1/app\n")
    (folder / "ruff.toml").write_text("line-length = 'nonsense'\n")
    (folder / "pyproject.toml").write_text('[tool.whisper_migrate]\nmodels = "antigravity:metadata"\n')
    (folder / "alembic.ini").write_text("[alembic]\nscript_location = alembic\nprepend_sys_path = .\n")
    for name in ("psql", "python3", "git"):
        (folder / name).write_text(f"#!/bin/sh\necho {name} >> {tmp_path / 'planted'}\n")
        (folder / name).chmod(0o755)
    return folder


def planted(hostile: Path) -> str:
    file = hostile.parent / "planted"
    return file.read_text() if file.exists() else ""


def test_another_project_of_relative_folders(hostile: Path, database: URL, tmp_path: Path) -> None:
    root = tmp_path / "theirs"
    (root / "migrations/versions").mkdir(parents=True)
    (root / "alembic.ini").write_text(INI)
    (root / "pyproject.toml").write_text('[tool.whisper_migrate]\nmodels = "their_models:Base.metadata"\n')
    (root / "their_models.py").write_text(MODELS)
    (root / "migrations/env.py").write_text(ENV)
    (root / "migrations/script.py.mako").write_text((ROOT / "alembic/script.py.mako").read_text())
    theirs = Checkout(root, database)

    def migrate(*arguments: str) -> Run:
        script = str(ROOT / MIGRATE)
        run = theirs.run(sys.executable, script, "--project", str(root), *arguments, cwd=hostile)
        unsaid = re.sub(NOT_COMPARED, "", run.err)
        assert (planted(hostile), run.code, unsaid) == ("", 0, ""), run
        return run

    assert "\n+ table notes\n" in migrate("create", "notes").out
    (hostile / "fleet").write_text(f"one {plain(database)}\n")
    assert "0 failed" in migrate("fleet", "fleet", "upgrade", "--jobs", "2").out
    for command in ("prove", "status", "history", "check-drift"):
        migrate(command)
    migrate("psql", "-c", "TABLE notes")
    assert ask(database, "SELECT * FROM notes") == []


def test_this_project_and_its_scripts(hostile: Path, database: URL, tmp_path: Path) -> None:
    checkout = copied(tmp_path / "project", database)
    checkout.add_column("muted: Mapped[bool | None]")
    (checkout.root / ".venv/bin").mkdir(parents=True)
    (checkout.root / ".venv/bin/python").write_text(f'#!/bin/sh\nexec "{sys.executable}" "$@"\n')
    (checkout.root / ".venv/bin/python").chmod(0o755)
    for script, arguments, said in (
        ("migrations/db-migrate.sh", ("create", "mute"), "column users.muted"),
        ("docker-entrypoint.sh", ("echo", "started"), "started"),
        ("check_drift.py", (), "nothing differs"),
        ("migrations/test_migration_setup.py", (), "All is well."),
    ):
        before = [sys.executable] if script.endswith(".py") else []
        run = checkout.run(*before, str(checkout.root / "scripts" / script), *arguments, cwd=hostile)
        assert (planted(hostile), run.code) == ("", 0) and said in run.out, run
    ini = str(checkout.root / "alembic.ini")
    run = checkout.run(sys.executable, "-P", "-m", "alembic", "-c", ini, "check", cwd=hostile)
    assert planted(hostile) == "" and "No new upgrade operations detected" in run.out, run
