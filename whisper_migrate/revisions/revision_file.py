"""Write a revision as a file: docstring, imports and two functions, formatted like the project's code."""

from __future__ import annotations

import re
import shlex
import subprocess
import sys
from collections.abc import Sequence
from contextlib import chdir
from dataclasses import dataclass
from pathlib import Path

from alembic.script import ScriptDirectory

from whisper_migrate.errors import Failure
from whisper_migrate.history.history import History
from whisper_migrate.revisions.python_sql import indented
from whisper_migrate.wording.hidden_characters import visible


@dataclass(frozen=True)
class Text:
    """The contents of a revision: id, parent, message, summary lines for the docstring, and both function bodies.

    `unused` keeps imports that the bodies do not use yet, for the author who will write them.
    """

    revision: str
    parent: str | None
    message: str
    summary: Sequence[str]
    upgrade: str
    downgrade: str
    imports: str = "from sqlalchemy.dialects import postgresql"
    unused: bool = False


def write(history: History, folder: Path, text: Text) -> Path:
    """Write the file of a revision on `history` into `folder`, under the name that the file_template gives it.

    Raises Failure if Alembic's template for revisions is missing.
    """
    # A first revision has no parent to find in the project's folder.
    project, own = history.project, history.folders if text.parent else []
    scripts = ScriptDirectory.from_config(project.alembic(versions=list(dict.fromkeys((*own, folder)))))
    template = Path(scripts.dir) / "script.py.mako"
    if not template.is_file():
        raise Failure(
            f"{template} is missing: Alembic writes revisions by this template.",
            f"alembic init /tmp/new && cp /tmp/new/script.py.mako {shlex.quote(str(template))}",
        )
    with chdir(project.root):  # the project's post_write_hooks run there
        script = scripts.generate_revision(
            text.revision,
            _in_docstring(visible(text.message), template.read_text()),
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
    _format(project.root, file, unused=text.unused)
    return file


def _in_docstring(message: str, template: str) -> str:
    """Return the message as the template needs it: Alembic's own templates would let it end their docstring."""
    if "${message}" not in template:  # the template escapes it
        return message
    return re.sub("\"{3}|'{3}", lambda found: f"\\{found[0][0]}" * 3, message.replace("\\", "\\\\"))


def _format(root: Path, file: Path, *, unused: bool) -> None:
    """Format the file with ruff, a development tool that may be missing; `unused` keeps unused imports.

    Neither a module nor a configuration of ruff is loaded from the current folder.
    """
    config = ["--config", str(root / "pyproject.toml"), "--quiet", str(file)]
    rules = "I" if unused else "F401,I"
    for command in (["check", "--fix", "--exit-zero", "--select", rules], ["format"]):
        ruff = [sys.executable, "-P", "-m", "ruff", *command, *config]
        subprocess.run(ruff, cwd=root, check=False, capture_output=True)
