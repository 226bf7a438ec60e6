"""A little project whose history has statements of a test's own, applied to a database."""

from collections.abc import Iterable
from pathlib import Path

from sqlalchemy import URL

from tests.support import little
from tests.support.projects import Checkout
from whisper_migrate.project.project import Project
from whisper_migrate.running import runner


def applied(folder: Path, database: URL, statements: Iterable[str]) -> Project:
    """Return a project in `folder`; its last revision runs the statements, and the database is at this revision."""
    project = little.project(folder)
    lines = "; ".join(f"op.execute({statement!r})" for statement in statements)
    Checkout(project.root).write_revision("three", "two", up=lines)
    runner.upgrade(project, database, "head", lambda _: None)
    return project
