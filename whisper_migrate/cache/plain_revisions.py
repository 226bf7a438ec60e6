"""Whether the text of a revision shows all that it does: operations and SQL, which ask nothing but their database.

A revision may import packages that make operations, types and SQL, and nothing that reads files, clocks, chance, the
machine or a network. Its SQL may not ask the server about anything that other programs change. A revision that is not
known to be plain is not.
"""

from __future__ import annotations

import ast
import re
from pathlib import Path

PACKAGES = {"alembic", "alembic_utils", "geoalchemy2", "pgvector", "sqlalchemy", "sqlalchemy_utils", "sqlmodel"}
STANDARD = {"__future__", "collections", "dataclasses", "decimal", "enum", "functools", "itertools", "json", "re"}
STANDARD |= {"string", "textwrap", "typing"}
REACHING_OUT = {"open", "eval", "exec", "compile", "__import__", "input", "breakpoint", "globals", "locals", "vars"}
REACHING_OUT |= {"create_engine", "engine_from_config", "create_async_engine", "__builtins__", "__subclasses__"}

# SQL that reads what is neither in the database nor in the digest of the server: other settings and databases, the
# server's activity and files.
ASKING = re.compile(
    r"\b(?:current_setting|pg_settings|pg_file_settings|pg_database\w*|datname|pg_(?:read|ls|postmaster|conf)\w*"
    r"|pg_stat_(?!user_|all_|xact_)\w+|pg_current_wal\w*|inet_\w+|dblink\w*|lo_import|pg_db_role_setting)\b"
    r"|(?:^|[;'$])\s*(?:show|copy)\s",
    re.IGNORECASE,
)


def is_plain(file: Path) -> bool:
    """Whether the file of a revision is plain."""
    try:
        tree = ast.parse(file.read_text(encoding="utf-8"))
    except (OSError, ValueError, SyntaxError):
        return False
    return all(map(_is_plain, ast.walk(tree)))


def _is_plain(node: ast.AST) -> bool:
    match node:
        case ast.Import(names=names):
            return all(name.name.partition(".")[0] in PACKAGES | STANDARD for name in names)
        case ast.ImportFrom(module=module, level=level):
            return level == 0 and (module or "").partition(".")[0] in PACKAGES | STANDARD
        case ast.Name(id=name) | ast.Attribute(attr=name):
            return name not in REACHING_OUT
        case ast.Constant(value=str(text)):
            return not ASKING.search(text)
        case _:
            return True
    return True
