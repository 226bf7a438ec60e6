"""Changes of type for which no value can be converted, such as an integer to a UUID."""

from __future__ import annotations

from collections.abc import Sequence

from psycopg2.errors import DataError
from sqlalchemy import Connection
from sqlalchemy.exc import DBAPIError

from whisper_migrate.catalog.model import Catalog
from whisper_migrate.catalog.names import shown
from whisper_migrate.catalog.sql import literal, run
from whisper_migrate.catalog.statement import Does, Statement
from whisper_migrate.errors import Failure
from whisper_migrate.planning.steps import Step
from whisper_migrate.rows.values import Values

# Texts, and types that contain texts: some value may be convertible.
TEXTS = ("text", "character", "json", "name", "xml", "bytea", "hstore", "citext")
SAMPLES = 12
INSTEAD = "Declare a new column by another name, fill it with a backfill, and drop this one."


def refuse_impossible(connection: Connection, steps: Sequence[Step], before: Catalog) -> None:
    """Raises Failure if no value of a column's type can be converted to its new type."""
    for step in steps:
        for statement in step.statements:
            if not isinstance(statement, Statement) or statement.does is not Does.SET_TYPE:
                continue
            if step.before and statement.using and not _passes(connection, step, statement.using, before):
                old, new = shown(step.before["type"]), shown(step.item["type"])
                raise Failure(
                    f"No revision was written: no value of type {old} can become one of type {new}"
                    f" ({shown(step.item.identity)}).",
                    INSTEAD,
                )


def _passes(connection: Connection, step: Step, using: str, before: Catalog) -> bool:
    """Whether a sample value can be converted, or samples cannot decide."""
    assert step.before is not None
    name, type_ = step.before["name"], step.before["type"]
    base = before["domain", type_]["type"] if ("domain", type_) in before else type_
    if any(text in base for text in TEXTS) or "pg_temp." in using:
        return True
    values = Values(before, type_)
    samples = [*values.plain[:SAMPLES], *values.extremes[:SAMPLES]]
    for sample in samples:
        probe = connection.begin_nested()
        try:
            run(connection, f"SELECT {using} FROM (SELECT {literal(sample)}::{type_} AS {name}) AS sample")
            return True
        except DBAPIError as error:
            if not isinstance(error.orig, DataError):
                return True
        finally:
            probe.rollback()
    return not samples
