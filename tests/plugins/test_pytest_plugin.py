"""The plug-in of pytest, in runs of pytest on a project with models and a history."""

import os
import subprocess
import sys
from pathlib import Path

import pytest
from sqlalchemy import URL

from tests.project.test_as_it_is import DROP, NOTES, made, revision
from tests.support.little import ROOT, plain, value

pytestmark = [pytest.mark.servers("pg18"), pytest.mark.thorough]

TESTS = """
import sqlalchemy as sa


def tables(url):
    with sa.create_engine(url).connect() as connection:
        return sorted(sa.inspect(connection).get_table_names())


def test_head(migrated_database, database_at):
    assert tables(migrated_database) == ["alembic_version", "more", "notes"]
    assert tables(database_at("one")) == ["alembic_version", "notes"]
    assert tables(database_at("base")) == []
    with sa.create_engine(migrated_database).begin() as connection:
        connection.execute(sa.text("INSERT INTO more VALUES (1)"))


def test_is_new_for_each_test(migrated_database):
    with sa.create_engine(migrated_database).connect() as connection:
        assert connection.scalar(sa.text("SELECT count(*) FROM more")) == 0
"""
MORE = 'import sqlalchemy as sa\nsa.Table("more", metadata, sa.Column("id", sa.Integer))\n'
UP, DOWN = 'op.execute("CREATE TABLE more (id integer)")', 'op.execute("DROP TABLE more")'


@pytest.fixture
def versions(tmp_path: Path) -> Path:
    """The folder with the two revisions of a project."""
    made(tmp_path)
    (tmp_path / f"models_of_{tmp_path.name}.py").open("a").write(MORE)
    (tmp_path / "test_fixtures.py").write_text(TESTS)
    versions = tmp_path / "alembic/versions"
    revision(versions, "one", None, NOTES, DROP)
    revision(versions, "two", "one", UP, DOWN)
    return versions


def run(folder: Path, server: URL, *options: str) -> subprocess.CompletedProcess[str]:
    kept = {name: value for name, value in os.environ.items() if not name.startswith(("PYTEST_", "WHISPER_"))}
    environ = {**kept, "SHADOW_URL": plain(server), "PYTHONPATH": str(ROOT)}
    # Installed, the package has an entry point in place of the first -p; pytest-postgresql is active beside it.
    program = [
        sys.executable,
        "-m",
        "pytest",
        "-p",
        "whisper_migrate.pytest_plugin.plugin",
        "-p",
        "no:cacheprovider",
        "-v",
    ]
    return subprocess.run(
        [*program, "--rootdir", ".", "-c", "pyproject.toml", *options],
        cwd=folder, env=environ, capture_output=True, text=True, check=False,
    )  # fmt: skip


def results(said: subprocess.CompletedProcess[str]) -> dict[str, str]:
    """Return the tests that ran, by name, each with its result."""
    lines = [line.split() for line in said.stdout.splitlines() if "%]" in line]
    return {line[0].rpartition("::")[2]: line[1] for line in lines}


def test_a_history_in_order(versions: Path, server: URL) -> None:
    folder = versions.parent.parent
    said = run(folder, server, "--whisper-migrate")
    names = ["test_head", "test_is_new_for_each_test", "one", "two", "head", "models"]
    assert results(said) == dict.fromkeys(names, "PASSED") and said.returncode == 0, said.stdout + said.stderr
    assert list(results(run(folder, server))) == names[:2], "without the option, the tests of the project alone"
    assert value(server, "SELECT count(*) FROM pg_database WHERE datname LIKE 'whisper_shadow%test%'") == 0


def test_faults_of_a_history(versions: Path, server: URL) -> None:
    folder = versions.parent.parent
    revision(versions, "two", "one", UP)  # its downgrade does nothing
    revision(versions, "other", "one", "pass")
    (folder / f"models_of_{folder.name}.py").open("a").write('sa.Table("last", metadata, sa.Column("id", sa.Integer))')
    said = run(folder, server, "--whisper-migrate", "-m", "whisper_migrate")
    found = results(said)
    assert said.returncode == 1 and list(found)[-2:] == ["head", "models"]
    assert found == {"one": "PASSED", "two": "FAILED", "other": "PASSED", "head": "FAILED", "models": "FAILED"}, said
    assert "two: the downgrade" in said.stdout and "The history has 2 heads" in said.stdout
    assert "Traceback" not in said.stdout
    (versions / "other.py").unlink()
    said = run(folder, server, "--whisper-migrate", "-k", "models or one")
    assert results(said) == {"one": "PASSED", "models": "FAILED"}, said.stdout
    assert "+ table last" in said.stdout and "whisper-migrate create" in said.stdout, said.stdout


def test_no_project(tmp_path: Path, server: URL) -> None:
    (tmp_path / "pyproject.toml").write_text("")
    said = run(tmp_path, server, "--whisper-migrate")
    assert said.returncode == pytest.ExitCode.USAGE_ERROR and "No project here" in said.stderr, said
