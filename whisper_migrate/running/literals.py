"""Values in a script for psql, written as SQL literals that mean exactly what a run with a connection would send."""

from __future__ import annotations

import re
from datetime import date, datetime, time, timedelta
from decimal import Decimal
from enum import Enum
from functools import partial
from typing import Any
from uuid import UUID

from alembic.runtime.migration import MigrationContext
from psycopg2.extras import Range as DriverRange
from sqlalchemy import ARRAY, TypeDecorator, text
from sqlalchemy.dialects.postgresql import Range, psycopg2
from sqlalchemy.dialects.postgresql.base import PGCompiler
from sqlalchemy.dialects.postgresql.hstore import _serialize_hstore
from sqlalchemy.exc import CompileError, InvalidRequestError
from sqlalchemy.schema import ExecutableDDLElement
from sqlalchemy.types import TypeEngine

from whisper_migrate.catalog.sql import literal

# The dialect of runs with a connection.
DRIVER = psycopg2.dialect()  # type: ignore[no-untyped-call]
# Control characters, except the line feed: editors, files or terminals may change them.
CONTROL = re.compile("[\x00-\x09\x0b-\x1f\x7f]")


def use(context: MigrationContext) -> None:
    """Make a script's context render all values with this module, and keep the tabs in SQL."""
    assert context.impl is not None
    context.impl.dialect.statement_compiler = _Compiler
    context.impl._exec = partial(_write, context.impl)  # type: ignore[method-assign]


def _write(impl: Any, construct: Any, *_: Any, **more: Any) -> None:
    """Replace Alembic's `_exec`, which turns every tab into spaces, even inside string literals and function bodies."""
    if any(more.values()):
        raise TypeError("a script has no parameters")
    construct = text(construct) if isinstance(construct, str) else construct
    ddl = isinstance(construct, ExecutableDDLElement)
    compiled = construct.compile(dialect=impl.dialect, compile_kwargs={} if ddl else {"literal_binds": True})
    impl.static_output(str(compiled).strip() + impl.command_terminator)


class _Compiler(PGCompiler):
    def render_literal_bindparam(self, bindparam: Any, *arguments: Any, **more: Any) -> str:
        """Render None through its type where the type has a value for it, as JSON has; SQLAlchemy would write NULL.

        It would write NULL for a parameter without a value, too, which a run with a connection refuses.
        """
        if not arguments and bindparam.required and bindparam.callable is None:
            hint = "a colon that begins no parameter is written \\\\:"
            raise InvalidRequestError(f"a value is required for bind parameter {bindparam.key!r}; {hint}")
        if not arguments and bindparam.value is None and bindparam.type.should_evaluate_none:
            return self.render_literal_value(None, bindparam.type)
        return str(super().render_literal_bindparam(bindparam, *arguments, **more))  # type: ignore[no-untyped-call]

    def render_literal_value(self, value: Any, type_: TypeEngine[Any]) -> str:
        process = type_.dialect_impl(DRIVER).bind_processor(DRIVER)
        value = process(value) if process else value
        whole = type_.impl_instance if isinstance(type_, TypeDecorator) else type_
        written = _sql(value)
        if isinstance(whole, ARRAY) and written != "NULL":
            return f"{written}::{self.dialect.type_compiler_instance.process(whole)}"
        return written


def _sql(value: Any) -> str:
    """Return a value as the SQL literal that psycopg2 would send. Raises CompileError for a type without literals."""
    match value:
        case None:
            return "NULL"
        case bool():
            return "true" if value else "false"
        case Enum() if not isinstance(value, int | str):
            return _text(value.name)
        case int():
            return str(int(value))
        case float() | Decimal():
            finite = Decimal(value).is_finite()
            return str(value) if finite else f"'{value}'"
        case str():
            return _text(value)
        case timedelta():
            return f"'{value.days} days {value.seconds} seconds {value.microseconds} microseconds'::interval"
        case datetime():
            return _text(value.isoformat(" "))
        case date() | time():
            return _text(value.isoformat())
        case UUID():
            return _text(str(value))
        case bytes() | bytearray() | memoryview():
            return f"'\\x{bytes(value).hex()}'::bytea"
        case Range() | DriverRange():
            return _text(_range(value))
        case list() | tuple() | set() | frozenset():
            return f"ARRAY[{', '.join(map(_sql, value))}]"
        case dict():
            return _text(_serialize_hstore(value))
    if hasattr(value, "adapted"):  # psycopg2's own wrappers, such as Binary
        return _sql(value.adapted)
    raise CompileError(f"A script cannot hold a value of type {type(value).__name__}.")


def _text(value: str) -> str:
    if not CONTROL.search(value):
        return literal(value)
    escaped = CONTROL.sub(lambda found: rf"\x{ord(found[0]):02x}", value.replace("\\", "\\\\"))
    return f"E{literal(escaped)}"


def _range(value: Any) -> str:
    """Return the text of a range of SQLAlchemy's or psycopg2's, such as `["1","5")`."""
    if value.isempty:
        return "empty"
    bounds = value.bounds if isinstance(value, Range) else value._bounds
    low, high = ("" if bound is None else f'"{bound}"' for bound in (value.lower, value.upper))
    return f"{bounds[0]}{low},{high}{bounds[1]}"
