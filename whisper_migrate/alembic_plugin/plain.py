"""Run the commands of plain `alembic` in a session with the same locks and checks as migrate.py."""

import shlex
from collections.abc import Callable, Mapping
from contextlib import closing
from functools import partial
from typing import Any

import alembic
from alembic.util.exc import CommandError
from sqlalchemy import URL, Connection
from sqlalchemy.exc import DBAPIError

from whisper_migrate.addresses.secret_parameters import scrubbed
from whisper_migrate.databases.connect import connected
from whisper_migrate.databases.engine_search_path import engine_search_path
from whisper_migrate.databases.first_failure import explained, first_failure
from whisper_migrate.databases.interruption import is_of_a_signal
from whisper_migrate.databases.settings import database
from whisper_migrate.databases.stamps import stamped
from whisper_migrate.databases.version_table import use, version_table
from whisper_migrate.databases.whole_transaction import EndedItself
from whisper_migrate.errors import Failure, reason
from whisper_migrate.history.history import History
from whisper_migrate.project.lent_connection import Lent
from whisper_migrate.project.project import Project
from whisper_migrate.running.loss_guard import guarded
from whisper_migrate.running.rehearsal import RehearsedStep, rehearsal
from whisper_migrate.running.session import Session, session
from whisper_migrate.running.targets import refusal
from whisper_migrate.running.total_loss import TotalLoss, downgrade_to, everything, total_loss
from whisper_migrate.wording.hidden_characters import harmless
from whisper_migrate.wording.program import in_its_words

WORD = "allow_data_loss"  # as in: alembic -x allow_data_loss=DATABASE:ROWS downgrade TARGET

PLUGINS = "alembic.runtime.plugins"  # a module of Alembic 1.18 and later

FRONT_DOOR = "scripts/migrations/migrate.py"  # of this repository; another project calls the package

# The options of `context.configure` in offline mode. Parameters are named, since the others would double every % in the
# script; names without a schema mean nothing there.
OFFLINE = {
    "dialect_name": "postgresql",
    "dialect_opts": {"paramstyle": "named"},
    "literal_binds": True,
    "transaction_per_migration": True,
    "version_table_schema": "public",
}


def run(project: Project, context: Any, configure: Callable[..., None]) -> None:
    """Run the command that env.py was called for.

    `context` is `alembic.context`, and `configure` a function of env.py that calls `context.configure` and runs the
    migrations. `alembic check` and `alembic revision --autogenerate` compare through `alembic_plugin`. A connection in
    `context.config.attributes` is used as it is; if it is another program's, a downgrade on it may lose no rows.
    """
    given = context.config.attributes
    if "connection" in given:
        if not isinstance(given["connection"], Lent):
            _require_no_loss(project, context, given["connection"])
        configure(connection=given["connection"], **{"transaction_per_migration": True, **given.get("options", {})})
        return
    context.configure(dialect_name="postgresql")
    task = context.get_context().opts
    try:
        use(project.version_options)
        url = database(project.root).url
        if "destination_rev" in task:  # only upgrade, downgrade and stamp have one
            with session(project, url) as opened:
                if not task.get("purge"):
                    _require_unfolded(project, opened.connection)
                    opened.connection.rollback()
                steps = _steps(project, task, opened.connection, context)
                opened.connection.rollback()
                word = context.get_x_argument(as_dictionary=True).get(WORD)
                _require_word(project, opened, steps, str(task["destination_rev"]), word)
                opened.run(task["fn"], partial(configure, connection=opened.connection, **version_table().options))
                if any(not step.info.is_stamp for step in steps):
                    said = "Not checked: plain alembic compares nothing. This does: migrate.py check-drift"
                    opened.progress.say(_in_words_of(project, said))
        else:
            # In one snapshot: Alembic then sees no relation that comes after the check of the version table.
            with connected(url, read_only=True) as connection:
                _require_unfolded(project, connection)
                compared = _compared(project, context) if "template_args" in task else {}  # `current` compares nothing
                configure(connection=connection, **version_table().options, **compared)
    except Failure as failure:
        raise CommandError(harmless(scrubbed(_in_words_of(project, str(failure))))) from failure
    except Exception as error:
        found = first_failure(error)
        if not isinstance(found, DBAPIError):
            raise
        # A traceback would show the statement with the passwords in it.
        raise CommandError(harmless(scrubbed(f"PostgreSQL says: {explained(found)}."))) from None
    except BaseException as error:  # otherwise a revision that exits with 0 would seem to be applied
        if is_of_a_signal(error):
            raise
        raise CommandError(f"A revision was rolled back, since it ended the program: {project.blame(error)}") from error


def _require_no_loss(project: Project, context: Any, connection: Connection) -> None:
    """Raise CommandError for a downgrade on another program's connection that would lose rows.

    The transaction of that program stays as it is.
    """
    context.configure(dialect_name="postgresql")
    task = context.get_context().opts
    if "destination_rev" not in task or task["fn"].__name__ != "downgrade":
        return
    use(project.version_options)
    idle = not connection.in_transaction()
    try:
        with closing(connection.connection.cursor()) as cursor, engine_search_path(cursor):
            steps = _steps(project, task, connection, context)
            lost = _rehearsed(project, connection.engine.url, connection, steps)[0]
        if lost.rows:
            raise lost.refusal(None, "Nothing was reverted", downgrade_to(str(task["destination_rev"])))
    except Failure as failure:
        raise CommandError(harmless(scrubbed(_in_words_of(project, str(failure))))) from failure
    finally:
        if idle:
            connection.rollback()


def _in_words_of(project: Project, text: str) -> str:
    """Return a message with its commands as the project has them."""
    is_ours = (project.root / FRONT_DOOR).is_file()
    return text if is_ours else in_its_words(text, "python -m whisper_migrate")


def _compared(project: Project, context: Any) -> dict[str, Any]:
    """Return the options with which Alembic compares through the comparator.

    Raises Failure if this Alembic has no plug-ins. The comparator is imported here, because only comparisons need it.
    """
    try:
        from whisper_migrate.alembic_plugin import comparator
    except ModuleNotFoundError as error:
        if error.name != PLUGINS:
            raise
        said = f"Alembic {alembic.__version__} has no plug-ins, which this comparison needs; Alembic 1.18 has them."
        raise Failure(said, "This compares: migrate.py check-drift; and this drafts: migrate.py create") from error
    context.config.attributes[comparator.PROJECT] = project
    return {
        "target_metadata": project.metadata,
        "autogenerate_plugins": [comparator.NAME],
        "process_revision_directives": comparator.directives(context.get_x_argument()),
    }


def _steps(project: Project, task: Mapping[str, Any], connection: Connection, context: Any) -> list[Any]:
    """Return the steps that Alembic's command will run. Raises Failure for a target that leads nowhere."""
    heads = tuple(stamped(connection) or [])
    direction, target = task["fn"].__name__, str(task["destination_rev"])
    try:
        return list(task["fn"](heads, context.get_context()) or ())
    except (CommandError, AssertionError, ValueError) as error:
        if direction not in ("upgrade", "downgrade"):  # Alembic calls its functions so
            raise
        raise refusal(History(project), direction, target, heads, f"{reason(error)}.") from error


def _require_word(project: Project, opened: Session, steps: list[Any], target: str, word: str | None) -> None:
    """Raise Failure if a downgrade would lose rows and `word` does not permit it."""

    def again(permit: str) -> str:
        return f"alembic -x {WORD}={permit} downgrade {shlex.quote(target)}"

    downs = [step for step in steps if not step.info.is_stamp and not step.info.is_upgrade]
    if not downs:
        return
    lost, ahead = _rehearsed(project, opened.url, opened.connection, downs)
    opened.connection.rollback()
    if ahead:
        guard = guarded(ahead, opened.connection, word, again)
        opened.connection.rollback()
        opened.listeners = (*opened.listeners, guard.listener)
    lost.require(word, "Nothing was reverted", again)
    for line in lost.lines:
        opened.progress.say(f"  {line}")


def _rehearsed(
    project: Project, url: URL, connection: Connection, steps: list[Any]
) -> tuple[TotalLoss, list[RehearsedStep]]:
    """Return the losses of a downgrade, and its steps as a shadow ran them; without steps if no shadow can be made."""
    try:
        with rehearsal(History(project), url, stamped(connection) or []) as ahead:
            rehearsed_steps = ahead.go(steps)
            return total_loss(rehearsed_steps, connection), rehearsed_steps
    except EndedItself:
        raise
    except Failure as failure:
        return everything(connection, failure.what), []


def _require_unfolded(project: Project, connection: Connection) -> None:
    """Raise Failure if the database is at a revision that was squashed: plain Alembic cannot continue from it."""
    History(project).require_unfolded(stamped(connection) or [])
