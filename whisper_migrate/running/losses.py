"""Find the data that a step loses: tables, columns, and values that do not fit a narrower type.

Renaming a table or column loses nothing. Renames are recognized in a shadow by the table's oid and the column's number,
which a rename keeps.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass

from psycopg2.errors import DataError, IntegrityError, UndefinedColumn, UndefinedTable
from sqlalchemy import Connection, text
from sqlalchemy.exc import DBAPIError

from whisper_migrate.catalog.casts import JSONS, queried
from whisper_migrate.catalog.model import Catalog, Object, diff
from whisper_migrate.catalog.names import shown
from whisper_migrate.catalog.sql import literal, run
from whisper_migrate.databases.version_table import names
from whisper_migrate.objects.composite_type import split
from whisper_migrate.planning.hazards import lost_attributes, narrowing
from whisper_migrate.planning.inheritance import above
from whisper_migrate.running.foreign_conditions import is_foreign, may_be_read

HELD = """
SELECT c.oid::bigint AS oid, coalesce(a.attnum, 0) AS number, format('%I.%I', n.nspname, c.relname) AS table_name,
       quote_ident(a.attname) AS column_name
FROM pg_catalog.pg_class AS c
JOIN pg_catalog.pg_namespace AS n ON n.oid = c.relnamespace
LEFT JOIN LATERAL (
    SELECT a.attnum, a.attname FROM pg_catalog.pg_attribute AS a
    WHERE a.attrelid = c.oid AND a.attnum > 0 AND NOT a.attisdropped AND (a.attgenerated = '' OR :everything)
    UNION ALL SELECT 0, NULL) AS a ON true
WHERE (c.relkind IN ('r', 'p') OR c.relkind = 'm' AND :everything) AND c.oid >= 16384 AND n.nspname !~ '^pg_'
  AND c.relname <> ALL (:bookkeeping) AND format('%I.%I', n.nspname, c.relname) <> :version"""

# Counts the rows of table {0} whose value in column {1} meets condition {2}, or makes it fail.
ONE_BY_ONE = """
DO $counted$
#variable_conflict use_column
DECLARE
    whisper_row record;
    whisper_rows bigint := 0;
BEGIN
    FOR whisper_row IN SELECT {1} FROM {0} WHERE {1} IS NOT NULL LOOP
        BEGIN
            IF EXISTS (SELECT FROM (SELECT whisper_row.{1}) AS one ({1}) WHERE {2}) THEN
                whisper_rows := whisper_rows + 1;
            END IF;
        EXCEPTION WHEN data_exception OR integrity_constraint_violation THEN
            whisper_rows := whisper_rows + 1;
        END;
    END LOOP;
    PERFORM pg_catalog.set_config('whisper_migrate.rows', whisper_rows::text, true);
END
$counted$"""
COUNTED = "SELECT pg_catalog.current_setting('whisper_migrate.rows')::bigint"

# (table oid, column number; 0 for the table itself) -> (table, column or None)
Holdings = Mapping[tuple[int, int], tuple[str, str | None]]


@dataclass(frozen=True)
class Loss:
    """A table, column or type that loses data: `what` describes it for people, `table` and `column` are SQL names.

    `condition` selects the rows that lose data; a value that PostgreSQL refuses to convert counts as well. If it cannot
    be evaluated, or could run another role's code, all rows that are not NULL count. `drops`: the table or column goes,
    whatever its rows hold.
    """

    what: str
    table: str | None = None
    column: str | None = None
    condition: str | None = None
    has_rows: bool = True
    drops: bool = False

    def rows(self, connection: Connection) -> int | None:
        """Return the number of rows that lose data; None if PostgreSQL cannot count them."""
        if self.table is None:
            return None if self.has_rows else 0
        conditions = [self.condition] if self.condition else []
        if self.condition and is_foreign(connection, self.table, self.condition):
            conditions = []
        for condition in (*conditions, f"{self.column} IS NOT NULL" if self.column else "true"):
            try:
                return _count(connection, self.table, f"SELECT count(*) FROM {self.table} WHERE {condition}")
            except DBAPIError as error:
                if isinstance(error.orig, (UndefinedTable, UndefinedColumn)):
                    return 0  # a table or column that does not exist has nothing to lose
                if self.column and condition == self.condition and isinstance(error.orig, (DataError, IntegrityError)):
                    return _count(
                        connection, self.table, COUNTED, ONE_BY_ONE.format(self.table, self.column, self.condition)
                    )
        return None


def _count(connection: Connection, table: str, query: str, before: str = "SELECT 1") -> int | None:
    """Run a counting query read-only: evaluating a default could call nextval(). Returns None for a view.

    Reading a view, or a table with row-level security, would run the code of its owner; reading a table may do so (see
    `may_be_read`). The lock keeps the owner from putting a view in place of the table.
    """
    savepoint = connection.begin_nested()
    try:
        run(connection, "SET LOCAL transaction_read_only = on")
        run(connection, "SET LOCAL row_security = off")  # a policy is an error
        if _kind(connection, table) in ("r", "p"):
            run(connection, f"LOCK TABLE {table} IN ACCESS SHARE MODE")
        kind = _kind(connection, table)
        if kind not in ("r", "p", "f"):
            return None if kind else 0
        if not may_be_read(connection, table):
            return None
        run(connection, before)
        return int(run(connection, query).scalar_one())
    finally:
        savepoint.rollback()


def _kind(connection: Connection, table: str) -> str | None:
    query = "SELECT c.relkind::text FROM pg_catalog.pg_class AS c WHERE c.oid = to_regclass(:name)"
    found: str | None = connection.scalar(text(query), {"name": table})
    return found


def holdings(connection: Connection, *, everything: bool = False) -> Holdings:
    """Return the tables and columns of a database by oid and column number.

    With `everything` they include materialized views and generated columns, whose values can be computed again.
    """
    found = connection.execute(text(HELD), {"everything": everything, **names()})
    return {(row.oid, row.number): (row.table_name, row.column_name) for row in found}


def losses(origin: Holdings, before: Holdings, after: Holdings, old: Catalog, new: Catalog) -> list[Loss]:
    """Return the losses between two moments in a shadow, as they concern tables and columns of the `origin`.

    `origin` is the state before the first step, whose names are used. `before` and `after` are the tables and columns
    at the two moments, `old` and `new` the catalogs. Tables and columns that a step itself has added hold no data.
    """
    gone = [key for key in before if key not in after and key in origin]
    tables = {oid for oid, number in gone if number == 0}
    found = [Loss(f"table {shown(origin[oid, 0][0])}", origin[oid, 0][0], drops=True) for oid in sorted(tables)]
    columns = {key: ("column", ".".join(map(str, before[key]))) for key in gone if key[0] not in tables}
    for key, name in columns.items():
        table, column = origin[key]
        item = old.objects.get(name)
        if item and above(old, item).intersection(columns.values()):
            continue  # the rows of a partition or child table are counted with its parent's
        condition = differs(item, str(column))
        found.append(Loss(f"column {shown(table)}.{column}", table, column, condition, drops=True))
    named = {(table, column): origin.get(key) for key, (table, column) in before.items()}
    for change in diff(old, new):
        item = change.object
        lost = narrowing(change.before, change.after, old, new) if change.before and change.after else None
        if not lost or not change.before or not change.after or _is_computed_again(change.before, change.after):
            continue
        what = f"{item.kind.replace('_', ' ')} {shown(item.identity)}: {lost}"
        if item.kind in ("enum", "composite_type"):
            for user in of_type(old, item.identity):
                if place := named.get((str(user.parent), user["name"])):
                    condition = holds_lost(str(place[1]), user, change.before, change.after, old, new)
                    found.append(Loss(f"{what} in {shown(user.identity)}", *place, condition))
            if item.kind == "composite_type" and is_inside(old, item.identity):
                found.append(Loss(what))
            continue
        place = named.get((str(item.parent), item["name"])) if item.kind == "column" else None
        if place:
            condition = changes(str(place[1]), change.before["type"], change.after["type"], new)
            found.append(Loss(what, *place, condition))
        else:
            found.append(Loss(what))
    return found


def _is_computed_again(before: Object, after: Object) -> bool:
    """Whether a column is generated on both sides: its values were never anybody's own."""
    return before.kind == "column" and before["generated"] is not None and after["generated"] is not None


def differs(column: Object | None, name: str) -> str | None:
    """The condition for rows that differ from the default, which fills the column if it is added again."""
    if column is None or column["default"] is None:
        return None
    return f"{name}::text IS DISTINCT FROM (({column['default']})::{column['type']})::text"


def of_type(catalog: Catalog, type_: str) -> Iterator[Object]:
    """Yield the columns of a type, or of an array of it."""
    return (c for c in catalog if c.kind == "column" and not c["of_view"] and c["type"].removesuffix("[]") == type_)


def is_inside(catalog: Catalog, type_: str) -> bool:
    """Whether another composite type or a domain is made of this type: where its values are is not followed."""
    composites = (dict(split(other)).values() for other in catalog if other.kind == "composite_type")
    domains = ([other["type"]] for other in catalog if other.kind == "domain")
    return any(type_ == one.removesuffix("[]") for types in (*composites, *domains) for one in types)


def holds_lost(name: str, user: Object, before: Object, after: Object, old: Catalog, new: Catalog) -> str | None:
    """Return a condition for the rows of a type's user that hold what the type loses; None for all with a value.

    `name` is the name of the column `user`, whose type is an enum or a composite type, or an array of it.
    """
    if before.kind == "enum":
        return _says_gone(name, user, before, after)
    if user["type"].endswith("[]"):
        return None
    conditions = []
    for attribute, type_, kept in lost_attributes(before, after, old, new):
        value = f"({name}).{attribute}"
        conditions.append(f"{value} IS NOT NULL")
        if kept:
            was, becomes = (words.partition(" COLLATE ")[0] for words in (type_, kept))
            conditions[-1] += f" AND ({changes(value, was, becomes, new)})"
    return " OR ".join(conditions)


def _says_gone(name: str, column: Object, before: Object, after: Object) -> str:
    """Return a condition for rows with a label that the enum loses."""
    gone = [label for label in before["labels"] if label not in after["labels"]]
    listed = f"ARRAY[{', '.join(map(literal, gone))}]::text[]"
    is_array = column["type"].endswith("[]")
    return f"{name}::text[] && {listed}" if is_array else f"{name}::text = ANY ({listed})"


def changes(name: str, old: str, new: str, catalog: Catalog) -> str:
    """The condition for rows whose value changes when it is cast to the new type and back to the old one."""
    if enum := catalog.objects.get(("enum", new)):
        said = f"({name} #>> '{{}}')" if old in JSONS else f"{name}::text"
        return f"{said} <> ALL (ARRAY[{', '.join(map(literal, enum['labels']))}]::text[])"
    if length := re.fullmatch(r"character(?: varying)?\((\d+)\)", new):
        return f"length({name}::text) > {length[1]}"
    back = queried(f"({queried(name, old, new)})", new, old)
    return f"({back})::text IS DISTINCT FROM {name}::text"
