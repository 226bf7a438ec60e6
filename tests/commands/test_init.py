"""`init`: in an empty folder, and in projects that have a history, or only code."""

import os
import subprocess
import sys
import tomllib
from pathlib import Path

import pytest
from sqlalchemy import URL

from tests.project.test_as_it_is import DROP, NOTES, made, revision
from tests.support.little import ROOT, execute, plain, value
from whisper_migrate.project.starter import begin

# Alembic's recipe for a program that brings its own connection.
PROGRAM = """
import sys
from alembic import command, config
from sqlalchemy import create_engine

made = config.Config("alembic.ini")
with create_engine({url!r}).begin() as connection:
    made.attributes["connection"] = connection
    command.downgrade(made, sys.argv[1])
"""

pytestmark = pytest.mark.servers("pg18")


def run(folder: Path, database: URL | None, *words: str, module: str = "whisper_migrate") -> tuple[int, str]:
    """Run a command in a process of its own, and return the exit code and the output."""
    kept = {name: text for name, text in os.environ.items() if not name.startswith(("WHISPER_", "POSTGRES_"))}
    environ = {**kept, "PYTHONPATH": str(ROOT), "PYTHONDONTWRITEBYTECODE": "1"}
    if database is not None:
        environ["DATABASE_URL"] = plain(database)
    program = [sys.executable, "-m", module, *words]
    done = subprocess.run(program, cwd=folder, env=environ, capture_output=True, text=True, check=False)
    return done.returncode, done.stdout + done.stderr


def files(folder: Path) -> dict[Path, bytes]:
    return {path: path.read_bytes() for path in folder.rglob("*") if path.is_file()}


@pytest.mark.thorough
def test_an_empty_folder_becomes_a_project(tmp_path: Path, database: URL) -> None:
    code, said = run(tmp_path, None, "init")
    assert code == 0 and "Models    1 table, of env.py's target_metadata" in said, said
    assert "History   0 revisions" in said and "Database  none" in said
    before = files(tmp_path)
    code, said = run(tmp_path, None, "init")
    assert code == 0 and said.startswith("Unchanged") and files(tmp_path) == before
    for words in (["create", "first"], ["upgrade"], ["check-drift"]):
        code, said = run(tmp_path, database, *words)
        assert code == 0, said
    for words in (["downgrade", "base"], ["upgrade", "head"], ["upgrade", "head", "--sql"]):  # plain Alembic
        code, said = run(tmp_path, database, *words, module="alembic")
        assert code == 0, said
    assert "CREATE TABLE notes" in said and value(database, "SELECT count(*) FROM notes") == 0
    assert run(tmp_path, database, "check-drift")[0] == 0
    (tmp_path / "program.py").write_text(PROGRAM.format(url=database.render_as_string(False)))
    assert run(tmp_path, database, "base", module="program") == (0, "")
    assert run(tmp_path, database, "upgrade", "--despite-drift")[0] == 0
    execute(database, "INSERT INTO notes (body) VALUES ('kept')")
    code, said = run(tmp_path, database, "downgrade", "base", module="alembic")
    assert code != 0 and "  loses table notes: 1 row" in said and "Traceback" not in said, said
    assert value(database, "SELECT count(*) FROM notes") == 1
    assert f"alembic -x allow_data_loss={database.database}:1 downgrade base" in said, said
    code, said = run(tmp_path, database, "base", module="program")
    assert code != 0 and "downgrade base --allow-data-loss" in said, said
    assert value(database, "SELECT count(*) FROM notes") == 1
    for words in (["current"], ["check"], ["-x", f"allow_data_loss={database.database}:1", "downgrade", "base"]):
        code, said = run(tmp_path, database, *words, module="alembic")
        assert code == 0, said
    assert "This does: python -m whisper_migrate check-drift" in said
    assert "It is at " in run(tmp_path / "alembic", database, "init")[1]  # from a folder below


PYPROJECTS = [
    b'[project]\nname = "a"',
    b'[project]\r\nname = "a"\r\n\r\n[tool.other]\r\n',
    b'[tool]\nother.a = 1\n',
    None,
]  # fmt: skip


@pytest.mark.parametrize("before", PYPROJECTS)
def test_an_existing_project_gets_the_section_only(tmp_path: Path, database: URL, before: bytes | None) -> None:
    made(tmp_path)
    revision(tmp_path / "alembic/versions", "one", None, NOTES, DROP)
    revision(tmp_path / "alembic/versions", "two", "one", "pass")
    project = tmp_path / "pyproject.toml"
    project.unlink()
    if before is not None:
        project.write_bytes(before)
    there = files(tmp_path)
    execute(database, "CREATE TABLE notes (id integer)")
    code, said = run(tmp_path, database, "init")
    assert code == 0 and "History   2 revisions, head two\n" in said and "1 table, of env.py" in said, said
    assert "Alembic   alembic.ini" in said and "It has 1 table and no stamp." in said and "whereami" in said
    after = files(tmp_path)
    text = after.pop(project)
    there.pop(project, None)
    assert after == there and text.startswith(before or b"") and b"\r" not in text.replace(b"\r\n", b"")
    assert tomllib.loads(text.decode())["tool"]["whisper_migrate"] == {}
    assert run(tmp_path, database, "init")[1].startswith("Unchanged") and project.read_bytes() == text


def test_nothing_but_the_section_is_written_beside_code(tmp_path: Path) -> None:
    (tmp_path / "app").mkdir()
    (tmp_path / "app/models.py").write_text("")
    code, said = run(tmp_path, None, "init")
    assert code == 0 and "alembic init alembic" in said and "Neither pyproject.toml nor alembic/env.py says" in said
    assert {path.name for path in files(tmp_path)} == {"models.py", "pyproject.toml"}


@pytest.mark.parametrize("broken", ["[tool", 'tool = {a = 1}\n', '[tool]\nwhisper_migrate = 1\n'])  # fmt: skip
def test_a_file_that_cannot_get_the_section_stays(tmp_path: Path, broken: str) -> None:
    (tmp_path / "pyproject.toml").write_text(broken)
    code, said = run(tmp_path, None, "init")
    assert code == 2 and said.startswith("Failed: ") and "Traceback" not in said, said
    assert files(tmp_path) == {tmp_path / "pyproject.toml": broken.encode()}


def test_a_history_elsewhere_is_no_new_project(tmp_path: Path) -> None:
    (tmp_path / "package/alembic").mkdir(parents=True)
    (tmp_path / "package/alembic.ini").write_text("[alembic]\nscript_location = %(here)s/alembic\n")
    for name in ("../package/alembic.ini", "none.ini"):
        root = tmp_path / name.replace("/", "-")
        root.mkdir()
        (root / "pyproject.toml").write_text(f'[tool.whisper_migrate]\nalembic_ini = "{name}"\n')
        assert begin(root) == [] and [file.name for file in root.iterdir()] == ["pyproject.toml"]
