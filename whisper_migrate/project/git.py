"""Ask git about the repository of a project."""

import subprocess
from pathlib import Path


def git(folder: Path, *arguments: str) -> bytes | None:
    """Return git's output; None if it fails, for example because git or a repository is missing."""
    try:
        done = subprocess.run(["git", "-C", str(folder), *arguments], capture_output=True, check=False)
    except OSError:
        return None
    return done.stdout if done.returncode == 0 else None
