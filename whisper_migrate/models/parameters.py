"""Refuse bind parameters in the models' SQL: SQLAlchemy takes `:name` for a parameter, which would have no value."""

from collections.abc import Iterator
from typing import Any

from sqlalchemy import ClauseElement, MetaData, Table, TextClause
from sqlalchemy.sql import visitors

from whisper_migrate.errors import Failure


def require_none(metadata: MetaData) -> None:
    """Raises Failure for `:name` in SQL of the models, where SQLAlchemy would write NULL in its place."""
    for table in metadata.tables.values():
        for what, clause in _written(table):
            for name in _unbound(clause):
                raise Failure(
                    f"In {what}, SQLAlchemy takes :{name} for a parameter, and would write NULL in its place.",
                    f"If it is meant as it stands, write \\\\:{name}",
                )


def _unbound(clause: object) -> Iterator[str]:
    parts = visitors.iterate(clause) if isinstance(clause, ClauseElement) else ()
    texts = (part for part in parts if isinstance(part, TextClause))
    return (name for part in texts for name, parameter in part._bindparams.items() if parameter.required)


def _written(table: Table) -> Iterator[tuple[str, Any]]:
    """Yield a description and the SQL clause for each place in a table's model where a person wrote SQL."""
    for column in table.columns:
        yield f"the default of {table}.{column.name}", getattr(column.server_default, "arg", None)
        yield f"the generated column {table}.{column.name}", getattr(column.computed, "sqltext", None)
    for constraint in table.constraints:
        yield f"a check of {table}", getattr(constraint, "sqltext", None)
    for index in table.indexes:
        for expression in (*index.expressions, index.dialect_options["postgresql"]["where"]):
            yield f"index {index.name}", expression
