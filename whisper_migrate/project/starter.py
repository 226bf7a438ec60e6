"""Write the files of a new project, and the section in pyproject.toml of an existing one. No file is overwritten."""

from __future__ import annotations

import os
import tomllib
from argparse import Namespace
from collections.abc import Iterator
from contextlib import chdir
from pathlib import Path

from whisper_migrate.errors import Failure
from whisper_migrate.project.alembic_folders import INI, NoHistory, ini, may_be_ours
from whisper_migrate.project.project import SECTION, Project

FOLDER = "alembic"
ENV_PY = '''"""Alembic's environment. Plain Alembic works on DATABASE_URL, and a downgrade loses no rows unasked."""

from pathlib import Path

from alembic import context
from models import Base
from whisper_migrate.alembic_plugin import plain
from whisper_migrate.project.project import Project
from whisper_migrate.running import literals

target_metadata = Base.metadata


def configure(**options):
    context.configure(**{"target_metadata": target_metadata, **options})
    with context.begin_transaction():
        if context.is_offline_mode():
            literals.use(context.get_context())
        context.run_migrations()


if context.is_offline_mode():
    configure(**plain.OFFLINE)
else:
    plain.run(Project(Path(__file__).parent.parent), context, configure)
'''
MODELS = '''"""The models. The table is an example: replace it by your own."""

from sqlalchemy.orm import DeclarativeBase, Mapped, mapped_column


class Base(DeclarativeBase):
    pass


class Note(Base):
    __tablename__ = "notes"

    id: Mapped[int] = mapped_column(primary_key=True)
    body: Mapped[str]
'''


def begin(root: Path) -> list[str]:
    """Write what the project in `root` lacks, and return the names of the files that were written or changed.

    Every project gets the section in pyproject.toml, and only a folder without code and history the other files.
    Raises Failure if pyproject.toml cannot be read, or cannot get the section.
    """
    is_new = not _has_history(root) and not any(_code(root)) and not (root / FOLDER).exists()
    written = _section(root)
    if is_new:
        _initialize(root)
        (root / FOLDER / "env.py").write_text(ENV_PY, encoding="utf-8")  # in place of Alembic's, of a moment ago
        (root / "models.py").write_text(MODELS, encoding="utf-8")
        written += [INI, f"{FOLDER}/env.py", f"{FOLDER}/script.py.mako", "models.py"]
    return written


def _has_history(root: Path) -> bool:
    """Whether Alembic is configured: in any file named alembic.ini, in pyproject.toml, or in the file it names."""
    given = Project(root).options.get("alembic_ini") if (root / "pyproject.toml").exists() else None
    try:
        ini(root, given)
    except NoHistory:
        return False
    except Failure:  # several files, or a name of no file
        return True
    return True


def _code(root: Path) -> Iterator[Path]:
    """Yield the Python files of the project itself."""
    for folder, inner, files in os.walk(root):
        yield from (Path(folder, name) for name in files if name.endswith(".py"))
        inner[:] = [name for name in inner if may_be_ours(Path(folder, name))]


def _section(root: Path) -> list[str]:
    """Add the section to pyproject.toml, unless it is there. The rest of the file stays as it is, byte for byte."""
    file = root / "pyproject.toml"
    if file.exists() and Project(root).section is not None:
        return []
    before = file.read_bytes() if file.exists() else b""
    end = b"\r\n" if b"\r\n" in before else b"\n"
    gap = b"" if not before else end if before.endswith(b"\n") else end * 2
    after = before + gap + f"[tool.{SECTION}]".encode() + end
    try:
        tomllib.loads(after.decode())
    except ValueError as error:
        raise Failure(f"{file} cannot get a section at its end: {error}.", f"Add [tool.{SECTION}] to it.") from error
    file.write_bytes(after)
    return [f"pyproject.toml, with [tool.{SECTION}]"]


def _initialize(root: Path) -> None:
    """Write Alembic's own files; its command takes the folder from the current one."""
    from alembic import command
    from alembic.config import Config

    with chdir(root):
        command.init(Config(INI, cmd_opts=Namespace(quiet=True)), FOLDER)
