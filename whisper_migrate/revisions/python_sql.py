"""SQL as Python source: literals that come back byte for byte through Alembic's op.execute()."""

import re
import textwrap

from sqlalchemy import Dialect, text
from sqlalchemy.dialects import postgresql
from sqlalchemy.sql.compiler import BIND_PARAMS, BIND_PARAMS_ESC

from whisper_migrate.errors import Failure

_DIALECT: Dialect = postgresql.dialect(paramstyle="named")  # type: ignore[no-untyped-call]


def escaped(sql: str) -> str:
    """`sql` so that SQLAlchemy's text() takes no part of it for a bind parameter.

    text() reads `:name` as a parameter and `\\:name` as an escaped colon; both can occur in SQL that we were given.
    """
    result = re.sub(BIND_PARAMS_ESC, lambda match: "\\" + match.group(0), sql)
    result = re.sub(BIND_PARAMS, lambda match: "\\" + match.group(0), result)
    if str(text(result).compile(dialect=_DIALECT)) != sql:
        raise Failure(f"This SQL cannot be written into a revision unchanged: {sql[:200]}")
    return result


def quoted(value: str) -> str:
    """A Python literal in double quotes, as a person would type it."""
    if "\\" in value or not value.isprintable():
        return repr(value)
    return '"' + value.replace('"', '\\"') + '"' if "'" in value or '"' not in value else repr(value)


def block(sql: str) -> str:
    """A Python literal for SQL of several lines: a triple-quoted block when that keeps every byte."""
    if "\n" not in sql:
        return quoted(sql)
    if not _is_plain(sql):
        return "\n".join(repr(line) for line in sql.splitlines(keepends=True))
    return f'{"r" if chr(92) in sql else ""}"""\n{sql}\n"""'


def indented(source: str) -> str:
    """Source one level deeper, but for the inside of triple-quoted blocks, which must stay as it is."""
    parts = re.split(r'("""\n.*?\n""")', source, flags=re.DOTALL)
    return "".join(part if part.startswith('"""') else textwrap.indent(part, "    ") for part in parts).strip()


def _is_plain(sql: str) -> bool:
    return '"""' not in sql and all(char.isprintable() or char in "\n\t" for char in sql)


def execute(sql: str) -> str:
    """`op.execute(...)` of one statement."""
    return f"op.execute({block(escaped(sql))})"


def sql_text(sql: str) -> str:
    """An expression as an argument that SQLAlchemy takes for SQL, such as the body of a check."""
    return quoted(escaped(sql))


def sql_expression(sql: str) -> str:
    """`sa.text("...")`: an expression where SQLAlchemy would take a plain string for a value or a name."""
    return f"sa.text({sql_text(sql)})"
