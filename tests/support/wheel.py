"""This engine's wheel, built from a copy of its sources."""

import shutil
import subprocess
import sys
from pathlib import Path

ROOT = Path(__file__).parents[2]


def built(folder: Path) -> Path:
    """Build the wheel in `folder`. A build leaves files beside the sources, so they are copied first."""
    source = folder / "source"
    shutil.copytree(ROOT / "whisper_migrate", source / "whisper_migrate")
    for name in ("pyproject.toml", "README.md"):
        shutil.copy(ROOT / name, source)
    pip = [sys.executable, "-m", "pip", "wheel", "--quiet", "--no-deps", "--wheel-dir", str(folder), str(source)]
    subprocess.run(pip, check=True)
    (wheel,) = folder.glob("*.whl")
    return wheel
