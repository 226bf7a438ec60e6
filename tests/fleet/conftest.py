"""A project with a pending revision in its fleet, and the command on a file of databases."""

import re
from collections.abc import Callable
from pathlib import Path

import pytest
from sqlalchemy import URL

from tests.support import little
from tests.support.little import Said
from tests.support.projects import SECRET
from whisper_migrate.project.project import Project

THREE = "ALTER TABLE tags ADD COLUMN more integer"
Fleet = Callable[..., Said]


@pytest.fixture
def project(tmp_path: Path) -> Project:
    """The little project, with a third revision."""
    made = little.project(tmp_path)
    text = little.REVISION.format(message="more of tags", revision="three", parent="two", sql=THREE)
    (tmp_path / "alembic/versions/three.py").write_text(text)
    return made


@pytest.fixture
def fleet(capsys: pytest.CaptureFixture[str], project: Project, tmp_path: Path) -> Fleet:
    """`fleet(databases, "status")`: run the command on a file that lists these databases by name."""

    def run(databases: dict[str, URL | str], *arguments: str, **environment: str) -> Said:
        lines = [f"{name} {little.plain(url) if isinstance(url, URL) else url}" for name, url in databases.items()]
        (tmp_path / "bots.txt").write_text("\n".join(lines))
        file = str(tmp_path / "bots.txt")
        said = little.command(capsys, project, None, "fleet", file, *arguments, **environment)
        assert SECRET not in said.out + said.err and "Traceback" not in said.err
        return Said(said.code, said.out.replace(file, "bots.txt"), said.err)

    return run


def summary(said: Said) -> list[str]:
    """Return the lines after those on single databases, with fingerprints masked."""
    lines = [line for line in said.out.splitlines() if not re.match(r"\[ *\d+/\d+\] ", line)]
    return [re.sub(r"fingerprint [0-9a-f]{8}", "fingerprint <f>", line) for line in lines]


def stamp(url: URL | str) -> object:
    assert isinstance(url, URL)
    return little.value(url, "SELECT version_num FROM alembic_version")
