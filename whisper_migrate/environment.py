"""Alembic's environment for our runs: env.py must use the connection that it is given, and no other."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import alembic.context
from alembic.config import Config
from alembic.runtime.environment import EnvironmentContext
from alembic.script import ScriptDirectory
from sqlalchemy import Connection

from whisper_migrate.databases.stamps import SCHEMA
from whisper_migrate.errors import Failure, reason

ENV_PY = """alembic/env.py need hold no more than this:
    from alembic import context
    options = context.config.attributes.get("options", {})
    context.configure(connection=context.config.attributes["connection"], **options)
    with context.begin_transaction():
        context.run_migrations()"""


@contextmanager
def environment(config: Config, scripts: ScriptDirectory, **options: Any) -> Iterator[None]:
    """Run env.py in this context.

    Raises Failure if env.py opens a database of its own: statements for a shadow would run there.
    """
    context = EnvironmentContext(config, scripts, **options)
    given, original = config.attributes["connection"], context.configure
    came = False

    def configure(connection: Connection | None = None, **more: Any) -> None:
        nonlocal came
        if connection is None or connection.engine is not given.engine:
            raise Failure("Nothing was run: alembic/env.py works on a database of its own.", ENV_PY)
        came = True
        original(connection, **{"version_table_schema": SCHEMA, **more})

    context.configure = configure  # type: ignore[method-assign, assignment]
    outer = getattr(alembic.context, "_proxy", None)  # plain Alembic's own, if its env.py asks for a rehearsal
    try:
        with context:
            yield
    except Failure:
        raise
    except Exception as error:
        if came:
            raise
        raise Failure(f"alembic/env.py does not come to the revisions: {reason(error)}.", ENV_PY) from error
    finally:
        if outer is not None:
            outer._install_proxy()
