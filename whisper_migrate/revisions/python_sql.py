"""Write SQL as Python literals that reach the database byte for byte through Alembic's op.execute()."""

import re
import textwrap

from sqlalchemy import Dialect, text
from sqlalchemy.dialects import postgresql
from sqlalchemy.sql.compiler import BIND_PARAMS, BIND_PARAMS_ESC

from whisper_migrate.errors import Failure

_DIALECT: Dialect = postgresql.dialect(paramstyle="named")  # type: ignore[no-untyped-call]


def escaped(sql: str) -> str:
    """Escape SQL so that SQLAlchemy's text() finds no bind parameters in it. Raises Failure if that is impossible.

    text() reads `:name` as a parameter and `\\:name` as an escaped colon. Both can occur in the SQL of a database.
    """
    result = re.sub(BIND_PARAMS_ESC, lambda match: "\\" + match.group(0), sql)
    result = re.sub(BIND_PARAMS, lambda match: "\\" + match.group(0), result)
    if str(text(result).compile(dialect=_DIALECT)) != sql:
        raise Failure(f"This SQL cannot be written into a revision unchanged: {sql[:200]}")
    return result


def quoted(value: str) -> str:
    """Return a Python literal in double quotes, as a person would type it."""
    if "\\" in value or not value.isprintable():
        return repr(value)
    return '"' + value.replace('"', '\\"') + '"' if "'" in value or '"' not in value else repr(value)


def block(sql: str) -> str:
    """Return a literal for SQL of several lines: a triple-quoted block, if that keeps every byte."""
    if "\n" not in sql:
        return quoted(sql)
    if not _is_plain(sql):
        return "\n".join(repr(line) for line in sql.splitlines(keepends=True))
    return f'{"r" if chr(92) in sql else ""}"""\n{sql}\n"""'


def indented(source: str) -> str:
    """Indent source code by four spaces, except inside triple-quoted blocks, whose text must not change."""
    parts = re.split(r'("""\n.*?\n""")', source, flags=re.DOTALL)
    return "".join(part if part.startswith('"""') else textwrap.indent(part, "    ") for part in parts).strip()


def _is_plain(sql: str) -> bool:
    return '"""' not in sql and all(char.isprintable() or char in "\n\t" for char in sql)


def execute(sql: str) -> str:
    """Return `op.execute(...)` for one statement."""
    return f"op.execute({block(escaped(sql))})"


def sql_text(sql: str) -> str:
    """Return a string literal for an argument that SQLAlchemy reads as SQL, such as the condition of a check."""
    return quoted(escaped(sql))


def sql_expression(sql: str) -> str:
    """Return `sa.text("...")` for an argument where SQLAlchemy would take a string for a value or a name."""
    return f"sa.text({sql_text(sql)})"
