"""A virtual environment for each tool, with pinned wheels of the package index and nothing else."""

import subprocess
import venv
from pathlib import Path

from tests.scoreboard.tools import Tool


class NotInstalled(Exception):
    """A tool cannot be installed; the message says why, without addresses."""


def python(tool: Tool, folder: Path, wheel: Path | None = None) -> str:
    """Make the environment of a tool in `folder`, and return its Python."""
    home = folder / (tool.driver or "none")
    program = home / "bin" / "python"
    venv.create(home, with_pip=True)
    install = [str(program), "-m", "pip", "install", "--quiet", "--no-deps", "--only-binary", ":all:"]
    own = [str(wheel)] if wheel and tool.wheel else []
    done = subprocess.run([*install, *tool.packages, *own], capture_output=True, text=True, check=False)
    if done.returncode:
        raise NotInstalled(reason(done.stderr))
    return str(program)


def reason(said: str) -> str:
    """Return pip's last error; one with an address or a path is left out."""
    errors = [line.removeprefix("ERROR: ") for line in said.splitlines() if line.startswith("ERROR: ")]
    return next((line for line in reversed(errors) if "/" not in line), "the installation failed")
