"""Run the commands of plain `alembic` in a session with the same locks and checks as migrate.py."""

from collections.abc import Callable, Mapping
from functools import partial
from typing import Any

import alembic
from alembic.util.exc import CommandError
from sqlalchemy import Connection
from sqlalchemy.exc import DBAPIError

from whisper_migrate.addresses.secret_parameters import scrubbed
from whisper_migrate.databases.connect import connected
from whisper_migrate.databases.first_failure import explained, first_failure
from whisper_migrate.databases.interruption import is_of_a_signal
from whisper_migrate.databases.settings import database
from whisper_migrate.databases.stamps import stamped
from whisper_migrate.databases.version_table import use, version_table
from whisper_migrate.databases.whole_transaction import EndedItself
from whisper_migrate.errors import Failure, reason
from whisper_migrate.history.history import History
from whisper_migrate.project.project import Project
from whisper_migrate.running.loss_guard import guarded
from whisper_migrate.running.rehearsal import rehearsal
from whisper_migrate.running.session import Session, session
from whisper_migrate.running.targets import refusal
from whisper_migrate.running.total_loss import everything, total_loss
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
    migrations. `alembic check` and `alembic revision --autogenerate` compare through `alembic_plugin`.
    """
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
                _require_word(project, opened, steps, context.get_x_argument(as_dictionary=True).get(WORD))
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
    connection.rollback()
    direction, target = task["fn"].__name__, str(task["destination_rev"])
    try:
        return list(task["fn"](heads, context.get_context()) or ())
    except (CommandError, AssertionError, ValueError) as error:
        if direction not in ("upgrade", "downgrade"):  # Alembic calls its functions so
            raise
        raise refusal(History(project), direction, target, heads, f"{reason(error)}.") from error


def _require_word(project: Project, opened: Session, steps: list[Any], word: str | None) -> None:
    """Raise Failure if a downgrade would lose rows and `word` does not permit it."""
    downs = [step for step in steps if not step.info.is_stamp and not step.info.is_upgrade]
    if not downs:
        return
    connection = opened.connection
    stands_at = stamped(connection) or []
    try:
        with rehearsal(History(project), opened.url, stands_at) as ahead:
            rehearsed_steps = ahead.go(downs)
            lost = total_loss(rehearsed_steps, connection)
            guard = guarded(rehearsed_steps, connection, word, f"alembic -x {WORD}=")
            opened.listeners = (*opened.listeners, guard.listener)
    except EndedItself:
        raise
    except Failure as failure:
        lost = everything(connection, failure.what)
    connection.rollback()
    lost.require(word, "Nothing was reverted", f"alembic -x {WORD}=")
    for line in lost.lines:
        opened.progress.say(f"  {line}")


def _require_unfolded(project: Project, connection: Connection) -> None:
    """Raise Failure if the database is at a revision that was squashed: plain Alembic cannot continue from it."""
    History(project).require_unfolded(stamped(connection) or [])
