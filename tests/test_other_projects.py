"""Other projects: a folder with a pyproject.toml and models, and a history that Alembic itself has initialized."""

import logging
import subprocess
import sys
import textwrap
from pathlib import Path

import pytest
from sqlalchemy import URL

from tests.little import Said, command, plain, value
from whisper_migrate.environment import ENV_PY
from whisper_migrate.project import Project

pytestmark = pytest.mark.servers("pg18")

MODELS = """
from sqlalchemy.orm import DeclarativeBase, Mapped, mapped_column


class Base(DeclarativeBase):
    pass


class Note(Base):
    __tablename__ = "notes"

    id: Mapped[int] = mapped_column(primary_key=True)
    body: Mapped[str]
"""
ENGINE = """
from alembic import context
from sqlalchemy import create_engine

with create_engine({!r}).connect() as connection:
    context.configure(connection=connection)
    with context.begin_transaction():
        context.run_migrations()
"""


@pytest.fixture
def project(tmp_path: Path, request: pytest.FixtureRequest) -> Project:
    """A project with models in a uniquely named module, and no history."""
    module = f"{request.function.__name__}_models"
    (tmp_path / f"{module}.py").write_text(MODELS)
    (tmp_path / "pyproject.toml").write_text(f'[tool.whisper_migrate]\nmodels = "{module}:Base.metadata"\n')
    return Project(tmp_path)


def create(capsys: pytest.CaptureFixture[str], project: Project, server: URL) -> Said:
    return command(capsys, project, None, "create", "first", SHADOW_URL=plain(server))


def begun(project: Project) -> Path:
    """Return the project's env.py, after Alembic has initialized a history."""
    alembic = [sys.executable, "-m", "alembic", "init", "alembic"]
    subprocess.run(alembic, cwd=project.root, check=True, capture_output=True)
    env = project.root / "alembic/env.py"
    env.write_text(env.read_text().replace("fileConfig(config.config_file_name)", "pass"))  # for the process
    return env


def test_from_nothing_by_what_is_said(
    capsys: pytest.CaptureFixture[str], project: Project, server: URL, database: URL
) -> None:
    said = create(capsys, project, server)
    assert said.code == 2 and said.err.startswith(f"Failed: {project.root} has no history: there is no alembic.ini.")
    assert "\n  alembic init alembic   (and alembic/env.py need hold no more than this:\n" in said.err
    env = begun(project)
    said = create(capsys, project, server)
    assert said.code == 2 and "alembic/env.py does not come to the revisions" in said.err and ENV_PY in said.err
    env.write_text(textwrap.dedent(ENV_PY.partition("\n")[2]))
    said = create(capsys, project, server)
    assert (said.code, said.err) == (0, "") and said.out.startswith("+ table notes\nWrote alembic/versions/")
    assert command(capsys, project, database, "upgrade").code == 0
    assert command(capsys, project, database, "check-drift", SHADOW_URL=plain(server)).code == 0


def test_alembic_may_log_what_it_runs(
    capsys: pytest.CaptureFixture[str],
    caplog: pytest.LogCaptureFixture,
    project: Project,
    server: URL,
    database: URL,
) -> None:
    """Alembic's own alembic.ini enables this log."""
    begun(project).write_text(textwrap.dedent(ENV_PY.partition("\n")[2]))
    assert create(capsys, project, server).code == 0
    caplog.set_level(logging.INFO, logger="alembic")
    said = command(capsys, project, database, "upgrade")
    assert (said.code, said.err) == (0, "") and "Running upgrade  -> " in caplog.text


def test_a_database_that_is_not_ours_is_left_alone(
    capsys: pytest.CaptureFixture[str], project: Project, server: URL, database: URL
) -> None:
    begun(project).write_text(ENGINE.format(plain(database)))
    said = create(capsys, project, server)
    assert said.code == 2
    assert said.err.startswith("Failed: Nothing was run: alembic/env.py works on a database of its own.\n")
    assert value(database, "SELECT count(*) FROM pg_tables WHERE schemaname = 'public'") == 0
