"""Handle the INVALID index that a failed CREATE INDEX CONCURRENTLY leaves behind: find it, and drop it."""

from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from whisper_migrate.catalog.names import shown
from whisper_migrate.databases.engine_search_path import engine_search_path
from whisper_migrate.errors import Failure

NAME = r'(?:"(?:[^"]|"")++"|[\w$]+)'
BUILD = re.compile(
    rf"\s*CREATE\s+(?:UNIQUE\s+)?INDEX\s+CONCURRENTLY\s+(?:IF\s+NOT\s+EXISTS\s+)?(?P<name>{NAME})"
    rf"\s+ON\s+(?:ONLY\s+)?(?P<table>{NAME}(?:\s*\.\s*{NAME})?)",
    re.IGNORECASE,
)
DROP = re.compile(
    rf"\s*DROP\s+INDEX\s+CONCURRENTLY\s+(?:IF\s+EXISTS\s+)?(?P<name>{NAME}(?:\s*\.\s*{NAME})?)\s*"
    r"(?:CASCADE|RESTRICT)?\s*;?\s*$",
    re.IGNORECASE,
)
# The table is looked up with the revision's search_path, and everything else with the engine's.
TABLE = "SELECT pg_catalog.to_regclass(%s)::pg_catalog.oid"
FIND = """
SELECT i.indexrelid::regclass::text, i.indisvalid,
       (SELECT min(p.pid) FROM pg_catalog.pg_stat_progress_create_index AS p
        WHERE p.index_relid = i.indexrelid AND p.pid <> pg_backend_pid())
FROM pg_catalog.pg_index AS i JOIN pg_catalog.pg_class AS c ON c.oid = i.indexrelid
WHERE i.indrelid = %s::oid AND c.relname = (parse_ident(%s))[1]"""


@dataclass(frozen=True)
class Build:
    """An index that a statement builds concurrently: its name and table, spelled as in the statement."""

    name: str
    table: str


def parse(statement: str) -> Build | None:
    """Return the index that a statement builds concurrently; None for every other statement."""
    found = BUILD.match(statement)
    return Build(found["name"], found["table"]) if found else None


def parse_drop(statement: str) -> str | None:
    """Return the name of the index that a statement drops concurrently; None for every other statement."""
    found = DROP.match(statement)
    return found["name"] if found else None


def is_built(cursor: Any, build: Build) -> bool:
    """Whether the index exists and is valid."""
    return any(valid for _, valid, _ in _found(cursor, build))


def is_gone(cursor: Any, name: str) -> bool:
    """Whether no relation of this name exists."""
    cursor.execute("SELECT pg_catalog.to_regclass(%s) IS NULL", (name,))
    return bool(cursor.fetchone()[0])


def clear(cursor: Any, build: Build, say: Callable[[str], None]) -> None:
    """Drop an INVALID index of this name, so that it can be built. Raises Failure while another session builds it."""
    for index, valid, builder in _found(cursor, build):
        if builder:
            raise Failure(
                f"The index {shown(index)} is being built by another session, process {builder}.", "Try later."
            )
        if not valid:
            say(f"  Dropping index {shown(index)}, which is invalid: its build was stopped.")
            cursor.execute(f"DROP INDEX CONCURRENTLY {index}")


def _found(cursor: Any, build: Build) -> list[tuple[str, bool, int | None]]:
    """Return the indexes of this name on the table: each with whether it is valid, and the process that builds it."""
    cursor.execute(TABLE, (build.table,))
    (table,) = cursor.fetchone()
    with engine_search_path(cursor):
        cursor.execute(FIND, (table, build.name))
        found: list[tuple[str, bool, int | None]] = cursor.fetchall()
    return found
