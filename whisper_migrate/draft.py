"""From a change of the models to a revision: drafted, then proved before anyone sees it."""

from __future__ import annotations

import os
import re
import secrets
import shutil
import subprocess
import sys
import tempfile
import textwrap
from dataclasses import dataclass
from pathlib import Path

from alembic import command
from alembic.config import Config
from alembic.script import ScriptDirectory
from alembic.util.exc import CommandError
from sqlalchemy import URL, Connection
from sqlalchemy.exc import DBAPIError

from whisper_migrate.catalog import Catalog, Change, diff
from whisper_migrate.desired import build
from whisper_migrate.errors import Failure, reason
from whisper_migrate.history import History
from whisper_migrate.inspect import inspect
from whisper_migrate.plan import plan
from whisper_migrate.project import Project
from whisper_migrate.render import Body
from whisper_migrate.settings import engine
from whisper_migrate.settle import settled
from whisper_migrate.shadow import shadows
from whisper_migrate.words import line, outline


@dataclass(frozen=True)
class Draft:
    """A revision that was written and proved, and the changes that it carries."""

    path: Path
    revision: str
    changes: list[Change]


def draft(project: Project, server: URL, message: str, revision: str | None = None) -> Draft | None:
    """Write the revision that takes the history to the models; None when they agree already.

    The models and the history are each made real in a shadow on `server`. The file is kept only after it has been run
    there up, down and up again: the catalog then equals the models, before it, and the models.
    """
    history = History(project)
    head = history.head
    with shadows(server) as made:
        with engine(made.create("desired")).connect() as connection:
            build(connection, project)
            desired = inspect(connection, requires=True)
        with engine(made.create("recorded")).connect() as connection:
            history.replay(connection)
            recorded = inspect(connection, requires=True)
            changes = settled(connection, diff(recorded, desired))
            connection.rollback()
            if not changes:
                return None
            with tempfile.TemporaryDirectory() as folder:
                revision = revision or secrets.token_hex(6)
                file = _write(project, Path(folder), message, revision, head, recorded, desired, changes)
                prove(_config(project, connection, Path(folder)), connection, revision, recorded, desired)
                path = Path(history.scripts.versions) / file.name
                shutil.move(file, path)
    return Draft(path, revision, changes)


def prove(config: Config, connection: Connection, revision: str, before: Catalog, after: Catalog) -> None:
    """Run a revision up, down and up in a shadow that holds `before`; Failure when it does not lead where it should."""
    for direction, target, expected in (
        ("upgrade", revision, after),
        ("downgrade", "-1", before),
        ("upgrade", revision, after),
    ):
        try:
            getattr(command, direction)(config, target)
            connection.commit()
        except (DBAPIError, CommandError) as error:
            raise Failure(f"The draft's {direction} fails in a shadow, so it was not kept: {reason(error)}.") from error
        left = settled(connection, diff(inspect(connection), expected))
        connection.rollback()
        if left:
            lines = "\n  ".join(line(change) for change in left[:20])
            raise Failure(f"The draft's {direction} leaves {len(left)} differences, so it was not kept:\n  {lines}")


def _write(
    project: Project,
    folder: Path,
    message: str,
    revision: str,
    head: str | None,
    recorded: Catalog,
    desired: Catalog,
    changes: list[Change],
) -> Path:
    scripts = ScriptDirectory.from_config(_config(project, None, folder))
    bodies = [Body(plan(recorded, desired), desired).source(), Body(plan(desired, recorded), recorded).source()]
    up, down = (_indented(body) for body in bodies)
    script = scripts.generate_revision(
        revision,
        message,
        head=head or "base",
        version_path=str(folder),
        imports="from sqlalchemy.dialects import postgresql",
        upgrades=up,
        downgrades=down,
    )
    if script is None:
        raise Failure("Alembic wrote no file for the revision.")
    file = Path(script.path)
    _insert_changes(file, changes)
    _format(project, file)
    return file


def _config(project: Project, connection: Connection | None, folder: Path) -> Config:
    """Alembic's configuration with the draft's folder beside the project's own revisions."""
    config = project.alembic(connection)
    versions = ScriptDirectory.from_config(config).versions
    config.set_main_option("version_locations", os.pathsep.join((versions, str(folder))).replace("%", "%%"))
    return config


def _indented(body: str) -> str:
    """The body of a function, but for the inside of triple-quoted blocks, which must stay as it is."""
    parts = re.split(r'("""\n.*?\n""")', body, flags=re.DOTALL)
    return "".join(part if part.startswith('"""') else textwrap.indent(part, "    ") for part in parts).strip()


def _insert_changes(file: Path, changes: list[Change]) -> None:
    """List in the docstring, in plain words, what the revision changes."""
    text = file.read_text()
    words = "\n".join(map(line, outline(changes))).replace("\\", "\\\\").replace('"""', "'''")
    file.write_text(text.replace("\n\nRevision ID:", f"\n\n{words}\n\nRevision ID:", 1))


def _format(project: Project, file: Path) -> None:
    """As the project formats its code, without the imports that the draft does not need; ruff is a development tool."""
    config = ["--config", str(project.root / "pyproject.toml"), "--quiet", str(file)]
    for words in (["check", "--fix", "--exit-zero", "--select", "F401,I"], ["format"]):
        subprocess.run([sys.executable, "-m", "ruff", *words, *config], check=False, capture_output=True)
