"""Create in a database what the models declare: tables from a MetaData, all other objects from its entities."""

import re
from contextlib import suppress
from functools import partial
from typing import Any

from sqlalchemy import DDL, Connection, Constraint, Index, MetaData, Table, event, text
from sqlalchemy import schema as sqlalchemy_schema
from sqlalchemy.exc import DBAPIError, SQLAlchemyError
from sqlalchemy.schema import CreateSchema
from sqlalchemy.types import SchemaType

from whisper_migrate.databases.first_failure import answer
from whisper_migrate.errors import Failure, reason
from whisper_migrate.models.parameters import require_none
from whisper_migrate.models.unchanged_models import restore
from whisper_migrate.project.declared import Unmade, called, cause, create_tables, in_one_order, named_types
from whisper_migrate.project.defects import AT_TABLE, Defect
from whisper_migrate.project.project import Project
from whisper_migrate.wording.sign_of_life import doing

try:
    from alembic_utils.exceptions import SQLParseFailure
except ImportError:  # a project without entities of alembic_utils need not install it

    class SQLParseFailure(Exception):  # type: ignore[no-redef]
        """Never raised."""


# Objects that may exist already, created by an entity or an earlier step. SQLAlchemy 2.0 checks for all or none.
CheckFirst: Any = getattr(sqlalchemy_schema, "CheckFirst", None)
THERE = CheckFirst.TYPES | CheckFirst.SEQUENCES if CheckFirst else True
# Plain DDL for objects that a table may need.
FOR_TABLES = re.compile(
    r"\s*CREATE\s+(?:OR\s+REPLACE\s+)?(?:TYPE|DOMAIN|FUNCTION|SEQUENCE|COLLATION|EXTENSION|OPERATOR)\b", re.IGNORECASE
)
ANY = re.compile("")


def build(connection: Connection, project: Project) -> list[Defect]:
    """Create everything that the models declare in an empty shadow, but for the indexes and foreign keys returned.

    Raises Failure, with PostgreSQL's own words, if a table or entity cannot be created.

    Tables may need functions (a default, a check), and functions may need tables (an argument, an SQL body). Entities
    that can be created before the tables are; the rest are created afterwards, in as many rounds as needed.

    Every statement is a transaction of its own: one transaction would hold a lock on each of up to 5,000 tables.
    """
    restore(project.metadata)
    require_none(project.metadata)
    in_one_order(project.metadata)
    connection.execution_options(isolation_level="AUTOCOMMIT")
    connection.execute(text("SET synchronous_commit = off"))
    event.listen(connection, "after_cursor_execute", _forget)
    project.prepare(connection)
    with project.inside(connection), doing("creating the models"):
        defects = _make(connection, project)
    connection.commit()
    connection.execution_options(isolation_level=connection.default_isolation_level)
    return defects


def _make(connection: Connection, project: Project) -> list[Defect]:
    """Create schemas, types, tables and entities, each as soon as the objects that it needs exist."""
    metadata, entities = project.metadata, list(project.entities)
    types = list(named_types(metadata))
    for schema in _schemas(metadata, types, entities):
        connection.execute(CreateSchema(schema, if_not_exists=True))
    left = _create(connection, entities)
    try:
        for made in types:
            _try(connection, made)  # create_all() creates the rest, or reports why it cannot
        if left:
            metadata.create_all(connection, tables=[], checkfirst=THERE)  # for a function that calls a sequence
            left = _create(connection, left)
        while len(left) > len(left := _create(connection, left, unordered=FOR_TABLES)):
            pass  # one may need another
        defects = create_tables(connection, metadata, project.first_schema, checkfirst=THERE)
    except SQLAlchemyError as error:
        statement = " ".join(str(getattr(error, "statement", None) or "").split())
        at = f" It was at: {statement[:200]}." if statement else ""
        because = cause(answer(error), left, partial(_try, connection))
        why = f" {because} cannot be created: {because.why}." if because else ""
        others = "".join(f"\n  {note}" for note in getattr(error, "__notes__", ()))
        raise Failure(f"The models do not make a schema: {answer(error)}.{at}{why}{others}") from error
    except Failure:
        raise
    except Exception as error:  # before any SQL was sent: an unknown option, or an error of the models' own types
        at = "".join(f" {note}." for note in getattr(error, "__notes__", ()) if note.startswith(AT_TABLE))
        if not at and not isinstance(error, (TypeError, ValueError)):
            raise
        raise Failure(f"The models do not make a schema: {project.blame(error)}.{at}") from error
    while left:
        before = len(left)
        left = _create(connection, left)
        if len(left) == before:  # then plain DDL need not keep its declared order
            left = _create(connection, left, unordered=ANY)
        if len(left) == before:
            first = Unmade(left[0], _try(connection, left[0]) or "")
            first = cause(first.why, left, partial(_try, connection)) or first
            raise Failure(f"{first} cannot be created: {first.why}.")
    return defects


def _forget(connection: Connection, _cursor: Any, _statement: str, _parameters: Any, context: Any, _many: bool) -> None:
    """Free SQLAlchemy's caches after each CREATE: with thousands of tables they take half as much memory as the models.

    SQLAlchemy caches the type of every column, and for every created object its dialect options and its name in lower
    case.
    """
    connection.dialect._type_memos.clear()
    made = getattr(getattr(context.compiled, "statement", None), "element", None)
    for part in (made, *getattr(made, "constraints", ())):
        if isinstance(part, (Table, Constraint, Index)):
            if not any(options._non_defaults for options in part.dialect_options.values()):
                del part.dialect_options
            name: Any = part.name
            with suppress(AttributeError):  # it was never computed
                del name.lower


def _schemas(metadata: MetaData, types: list[Any], entities: list[Any]) -> list[str]:
    declared = (*metadata.tables.values(), *metadata._sequences.values(), *types, *entities)
    named = {getattr(one, "schema", None) for one in declared} | {metadata.schema}
    return sorted(name for name in named if name)


def _create(connection: Connection, entities: list[Any], *, unordered: re.Pattern[str] | None = None) -> list[Any]:
    """Create the entities; return those that cannot be created yet.

    Plain DDL waits until all entities before it are created, unless it begins as `unordered` says.
    """
    left: list[Any] = []
    for entity in entities:
        ordered = isinstance(entity, DDL) and not (unordered and unordered.match(str(entity.statement)))
        waits = ordered and left
        if waits or _try(connection, entity):
            left.append(entity)
    return left


def _try(connection: Connection, entity: Any) -> str | None:
    """Create one entity; return PostgreSQL's reason if it cannot be created."""
    try:
        if isinstance(entity, SchemaType):
            entity.create(connection, checkfirst=True)
        else:
            connection.execute(entity if isinstance(entity, DDL) else entity.to_sql_statement_create())
    except DBAPIError as error:
        return answer(error)
    except SQLParseFailure as error:
        raise Failure(f"{called(entity)} is not sound: {reason(error)}.") from error
    except (ValueError, TypeError, KeyError) as error:
        if not isinstance(entity, DDL):
            raise
        return f"in sqlalchemy.DDL a percent sign is written %% ({error})"
    return None
