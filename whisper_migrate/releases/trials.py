"""Try the statements of a program's mapped classes and tables in a database with rows, and take each back."""

from __future__ import annotations

import sys
from collections.abc import Callable, Iterator
from functools import partial
from typing import Any, NamedTuple

import sqlalchemy
from sqlalchemy import Column, Connection, Table, delete, insert, select, text, update
from sqlalchemy.orm import Mapper, Session
from sqlalchemy.orm.attributes import flag_modified

from whisper_migrate.errors import reason
from whisper_migrate.project.project import Project

READ = "SELECT"
LONGEST = "10s"  # a trigger may run for ever


class Trial(NamedTuple):
    """One operation of a class or table, such as `INSERT`, and the reason why it failed; "" if it did not.

    `is_tried` is False if the table has no row that could be changed, deleted or inserted again.
    """

    subject: str
    operation: str
    failure: str
    is_tried: bool = True


def trials(project: Project, connection: Connection) -> Iterator[Trial]:
    """Yield the trials of all mapped classes of the project, and of its tables that no class is mapped to."""
    mappers = _mappers(project)
    for mapper in mappers:
        yield from _of_class(mapper, connection)
    mapped = {table.key for mapper in mappers for table in mapper.tables if isinstance(table, Table)}
    for table in project.metadata.sorted_tables:
        if table.key not in mapped:
            yield from _of_table(table, connection)


def _mappers(project: Project) -> list[Mapper[Any]]:
    """Return the mappers of the registries that the classes in the project's modules belong to."""
    _ = project.metadata  # imports the models
    own = [module for module in [*sys.modules.values()] if project.is_own(getattr(module, "__file__", None))]
    classes = [value for module in own for value in vars(module).values() if isinstance(value, type)]
    found: list[Any] = [sqlalchemy.inspect(one, raiseerr=False) for one in classes]
    registries = {one.registry for one in found if isinstance(one, Mapper)}
    for registry in registries:
        registry.configure()
    mappers = (mapper for registry in registries for mapper in registry.mappers)
    return sorted(mappers, key=lambda mapper: (mapper.class_.__module__, mapper.class_.__qualname__))


def _of_class(mapper: Mapper[Any], connection: Connection) -> Iterator[Trial]:
    name = mapper.class_.__name__
    first = select(mapper.class_).limit(1)
    own = {key: column for key, column in _own_columns(mapper) if column.computed is None}

    def changed(session: Session, item: Any) -> None:
        for key, column in own.items():
            if not column.primary_key and not (column.identity and column.identity.always):
                getattr(item, key)  # a deferred column is loaded first
                flag_modified(item, key)
        session.flush()

    def inserted(session: Session, item: Any) -> None:
        values = {key: getattr(item, key) for key, column in own.items() if not _is_always_identity(column)}
        session.expunge_all()
        _empty(connection, [table for table in mapper.tables if isinstance(table, Table)])
        new = mapper.class_manager.new_instance()
        for key, value in values.items():
            setattr(new, key, value)
        session.add(new)
        session.flush()

    def deleted(session: Session, item: Any) -> None:
        session.delete(item)
        session.flush()

    def tried(operation: str, act: Callable[[Session, Any], object]) -> Trial:
        def go() -> bool:
            with Session(connection, join_transaction_mode="create_savepoint", autoflush=False) as session:
                if (item := session.scalars(first).first()) is not None:
                    act(session, item)
                return item is not None or operation == READ

        return Trial(name, operation, *_outcome(connection, go))

    yield tried(READ, lambda _, __: None)
    for relation in mapper.relationships:
        if relation.lazy not in ("noload", "raise", "raise_on_sql", "write_only"):
            yield tried(f"load of {relation.key}", partial(_load, relation.key))
    yield tried("UPDATE", changed)
    yield tried("INSERT", inserted)
    yield tried("DELETE", deleted)


def _of_table(table: Table, connection: Connection) -> Iterator[Trial]:
    columns = [column for column in table.columns if column.computed is None and not _is_always_identity(column)]
    first = select(table).limit(1)

    def tried(operation: str, act: Callable[[dict[Column[Any], Any]], object]) -> Trial:
        def go() -> bool:
            if (row := connection.execute(first).one_or_none()) is not None:
                act({column: row._mapping[column] for column in columns})
            return row is not None or operation == READ

        return Trial(table.name, operation, *_outcome(connection, go))

    def inserted(values: dict[Column[Any], Any]) -> None:
        _empty(connection, [table])
        connection.execute(insert(table).values({column.key: value for column, value in values.items()}))

    yield tried(READ, lambda _: None)
    yield tried("UPDATE", lambda _: connection.execute(update(table).values({c.key: c for c in columns})))
    yield tried("INSERT", inserted)
    yield tried("DELETE", lambda _: connection.execute(delete(table)))


def _own_columns(mapper: Mapper[Any]) -> Iterator[tuple[str, Column[Any]]]:
    """Yield the attributes that stand for one column of a table, not for an expression."""
    for attribute in mapper.column_attrs:
        column = attribute.columns[0]
        if isinstance(column, Column) and isinstance(column.table, Table):
            yield attribute.key, column


def _is_always_identity(column: Column[Any]) -> bool:
    return column.identity is not None and bool(column.identity.always)


def _load(relation: str, _: Session, item: Any) -> None:
    """Load a relationship; one that is `dynamic` is a query."""
    loaded = getattr(item, relation)
    if hasattr(loaded, "__iter__"):
        list(loaded)


def _empty(connection: Connection, tables: list[Table]) -> None:
    """Remove the rows of the tables, and of those that refer to them, so that a row can be inserted again."""
    names = ", ".join(connection.dialect.identifier_preparer.format_table(table) for table in tables)
    connection.execute(text(f"TRUNCATE {names} CASCADE"))


def _outcome(connection: Connection, act: Callable[[], bool]) -> tuple[str, bool]:
    """Run `act`, and take it back; return the reason why it failed, or "", and whether something was tried."""
    savepoint = connection.begin_nested()
    try:
        connection.execute(text(f"SET LOCAL statement_timeout = '{LONGEST}'"))
        return "", act()
    except Exception as error:
        return reason(error) or type(error).__name__, True
    finally:
        savepoint.rollback()
