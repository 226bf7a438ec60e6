"""A revision proved on rows: whether it runs on tables that have some, and what becomes of them, up and down."""

from __future__ import annotations

from collections.abc import Callable, Collection

from sqlalchemy import Connection
from sqlalchemy.exc import DBAPIError

from whisper_migrate.catalog import Catalog, diff
from whisper_migrate.errors import Failure, reason
from whisper_migrate.names import plain_name
from whisper_migrate.rows.compare import changed_up, changed_up_and_down, read
from whisper_migrate.rows.failures import Obstacles, Refused
from whisper_migrate.rows.fill import fill, mentions, root
from whisper_migrate.sql import run

# Changes of these kinds can fail on rows, or change them; those of others (a comment, a grant, a view) cannot.
OF_ROWS = frozenset({"table", "column", "constraint", "index"})
OF_TYPES = frozenset({"enum", "domain", "domain_constraint", "composite_type"})
# Rows are in the way of a revision for one reason after another.
ROUNDS = 30


def prove_rows(
    connection: Connection,
    step: Callable[[str], None],
    before: Catalog,
    after: Catalog,
    *,
    source: str = "",
) -> list[str]:
    """Run a revision up and down in a shadow with rows; says on which it fails, and which it loses or changes.

    `step("upgrade")` and `step("downgrade")` run it, from `before` to `after` and back; the shadow stands at `after`,
    there it is left, and of what rows it had none are left in the tables that the revision touches. Those are told
    by the difference of the catalogs, and by the names in its `source`.

    Raises Refused when it fails on any table with rows, and nothing else: what could not be tried is said.
    """
    tables = {root(before, table) for table in touched(before, after, source)}
    if not tables:
        return []
    try:
        step("downgrade")
        notes = fill(connection, before, tables, after)
        notes += _tried(connection, step, before, after, tables)
    except Refused:
        raise
    except Exception as error:
        connection.rollback()
        return [f"The revision was not tried on rows: {reason(error)}."]
    return notes


def touched(before: Catalog, after: Catalog, source: str = "") -> set[str]:
    """The tables whose rows a revision may change, or fail on."""
    found = {item.identity for item in before if item.kind == "table" and mentions(source, plain_name(item))}
    types = set()
    for change in diff(before, after):
        item = change.object
        if item.kind in OF_ROWS:
            found.add(item.identity if item.kind == "table" else str(item.parent))
        elif item.kind in OF_TYPES:
            types.add(str(item.parent) if item.kind == "domain_constraint" else item.identity)
    for column in (item for item in before if item.kind == "column" and types):
        if column["type"].removesuffix("[]") in types:
            found.add(str(column.parent))
    return {table for table in found if ("table", table) in before}


def _tried(
    connection: Connection,
    step: Callable[[str], None],
    before: Catalog,
    after: Catalog,
    tables: set[str],
) -> list[str]:
    """The shadow stands at `before`, with rows; at the end it stands at `after`, without."""
    obstacles = Obstacles(connection, before, after, tables)
    notes: list[str] = []
    for _ in range(ROUNDS):
        first = read(connection, before, after, tables)
        connection.commit()
        error = _failure(connection, step, "upgrade")
        if error is None:
            break
        notes.append(obstacles.remove(error))
        connection.commit()
    second = read(connection, after, before, tables)
    connection.commit()
    notes += changed_up(first, second, before, after)
    if error := _failure(connection, step, "downgrade"):
        notes.append(f"The downgrade fails on rows: {reason(error)}.")
    else:
        notes += changed_up_and_down(first, second, read(connection, before, after, tables))
        connection.commit()
        _empty(connection, tables, before)
        step("upgrade")
    _empty(connection, tables, after)
    return notes


def _failure(connection: Connection, step: Callable[[str], None], direction: str) -> DBAPIError | None:
    """What PostgreSQL says against a step; None when it is done."""
    try:
        step(direction)
        return None
    except (DBAPIError, Failure) as error:
        connection.rollback()
        said = error if isinstance(error, DBAPIError) else error.__cause__
        if not isinstance(said, DBAPIError):
            raise
        return said


def _empty(connection: Connection, tables: Collection[str], catalog: Catalog) -> None:
    there = [table for table in sorted(tables) if ("table", table) in catalog]
    if there:
        run(connection, f"TRUNCATE {', '.join(there)} CASCADE")
    connection.commit()
