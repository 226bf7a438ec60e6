"""Run revisions in a shadow: in one transaction, which they may not end, or in none if it needs too many locks."""

from __future__ import annotations

import logging
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from copy import copy
from functools import partial, update_wrapper
from threading import get_ident
from typing import TYPE_CHECKING, Any

from alembic.config import Config
from alembic.runtime.migration import RevisionStep
from alembic.util.exc import CommandError
from psycopg2.errors import OutOfMemory
from sqlalchemy import Connection
from sqlalchemy.exc import DBAPIError, OperationalError

from whisper_migrate.databases.first_failure import before, details, explained, first_failure
from whisper_migrate.databases.interruption import is_of_a_signal
from whisper_migrate.databases.locks import TooManyLocks, few_locks
from whisper_migrate.databases.own_session import own_session, remember
from whisper_migrate.databases.own_stamp import OwnStamp
from whisper_migrate.databases.second_connection import watched
from whisper_migrate.databases.subscriptions import unconnected
from whisper_migrate.databases.whole_transaction import whole_transaction
from whisper_migrate.errors import Failure
from whisper_migrate.history import baseline
from whisper_migrate.models.unchanged_models import noted
from whisper_migrate.project.environment import MEMO, environment
from whisper_migrate.wording.sign_of_life import counting

if TYPE_CHECKING:
    from whisper_migrate.history.history import History


def run_steps(
    history: History,
    connection: Connection,
    steps: Callable[..., list[RevisionStep]],
    failed: str = "",
    memo: dict[str, Any] | None = None,
    **options: Any,
) -> None:
    """Run the steps that `steps` returns for the current heads in a shadow, and commit.

    With one `memo`, several calls run steps as one run of Alembic does: SQLAlchemy creates each enum once in a run.
    Raises Failure, whose message begins with `failed` and whose cause is the first error.
    """

    def run(config: Config) -> None:
        stamp = OwnStamp()
        given = config.attributes.setdefault("options", {})
        given["on_version_apply"] = (stamp.applied,)
        if memo is not None:
            config.attributes[MEMO] = memo

        def whole(heads: Any, context: Any) -> list[RevisionStep]:
            stamp.known = heads
            found = steps(heads, context)
            began = partial(count, len(found)) if len(found) > 1 else _alone
            return [_whole(step, connection, stamp, began) for step in found]

        with (
            counting("replaying") as count,
            noted(history.folders),
            environment(config, history.scripts, fn=whole, **options) as run_env,
            unconnected(connection, history.project.root),
            _unlogged(),
        ):
            run_env()

    try:
        baseline.begin(connection, history.project)
        _run(history, connection, run)
    except Failure:
        raise
    except BaseException as error:
        if is_of_a_signal(error):
            raise
        first = first_failure(error)
        said = explained(first)
        if not isinstance(first, (DBAPIError, CommandError)):
            said = ". ".join([history.project.blame(error), *details(first, "It was")])
        if earlier := before(first, history.project.whereabouts):
            said = f"{said}. Before that {history.project.blame(earlier)}"
        raise Failure(f"{failed}{said}.", baseline.remedy(first, history.project)) from first


@contextmanager
def _unlogged() -> Iterator[None]:
    """Silence Alembic's log for this thread. The application may print it, as if a revision ran in its database."""
    logger, own = logging.getLogger("alembic.runtime.migration"), get_ident()

    def of_others(_: logging.LogRecord) -> bool:
        return get_ident() != own

    logger.addFilter(of_others)
    try:
        yield
    finally:
        logger.removeFilter(of_others)


def _alone() -> None:
    """Count no step, since the caller of a single step counts."""


def _whole(step: RevisionStep, connection: Connection, stamp: OwnStamp, began: Callable[[], None]) -> RevisionStep:
    """Return a copy of the step that runs in `own_session` and `whole_transaction`, and may not change the stamp.

    `began` is called when it begins.
    """
    function, revision = step.migration_fn, str(step.revision.revision)

    def run(**options: Any) -> None:
        began()
        with own_session(connection), whole_transaction(connection, revision):
            function(**options)
        stamp.require(connection, revision)

    kept = copy(step)
    kept.migration_fn = update_wrapper(run, function)  # Alembic logs its name
    return kept


def _run(history: History, connection: Connection, work: Callable[[Config], None]) -> None:
    """Do the work in one transaction, or in none if it takes too many locks: one for each created object."""
    project = history.project
    try:
        with watched(connection, project.root, project.session) as second, few_locks(connection):
            config = project.alembic(connection, history.versions)
            with project.inside(connection):
                remember(connection)
                connection.commit()  # an autocommit block only works if Alembic itself began the transaction
                work(config)
            second.require_none()
            connection.commit()
    except (TooManyLocks, OperationalError) as error:
        if not isinstance(getattr(error, "orig", error), (TooManyLocks, OutOfMemory)):
            raise
        # A shadow is dropped in any case, so it needs no transaction.
        connection.rollback()
        config = project.alembic(connection.execution_options(isolation_level="AUTOCOMMIT"), history.versions)
        config.attributes["options"] = {"transactional_ddl": False}
        with project.inside(connection):
            remember(connection)
            work(config)
        connection.commit()
        connection.execution_options(isolation_level=connection.default_isolation_level)
