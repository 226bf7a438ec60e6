"""The engine beside other versions of SQLAlchemy and Alembic than those of this repository."""

import os
import subprocess
import sys
import tomllib
from pathlib import Path

import pytest
from sqlalchemy import URL

from tests.support.little import ROOT, plain

pytestmark = [pytest.mark.servers("pg18"), pytest.mark.thorough]

# Each is installed in a folder in front of this environment's packages. The first are the oldest that pyproject.toml
# takes; the plug-in needs Alembic 1.18, whose first versions read entry points differently.
VERSIONS = {
    "the oldest": ("sqlalchemy==2.0.36", "alembic==1.14.0"),
    "pyproject.toml": ("sqlalchemy==2.0.40", "alembic==1.16.5"),
    "the first plug-ins": ("sqlalchemy==2.0.44", "alembic==1.18.0"),
    "lists of plug-ins": ("sqlalchemy==2.0.44", "alembic==1.19.0"),
}
COMMANDS = (
    ("alembic", "--version"),
    ("whisper_migrate", "init"),
    ("whisper_migrate", "create", "first"),
    ("whisper_migrate", "upgrade"),
    ("whisper_migrate", "check-drift"),
    ("whisper_migrate", "prove"),
    ("alembic", "current"),
    ("alembic", "downgrade", "base"),
    ("alembic", "upgrade", "head"),
    ("whisper_migrate", "upgrade", "--sql"),
    ("whisper_migrate", "repair"),
    ("whisper_migrate", "check-drift", "--format", "json"),
)
HAS_PLUGINS = "import alembic.runtime.plugins"


def install(packages: Path, *versions: str) -> None:
    """Install these versions, and what makes the engine an installed package: its entry points."""
    command = [sys.executable, "-m", "pip", "install", "--quiet", "--no-deps", "--target", str(packages), *versions]
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    if done.returncode:
        pytest.skip(f"pip cannot install {' and '.join(versions)}: {done.stderr.strip().splitlines()[-1]}")
    groups = tomllib.loads((ROOT / "pyproject.toml").read_text())["project"]["entry-points"]
    lines = [f"[{group}]\n" + "\n".join(f"{n} = {t}" for n, t in points.items()) for group, points in groups.items()]
    info = packages / "whisper_migrate-0.dist-info"
    info.mkdir()
    (info / "METADATA").write_text("Metadata-Version: 2.1\nName: whisper-migrate\nVersion: 0\n")
    (info / "entry_points.txt").write_text("\n".join(lines))


@pytest.mark.parametrize("name", VERSIONS)
def test_a_project_of_its_own(name: str, tmp_path: Path, database: URL) -> None:
    def run(*words: str) -> subprocess.CompletedProcess[str]:
        path = {**os.environ, "PYTHONPATH": f"{packages}{os.pathsep}{ROOT}", "DATABASE_URL": plain(database)}
        return subprocess.run(
            [sys.executable, *words], cwd=project, env=path, capture_output=True, text=True, check=False
        )

    packages, project = tmp_path / "packages", tmp_path / "project"
    project.mkdir()
    install(packages, *VERSIONS[name])
    for words in COMMANDS:
        said = run("-m", *words)
        assert said.returncode == 0, (words, said)
    said = run("-m", "alembic", "check")
    told = said.stdout + said.stderr
    if run("-c", HAS_PLUGINS).returncode == 0:
        assert said.returncode == 0 and "No new upgrade operations detected" in told, told
    else:
        assert (
            said.returncode != 0 and "has no plug-ins, which this comparison needs; Alembic 1.18 has them." in told
        ), told
        assert "Traceback" not in told
