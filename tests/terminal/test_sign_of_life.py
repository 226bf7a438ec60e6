"""A command says on standard error what takes long: in one line on a terminal, seldom in a log."""

import json
import os
import pty
import re
import subprocess
import sys
from contextlib import suppress
from pathlib import Path

import pytest
from sqlalchemy import URL

from tests.support import little
from whisper_migrate.wording import sign_of_life

pytestmark = pytest.mark.servers("pg18")

ERASED = "\x1b[2K"
UNSET = ("DATABASE_URL", "NO_COLOR", "WHISPER_NO_PROGRESS")
CHECK = ("check-drift", "--only", "models", "--format", "json")


def read_all(terminal: int) -> str:
    """Return everything that is written to the other end of a terminal until it is closed."""
    parts = []
    with suppress(OSError):  # Linux's end of a terminal
        while part := os.read(terminal, 65536):
            parts.append(part)
    os.close(terminal)
    return b"".join(parts).decode()


@pytest.mark.thorough
def test_a_terminal_shows_what_is_going_on(tmp_path: Path, server: URL) -> None:
    made = little.project(tmp_path)
    first = tmp_path / "alembic/versions/one.py"
    first.write_text(first.read_text().replace('op.execute("""', 'op.execute("""SELECT pg_sleep(0.5);', 1))
    environ = {name: value for name, value in os.environ.items() if name not in UNSET}
    environ |= {"SHADOW_URL": little.plain(server), "PYTHONPATH": str(little.ROOT), "TERM": "xterm"}
    terminal, its_end = pty.openpty()
    program = [sys.executable, "-m", "whisper_migrate", *CHECK]
    with subprocess.Popen(program, cwd=made.root, env=environ, stdout=subprocess.PIPE, stderr=its_end) as running:
        os.close(its_end)
        said = read_all(terminal)
        assert running.stdout
        document = json.loads(running.stdout.read())
    assert document["clean"] and running.returncode == 0, said
    assert "eplaying 2 of 2" in said and "Reading the catalog" in said, said
    last = said.rpartition(ERASED)[2]
    assert ERASED in said and not re.sub(r"\x1b\[[\d?;]*[A-Za-z]", "", last).strip(), said


def test_a_log_gets_a_line_seldom(
    tmp_path: Path, server: URL, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    made = little.project(tmp_path)
    environ = {"SHADOW_URL": little.plain(server), "FORCE_COLOR": "1"}
    quiet = little.command(capsys, made, None, *CHECK, **environ)
    assert quiet.code == 0 and quiet.err == ""
    monkeypatch.setattr(sign_of_life, "SELDOM", 0)
    assert little.command(capsys, made, None, *CHECK, **environ, WHISPER_NO_PROGRESS="1").err == ""
    monkeypatch.delenv("WHISPER_NO_PROGRESS")
    said = little.command(capsys, made, None, *CHECK, **environ)
    assert json.loads(said.out) == json.loads(quiet.out)
    assert "eplaying 2 of 2" in said.err and "\x1b[2K" not in said.err
    with sign_of_life.doing("work of a program that imports the package"):
        assert capsys.readouterr().err == ""
