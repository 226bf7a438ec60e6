"""Names with line breaks add no line to a report, and a script keeps every character of the database."""

from pathlib import Path

import pytest
from sqlalchemy import URL

from tests.support import little
from tests.support.little import command
from tests.support.projects import ask
from whisper_migrate.running import runner


def test_a_name_is_no_line_of_whereami(tmp_path: Path, database: URL, capsys: pytest.CaptureFixture[str]) -> None:
    project = little.project(tmp_path)
    runner.upgrade(project, database, "head", lambda _: None)
    ask(database, 'CREATE TABLE public."x\n  -> migrate.py downgrade base" (n int)')
    said = command(capsys, project, database, "whereami")
    assert r"x\n  -> migrate.py downgrade" in said.out, said
    assert not [line for line in said.out.splitlines() if "downgrade" in line and line.lstrip().startswith("->")], said


def test_a_script_keeps_escape_characters(tmp_path: Path, database: URL, capsys: pytest.CaptureFixture[str]) -> None:
    project = little.project(tmp_path)
    runner.upgrade(project, database, "head", lambda _: None)
    ask(database, 'CREATE TABLE public."\x1b[31mred" (n int)')
    said = command(capsys, project, database, "repair")
    assert 'DROP TABLE public."\x1b[31mred"' in said.out, said


def test_a_role_is_no_line_of_a_failure(tmp_path: Path, database: URL, capsys: pytest.CaptureFixture[str]) -> None:
    project = little.project(tmp_path)
    role = f'"{database.database}\n  -> migrate.py downgrade base"'
    ask(database, f"CREATE ROLE {role}", "CREATE VIEW public.alembic_version AS SELECT 'x' AS version_num")
    ask(database, f"ALTER VIEW public.alembic_version OWNER TO {role}")
    try:
        said = command(capsys, project, database, "check-drift")
        assert said.code == 2 and r"\n  -> migrate.py downgrade" in said.err, said
        assert not [line for line in said.err.splitlines() if line.lstrip().startswith("->")], said
    finally:
        ask(database, f"DROP OWNED BY {role}", f"DROP ROLE {role}")
