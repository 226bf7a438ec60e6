"""The name of the project's folder is no code and no list of folders."""

from pathlib import Path

import pytest

from tests.support import little
from tests.support.little import command
from whisper_migrate.errors import Failure
from whisper_migrate.history.history import History
from whisper_migrate.project.project import Project

NAMES = (
    "a b",
    "q'uo\"te",
    "$(touch planted)",
    "`touch planted`",
    "%s %(here)s %",
    "a;b",
    "a:b",
    "-h",
    "{x}[y]#z",
    "\\n",
)


def test_every_name_is_that_of_one_folder(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    for name in NAMES:
        (tmp_path / name).mkdir()
        project = little.project(tmp_path / name)
        assert History(project).head == "two", name
        said = command(capsys, project, None, "history")
        assert said.code == 0 and "two (head) greet" in said.out, (name, said)
    assert not [*tmp_path.rglob("planted")]


def test_a_line_break_does_not_name_a_second_folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Alembic's list of folders has one in each line; the second would be in the current folder."""
    project = little.project(tmp_path / "a\nb")
    (tmp_path / "there/b/alembic/versions").mkdir(parents=True)
    (tmp_path / "there/b/alembic/versions/planted.py").write_text("raise AssertionError('it was run')")
    monkeypatch.chdir(tmp_path / "there")
    with pytest.raises(Failure, match="has a line break in its name"):
        History(Project(project.root)).scripts.get_heads()
