"""Run missing revisions on a database, in the transaction that stamps it afterwards."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from typing import Any

from alembic.config import Config
from alembic.runtime.migration import RevisionStep
from sqlalchemy import Connection

from whisper_migrate.catalog.model import Object
from whisper_migrate.catalog.sql import run
from whisper_migrate.databases.first_failure import explained, first_failure
from whisper_migrate.databases.interruption import is_of_a_signal
from whisper_migrate.databases.own_session import own_session, put_back, remember
from whisper_migrate.databases.second_connection import watched
from whisper_migrate.databases.stamps import ensure
from whisper_migrate.databases.whole_transaction import whole_transaction
from whisper_migrate.errors import Failure
from whisper_migrate.history.history import History
from whisper_migrate.objects import KINDS
from whisper_migrate.project.environment import environment
from whisper_migrate.running.session import LISTENERS, Underway
from whisper_migrate.state.repair import PREAMBLE

Say = Callable[[str], None]


def run_missing(
    history: History,
    connection: Connection,
    config: Config,
    revisions: Sequence[str],
    needed: Sequence[Object],
    say: Say,
) -> None:
    """Run the revisions in the open transaction, each with an entry in the ledger. The stamp stays as it is.

    Objects that they need are created before. Raises Failure if a revision fails or ends the transaction.
    """
    project = history.project
    ensure(connection)

    def steps(*_: Any) -> Iterator[Any]:
        """Run the revisions as soon as env.py has come to them, and return no step: Alembic would stamp each."""
        created = (statement for item in needed for statement in KINDS[item.kind].create(item))
        for statement in (*PREAMBLE, *created):
            run(connection, statement)
        put_back(connection)
        for revision in revisions:
            _run(history, connection, revision, say)
        return iter(())

    try:
        with watched(connection, project.root, project.session) as second:
            remember(connection)
            with environment(config, history.scripts, fn=steps) as run_env:
                run_env()
            second.require_none()
    except Failure:
        raise
    except BaseException as error:
        if is_of_a_signal(error):
            raise
        raise Failure(f"Nothing was adopted: {explained(first_failure(error))}.") from error


def _run(history: History, connection: Connection, revision: str, say: Say) -> None:
    script = history.find(revision)
    history.require_filled([script])
    step = RevisionStep(history.scripts.revision_map, script, True)
    underway = Underway(history.project, step.info, connection, say=say)
    endings = [listener(underway) for listener in LISTENERS]
    run(connection, history.project.session)
    try:
        with own_session(connection), whole_transaction(connection, revision):
            step.migration_fn()
    except Failure:
        raise
    except Exception as error:
        first = first_failure(error)
        raise Failure(
            f"Nothing was adopted: revision {revision} does not run on this database: {explained(first)}."
        ) from error
    for ending in endings:
        ending()
