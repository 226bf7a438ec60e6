"""A drafted revision as a file: docstring, imports, two functions, formatted as the project formats its code."""

from __future__ import annotations

import subprocess
import sys
from collections.abc import Sequence
from contextlib import chdir
from dataclasses import dataclass
from pathlib import Path

from alembic.script import ScriptDirectory

from whisper_migrate.errors import Failure
from whisper_migrate.hidden_characters import visible
from whisper_migrate.project import Project
from whisper_migrate.revisions.python_sql import indented


@dataclass(frozen=True)
class Text:
    """What a revision says: its id and parent, its message, the lines of its docstring, and both bodies.

    Imports that the bodies do not use are kept where they are `unused` until the author has written the bodies.
    """

    revision: str
    parent: str | None
    message: str
    summary: Sequence[str]
    upgrade: str
    downgrade: str
    imports: str = "from sqlalchemy.dialects import postgresql"
    unused: bool = False


def write(project: Project, folder: Path, text: Text) -> Path:
    """Write the file into `folder`, named as alembic.ini's file_template says."""
    # A first revision stands on no other.
    own = [Path(ScriptDirectory.from_config(project.alembic()).versions)] if text.parent else []
    scripts = ScriptDirectory.from_config(project.alembic(versions=(*own, folder)))
    with chdir(project.root):  # the project's post_write_hooks run in there
        script = scripts.generate_revision(
            text.revision,
            visible(text.message),
            head=text.parent or "base",
            version_path=str(folder),
            imports=text.imports,
            upgrades=indented(text.upgrade),
            downgrades=indented(text.downgrade),
        )
    if script is None:
        raise Failure("Alembic wrote no file for the revision.")
    file = Path(script.path)
    summary = "\n".join(map(visible, text.summary)).replace("\\", "\\\\").replace('"""', "'''")
    if summary:
        file.write_text(file.read_text().replace("\n\nRevision ID:", f"\n\n{summary}\n\nRevision ID:", 1))
    _format(project, file, unused=text.unused)
    return file


def _format(project: Project, file: Path, *, unused: bool) -> None:
    """Format it; imports that it does not need stay where `unused`. Ruff is a development tool, and may be missing.

    Neither a module called ruff nor a setting of ruff's is taken from the current folder.
    """
    config = ["--config", str(project.root / "pyproject.toml"), "--quiet", str(file)]
    rules = "I" if unused else "F401,I"
    for command in (["check", "--fix", "--exit-zero", "--select", rules], ["format"]):
        ruff = [sys.executable, "-P", "-m", "ruff", *command, *config]
        subprocess.run(ruff, cwd=project.root, check=False, capture_output=True)
