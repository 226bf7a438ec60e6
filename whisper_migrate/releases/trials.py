"""Try the statements of a program's mapped classes and tables in a database with rows, and take each back."""

from __future__ import annotations

import sys
from collections import Counter
from collections.abc import Callable, Iterator
from functools import partial
from typing import Any, NamedTuple

import sqlalchemy
from sqlalchemy import Column, Connection, Enum, Table, delete, insert, select, text, update
from sqlalchemy.orm import Mapper, Session, undefer
from sqlalchemy.orm.attributes import flag_modified

from whisper_migrate.errors import reason
from whisper_migrate.project.project import Project

READ = "SELECT"
LONGEST = "10s"  # a trigger may run for ever
Values = dict[str, Any]


class Trial(NamedTuple):
    """One operation of a class or table, such as `INSERT`, and the reason why it failed; "" if it did not.

    `is_tried` is False if the table has no row that could be changed, deleted or inserted again.
    """

    subject: str
    operation: str
    failure: str
    is_tried: bool = True


def trials(project: Project, connection: Connection, home: Connection) -> Iterator[Trial]:
    """Yield the trials of all mapped classes of the project, and of its tables that no class is mapped to.

    The values that are written come from `home`, a database with the release's own schema: its program knows no others.
    """
    mappers = _mappers(project)
    names = Counter(mapper.class_.__name__ for mapper in mappers)
    for mapper in mappers:
        kind = mapper.class_
        name = kind.__name__ if names[kind.__name__] == 1 else f"{kind.__module__}.{kind.__qualname__}"
        yield from _OfClass(name, mapper, connection, home).trials()
    mapped = {table.key for mapper in mappers for table in mapper.tables if isinstance(table, Table)}
    for table in project.metadata.sorted_tables:
        if table.key not in mapped:
            yield from _of_table(table, connection, home)


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


class _OfClass:
    """The trials of a mapped class."""

    def __init__(self, name: str, mapper: Mapper[Any], connection: Connection, home: Connection) -> None:
        self.name = name
        self.mapper = mapper
        self.connection = connection
        self.home = home
        self.first = select(mapper.class_).options(undefer("*")).limit(1)
        self.columns = {key: column for key, column in _own_columns(mapper) if column.computed is None}

    def trials(self) -> Iterator[Trial]:
        """Yield the trials: reading, changing, inserting with and without NULLs, with each label, and deleting."""
        yield self._tried(READ, lambda _, __, ___: None)
        for relation in self.mapper.relationships:
            if relation.lazy not in ("noload", "raise", "raise_on_sql", "write_only"):
                yield self._tried(f"load of {relation.key}", partial(_load, relation.key))
        yield self._tried("UPDATE", self._change)
        yield self._tried("INSERT", partial(self._insert, {}))
        if nulls := {key: None for key, column in self.columns.items() if column.nullable and not column.primary_key}:
            yield self._tried("INSERT with NULLs", partial(self._insert, nulls))
        for key, column in self.columns.items():
            if isinstance(column.type, Enum) and not _is_discriminator(self.mapper, column):
                for label in column.type.enum_class or column.type.enums:
                    word = getattr(label, "name", label)
                    yield self._tried(f"INSERT of {key} {word}", partial(self._insert, {key: label}))
        yield self._tried("DELETE", self._delete)

    def _tried(self, operation: str, act: Callable[[Session, Any, Values], object]) -> Trial:
        def go() -> bool:
            values = self._values()
            self._discriminate(self.connection)
            with Session(self.connection, join_transaction_mode="create_savepoint", autoflush=False) as session:
                item = session.scalars(self.first).first()
                if item is not None and values is not None:
                    act(session, item, values)
                return operation == READ or (item is not None and values is not None)

        return Trial(self.name, operation, *_outcome(self.connection, go))

    def _values(self) -> Values | None:
        """Return the values of a row on the release's own schema; None if there is no row."""
        savepoint = self.home.begin_nested()
        try:
            self._discriminate(self.home)
            with Session(self.home, join_transaction_mode="create_savepoint", autoflush=False) as session:
                item = session.scalars(self.first).first()
                return None if item is None else {key: getattr(item, key) for key in self.columns}
        finally:
            savepoint.rollback()

    def _discriminate(self, connection: Connection) -> None:
        """Make all rows those of this class, if a column says which class a row is of: generated values name none."""
        column, identity = self.mapper.polymorphic_on, self.mapper.polymorphic_identity
        if isinstance(column, Column) and isinstance(column.table, Table) and identity is not None:
            connection.execute(update(column.table).values({column: identity}))

    def _change(self, session: Session, item: Any, values: Values) -> None:
        for key, column in self.columns.items():
            if not column.primary_key and not _is_always_identity(column):
                setattr(item, key, values[key])
                flag_modified(item, key)
        session.flush()

    def _insert(self, given: Values, session: Session, _: Any, values: Values) -> None:
        session.expunge_all()
        _empty(self.connection, [table for table in self.mapper.tables if isinstance(table, Table)])
        new = self.mapper.class_manager.new_instance()
        for key, column in self.columns.items():
            if key in given or not _is_left_out(column):
                setattr(new, key, given[key] if key in given else values[key])
        session.add(new)
        session.flush()

    def _delete(self, session: Session, item: Any, _: Values) -> None:
        session.delete(item)
        session.flush()


def _of_table(table: Table, connection: Connection, home: Connection) -> Iterator[Trial]:
    columns = [column for column in table.columns if column.computed is None]
    first = select(table).limit(1)

    def tried(operation: str, act: Callable[[Values], object]) -> Trial:
        def go() -> bool:
            row, there = home.execute(first).one_or_none(), connection.execute(first).one_or_none()
            if row is not None and there is not None:
                act({column.key: row._mapping[column] for column in columns})
            return operation == READ or (row is not None and there is not None)

        return Trial(f"table {table.fullname}", operation, *_outcome(connection, go))

    def inserted(values: Values) -> None:
        _empty(connection, [table])
        given = {column.key: values[column.key] for column in columns if not _is_left_out(column)}
        connection.execute(insert(table).values(given))

    def changed(values: Values) -> None:
        kept = {c.key: values[c.key] for c in columns if not c.primary_key and not _is_always_identity(c)}
        if kept:
            connection.execute(update(table).values(kept))

    yield tried(READ, lambda _: None)
    yield tried("UPDATE", changed)
    yield tried("INSERT", inserted)
    yield tried("DELETE", lambda _: connection.execute(delete(table)))


def _own_columns(mapper: Mapper[Any]) -> Iterator[tuple[str, Column[Any]]]:
    """Yield the attributes that stand for one column of a table, not for an expression."""
    for attribute in mapper.column_attrs:
        column = attribute.columns[0]
        if isinstance(column, Column) and isinstance(column.table, Table):
            yield attribute.key, column


def _is_discriminator(mapper: Mapper[Any], column: Column[Any]) -> bool:
    return mapper.polymorphic_on is column


def _is_left_out(column: Column[Any]) -> bool:
    """Whether an INSERT of the ORM leaves the column to the database, or to a default of its own."""
    is_numbered = isinstance(column.table, Table) and column is column.table.autoincrement_column
    return is_numbered or column.server_default is not None or column.identity is not None


def _is_always_identity(column: Column[Any]) -> bool:
    return column.identity is not None and bool(column.identity.always)


def _load(relation: str, _: Session, item: Any, __: Values) -> None:
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
