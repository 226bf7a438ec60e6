"""The models made real: tables from a MetaData, and everything else from its entities."""

from typing import Any

from sqlalchemy import DDL, Connection, Executable, text
from sqlalchemy.exc import DBAPIError
from sqlalchemy.schema import CreateSchema

from whisper_migrate.errors import Failure
from whisper_migrate.project import Project


def build(connection: Connection, project: Project) -> None:
    """Create everything that the models declare in an empty database. Raises Failure with PostgreSQL's own words.

    Functions may be needed by tables (a default, a check) and may need them (an argument, a body in SQL). So whatever
    can be made before the tables is, and the rest after, in as many rounds as it takes.
    """
    metadata = project.metadata
    connection.execute(text("SET LOCAL check_function_bodies = off"))
    connection.execute(text("SELECT set_config('search_path', :path, true)"), {"path": project.search_path})
    for schema in sorted({table.schema for table in metadata.tables.values() if table.schema}):
        connection.execute(CreateSchema(schema, if_not_exists=True))
    left = _create(connection, list(project.entities))
    try:
        metadata.create_all(connection, checkfirst=False)
    except DBAPIError as error:
        raise Failure(f"The models do not make a schema: {_words(error)}") from error
    while left:
        before = len(left)
        left = _create(connection, left)
        if len(left) == before:
            name, words = _try(connection, left[0])
            raise Failure(f"{name} cannot be created: {words}")


def _create(connection: Connection, entities: list[Any]) -> list[Any]:
    """Those of `entities` that cannot be created yet; plain DDL keeps its place behind what it follows."""
    left: list[Any] = []
    for entity in entities:
        waits = left and isinstance(entity, DDL)
        if waits or _try(connection, entity)[1]:
            left.append(entity)
    return left


def _try(connection: Connection, entity: Any) -> tuple[str, str | None]:
    statement: Executable = entity if isinstance(entity, DDL) else entity.to_sql_statement_create()
    name = (
        str(entity.statement).partition("\n")[0]
        if isinstance(entity, DDL)
        else f"{type(entity).__name__} {entity.identity}"
    )
    savepoint = connection.begin_nested()
    try:
        connection.execute(statement)
    except DBAPIError as error:
        savepoint.rollback()
        return name, _words(error)
    savepoint.commit()
    return name, None


def _words(error: DBAPIError) -> str:
    return str(error.orig).strip().partition("\n")[0]
