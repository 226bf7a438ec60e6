"""The schema that a history begins with, if its first revision does not begin with an empty database.

Some applications create their first tables by themselves, before the first revision. `baseline` in pyproject.toml names
them: a MetaData, as `package:attribute`, or a file with SQL, as `pg_dump --schema-only` writes it.
"""

from __future__ import annotations

import re

from psycopg2.errors import UndefinedTable
from sqlalchemy import Connection, MetaData, text
from sqlalchemy.exc import SQLAlchemyError

from whisper_migrate.catalog.sql import run
from whisper_migrate.databases.version_table import names
from whisper_migrate.errors import Failure, reason
from whisper_migrate.project.project import Project

HAS_RELATIONS = """
SELECT EXISTS (
    SELECT FROM pg_catalog.pg_class AS c JOIN pg_catalog.pg_namespace AS n ON n.oid = c.relnamespace
    WHERE c.oid >= 16384 AND c.relkind IN ('r', 'p', 'v', 'm', 'f') AND n.nspname !~ '^pg_'
      AND c.relname <> ALL (:bookkeeping) AND format('%I.%I', n.nspname, c.relname) <> :version
      AND NOT EXISTS (
          SELECT FROM pg_catalog.pg_depend AS e
          WHERE e.classid = c.tableoid AND e.objid = c.oid AND e.deptype = 'e'))"""
META_COMMAND = re.compile(r"^\\.*$", re.MULTILINE)  # of psql, as `\restrict` in a dump


def begin(connection: Connection, project: Project) -> None:
    """Create the project's baseline, if it has one and the database has no table yet, and commit.

    Raises Failure if the baseline cannot be created.
    """
    given = _given(project)
    if given is None or connection.scalar(text(HAS_RELATIONS), names()):
        return
    try:
        with project.inside(connection):
            if isinstance(given, MetaData):
                given.create_all(connection)
            else:
                run(connection, META_COMMAND.sub("", given))
                run(connection, project.session)  # a dump empties the search_path
        connection.commit()
    except SQLAlchemyError as error:
        connection.rollback()
        name = project.options["baseline"]
        raise Failure(f"[tool.whisper_migrate] baseline = {name!r} cannot be created: {reason(error)}.") from error


def remedy(error: BaseException, project: Project) -> str | None:
    """Return how to name a baseline, if a replay failed with `error` because a table is missing; else None."""
    if not isinstance(getattr(error, "orig", None), UndefinedTable) or "baseline" in project.options:
        return None
    return (
        "If the application makes this table before the first revision, save a dump of that schema"
        ' (pg_dump --schema-only) and name it in pyproject.toml: baseline = "first.sql"'
    )


def _given(project: Project) -> MetaData | str | None:
    """Return the project's baseline, a MetaData or SQL; None if the history begins with an empty database."""
    name = project.options.get("baseline")
    if name is None:
        return None
    if str(name).endswith(".sql"):
        file = project.root / str(name)
        if not file.is_file():
            raise Failure(f"[tool.whisper_migrate] baseline = {name!r} names no file in {project.root}.")
        return file.read_text(encoding="utf-8")
    found = project.named("baseline")
    if not isinstance(found, MetaData):
        raise Failure(f"[tool.whisper_migrate] baseline = {name!r} is no SQLAlchemy MetaData, and no file of SQL.")
    return found
