"""Projects of others: their own alembic.ini, env.py and revisions, written by hand."""

from pathlib import Path

import pytest
from sqlalchemy import URL

from tests.support.little import ROOT, Said, command, plain
from whisper_migrate.project.project import Project

MODELS = """
import sqlalchemy as sa

metadata = sa.MetaData()
sa.Table("notes", metadata, sa.Column("id", sa.Integer, primary_key=True), sa.Column("at", sa.DateTime,
         server_default=sa.func.now()))
"""
ENV = """
from alembic import context
from sqlalchemy import create_engine
from models_of_{} import metadata

{}
if context.is_offline_mode():
    context.configure(url="postgresql://", target_metadata=metadata{})
    context.run_migrations()
else:
    with create_engine("postgresql://nowhere.invalid/").connect() as connection:
        context.configure(connection=connection, target_metadata=metadata{})
        with context.begin_transaction():
            context.run_migrations()
"""
INI = "[alembic]\nscript_location = %(here)s/alembic\nprepend_sys_path = %(here)s\npath_separator = newline\n"


def made(
    folder: Path, *, ini: str | None = INI, at: str = ".", before: str = "", options: str = "", models: str = MODELS
) -> Project:
    """Return a project in `folder` that has alembic.ini and the rest in the folder `at` below it."""
    own, name = folder / at, folder.name
    (own / "alembic" / "versions").mkdir(parents=True)
    (own / f"models_of_{name}.py").write_text(models)
    (own / "alembic" / "env.py").write_text(ENV.format(name, before, options, options))
    (own / "alembic" / "script.py.mako").write_text((ROOT / "alembic" / "script.py.mako").read_text())
    (folder / "pyproject.toml").write_text("[tool.whisper_migrate]\n")
    if ini is not None:
        (own / "alembic.ini").write_text(ini)
    return Project(folder)


def revision(folder: Path, name: str, parent: str | None, up: str, down: str = "pass", message: str = "") -> Path:
    """Write a revision by hand."""
    file = folder / f"{name}.py"
    file.parent.mkdir(parents=True, exist_ok=True)
    file.write_text(
        f'"""{message or name}"""\nfrom alembic import op\nimport sqlalchemy as sa\n'
        f"revision = {name!r}\ndown_revision = {parent!r}\n\n\n"
        f"def upgrade():\n    {up}\n\n\ndef downgrade():\n    {down}\n"
    )
    return file


NOTES = 'op.execute("CREATE TABLE notes (id serial PRIMARY KEY, at timestamp DEFAULT CURRENT_TIMESTAMP)")'
DROP = 'op.execute("DROP TABLE notes")'


class Run:
    """The commands of this program for a project, a database and a server for shadows."""

    def __init__(self, capsys: pytest.CaptureFixture[str], server: URL, database: URL) -> None:
        self.capsys, self.server, self.database = capsys, server, database

    def __call__(self, project: Project, *words: str) -> Said:
        return command(self.capsys, Project(project.root), self.database, *words, SHADOW_URL=plain(self.server))
