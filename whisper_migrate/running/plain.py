"""Plain `alembic`: what its command line changes in the database, it changes in a session of ours."""

from collections.abc import Callable
from functools import partial
from typing import Any

from alembic.util.exc import CommandError
from sqlalchemy import Connection, MetaData

from whisper_migrate.databases.connect import connected
from whisper_migrate.databases.settings import database
from whisper_migrate.databases.stamps import stamped
from whisper_migrate.errors import Failure
from whisper_migrate.history import History
from whisper_migrate.project import Project
from whisper_migrate.running.session import session


def run(project: Project, context: Any, configure: Callable[..., None], metadata: Callable[[], MetaData]) -> None:
    """Let `configure` do what the command line asked for; `context` is `alembic.context` as env.py has it."""
    context.configure(dialect_name="postgresql")
    task = context.get_context().opts
    try:
        url = database(project.root).url
        if "destination_rev" in task:  # upgrade, downgrade and stamp have one
            with session(project, url) as opened:
                if not task.get("purge"):
                    _require_unfolded(project, opened.connection)
                opened.run(task["fn"], partial(configure, connection=opened.connection))
        else:
            with connected(url) as connection:
                project.prepare(connection)
                _require_unfolded(project, connection)
                configure(connection=connection, target_metadata=metadata())
    except Failure as failure:
        raise CommandError(str(failure)) from failure


def _require_unfolded(project: Project, connection: Connection) -> None:
    """Alembic itself cannot go on from what a squash has folded: say what can."""
    History(project).require_unfolded(stamped(connection) or [])
    connection.rollback()
