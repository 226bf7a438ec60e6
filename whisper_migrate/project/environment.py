"""Alembic's environment for our runs: whatever env.py connects to, the revisions run on the run's connection."""

from __future__ import annotations

import logging.config
from collections.abc import Callable, Iterator, Mapping
from configparser import InterpolationError
from contextlib import contextmanager, suppress
from importlib import import_module
from pathlib import Path
from threading import get_ident
from traceback import extract_tb
from typing import Any

import alembic.context
from alembic.config import Config
from alembic.runtime.environment import EnvironmentContext
from alembic.script import ScriptDirectory
from alembic.util.exc import CommandError
from sqlalchemy import Connection
from sqlalchemy.exc import DBAPIError

from whisper_migrate.databases.version_table import version_table
from whisper_migrate.errors import Failure, reason
from whisper_migrate.project.lent_connection import Lent, Nothing, lending

ENV_PY = """alembic/env.py need hold no more than this:
    from alembic import context
    options = context.config.attributes.get("options", {})
    context.configure(connection=context.config.attributes["connection"], **options)
    with context.begin_transaction():
        context.run_migrations()"""


# The URL of Alembic's template for alembic.ini names no driver, so that no engine can be made of it. An application may
# put the URL there when it runs.
PLACEHOLDER, DRIVER = "driver://", "postgresql+psycopg2"
# The key of `config.attributes` for what SQLAlchemy has created in earlier parts of the same run.
MEMO = "memo"


@contextmanager
def environment(config: Config, scripts: ScriptDirectory, **options: Any) -> Iterator[Callable[[], None]]:
    """Yield the function that runs env.py, on the connection in `config.attributes["connection"]`.

    env.py is lent this connection (see `lent_connection`), whether it takes it from there or connects by itself. Raises
    Failure if env.py configures Alembic with another one: statements for a shadow would run there.
    """
    _give_url(config)
    context = EnvironmentContext(config, scripts, **options)
    given, original = config.attributes["connection"], context.configure
    threads = {get_ident()}
    came, idle = False, not given.in_transaction()

    def configure(connection: Connection | Lent | None = None, **more: Any) -> None:
        nonlocal came
        own = connection is not None and (isinstance(connection, Lent) or connection.engine is given.engine)
        if not own and not context.is_offline_mode():
            raise Failure("Nothing was run: alembic/env.py works on a database of its own.", ENV_PY)
        _require_our_version_table(more)
        end()
        came = True
        if idle and given.in_transaction():  # env.py has sent a statement; Alembic begins its own transactions
            given.commit()
        # None means Alembic's own table in the first searched schema, and the engine's session searches none.
        table = {name: value for name, value in version_table().options.items() if more.get(name) is None}
        original(given, **{**more, **table, **config.attributes.get("options", {})})
        if MEMO in config.attributes:
            context.get_context().impl.memo = config.attributes[MEMO]

    context.configure = configure  # type: ignore[method-assign, assignment]
    config.attributes["connection"] = Lent(given)  # env.py may begin, end or close what it finds there
    try:
        with inside_another(), context, lending(given, threads) as end, logging_as_it_is():
            yield lambda: _run(scripts, threads)
    except Failure:
        raise
    except Exception as error:
        if came:
            raise
        raise Failure(f"{_blamed(error, scripts)} does not come to the revisions: {_named(error)}.", ENV_PY) from error
    finally:
        config.attributes["connection"] = given


def _blamed(error: BaseException, scripts: ScriptDirectory) -> str:
    """Return env.py with the line in which the error came up: `alembic/env.py:14`."""
    lines = [frame.lineno for frame in extract_tb(error.__traceback__) if frame.filename == scripts.env_py_location]
    return ":".join([f"{Path(scripts.dir).name}/env.py", *map(str, lines[-1:])])


def _named(error: BaseException) -> str:
    """Return the reason for an error: PostgreSQL's or Alembic's message, or else the kind of the error as well."""
    if isinstance(error, (DBAPIError, CommandError)):
        return reason(error)
    return f"{type(error).__name__}: {reason(error)}".removesuffix(": ")


def _run(scripts: ScriptDirectory, threads: set[int]) -> None:
    """Run env.py. One that asks AnyIO for the event loop of its caller is run again in a worker thread of AnyIO.

    This thread is added to `threads`. The first run has failed before it reached a database.
    """
    try:
        scripts.run_env()
    except RuntimeError as error:
        if "AnyIO" not in str(error):
            raise
        anyio = import_module("anyio")  # only a project with such an env.py has it

        def work() -> None:
            threads.add(get_ident())
            scripts.run_env()

        anyio.run(anyio.to_thread.run_sync, work)


class _Configured(BaseException):
    """Ends env.py at its call of `context.configure`. An `except Exception` in env.py does not catch this class."""


def configured(config: Config, scripts: ScriptDirectory) -> Mapping[str, Any]:
    """Return the options with which env.py configures Alembic, such as `target_metadata`.

    env.py runs up to that call, in offline mode if it has one, and connects to nothing. It may set
    `scripts.version_locations`.
    """
    found: dict[str, Any] = {}
    _give_url(config)

    def configure(*_: Any, **options: Any) -> None:
        found.update(options)
        raise _Configured

    context = EnvironmentContext(config, scripts, as_sql=True)
    context.configure = configure  # type: ignore[method-assign]
    with inside_another(), context, lending(Nothing(), {get_ident()}), logging_as_it_is(), suppress(_Configured):
        scripts.run_env()
    return found


def _give_url(config: Config) -> None:
    """Let env.py make an engine where the configuration has no URL, or none that can be read.

    The application gives it when it runs.
    """
    try:
        url = config.get_main_option("sqlalchemy.url")
    except InterpolationError:  # a percent sign that is not doubled, in a URL that env.py never reads
        url = None
    if not url or url.startswith(PLACEHOLDER):
        config.set_main_option("sqlalchemy.url", f"{DRIVER}://")


@contextmanager
def inside_another() -> Iterator[None]:
    """Give `alembic.context` back to the environment of plain Alembic, if its env.py has called this program."""
    outer = getattr(alembic.context, "_proxy", None)
    try:
        yield
    finally:
        if outer is not None:
            outer._install_proxy()


@contextmanager
def logging_as_it_is() -> Iterator[None]:
    """Let env.py configure no logging: it would print Alembic's lines for shadows, and silence other loggers."""
    names = ("fileConfig", "dictConfig")
    originals = {name: getattr(logging.config, name) for name in names}
    try:
        for name in names:
            setattr(logging.config, name, lambda *_, **__: None)
        yield
    finally:
        for name, original in originals.items():
            setattr(logging.config, name, original)


def _require_our_version_table(options: Mapping[str, Any]) -> None:
    """Raise Failure if env.py places the version table elsewhere than it does in Alembic's offline mode."""
    for name, ours in version_table().options.items():
        if options.get(name) not in (None, ours):
            raise Failure(
                f"alembic/env.py names another version table than in offline mode: {name}={options[name]!r}, not"
                f" {ours!r}.",
                f"Pass the same {name} to both calls of context.configure(...).",
            )
