"""Why a revision fails on rows: what to look for in a real database, and the rows that keep it from going on."""

from __future__ import annotations

import re
from collections.abc import Collection, Iterator
from dataclasses import dataclass
from typing import Any

from sqlalchemy import Connection
from sqlalchemy.exc import DBAPIError

from whisper_migrate.catalog import Catalog, Object
from whisper_migrate.errors import Failure, reason
from whisper_migrate.names import plain_name, shown, split_name, unquoted
from whisper_migrate.rows.compare import quoted
from whisper_migrate.rows.fill import IDENTIFIER, REFERENCE, mentions, root
from whisper_migrate.sql import literal, run

RETYPE = re.compile(
    rf"ALTER TABLE (?:ONLY )?((?:{IDENTIFIER}\.)?{IDENTIFIER}) ALTER COLUMN ({IDENTIFIER}) (?:SET DATA )?TYPE (.+?)"
    r"(?: USING (.+))?;?\s*",
    re.DOTALL,
)
ORDERING = re.compile(r" (?:DESC|NULLS (?:FIRST|LAST)|[\w.]+_ops\b(?:\([^)]*\))?)")


class Refused(Failure):
    """A revision fails on every table with rows, whatever they are."""


@dataclass
class Obstacles:
    """The failures of one revision between two schemas, in a shadow at `before` that has rows in `tables`."""

    connection: Connection
    before: Catalog
    after: Catalog
    tables: Collection[str]

    def remove(self, error: DBAPIError) -> str:
        """Delete the rows that the revision fails on, and say what they are. Raises Refused where it fails on any."""
        said: Any = error.orig and getattr(error.orig, "diag", None)
        state, table = str(getattr(error.orig, "pgcode", "")), self._table(said)
        if state == "23502" and table and (column := self._column(table, said.column_name)):
            return self._null(table, column)
        if table and said.constraint_name and (rule := self._rule(table, said.constraint_name)):
            definition = rule["definition"]
            if state == "23505":
                return self._duplicates(table, definition)
            if state == "23514":
                return self._unchecked(table, rule, definition)
            if state == "23503" and (match := REFERENCE.match(definition)):
                return self._orphans(table, *match.groups())
        if state.startswith("22"):
            found = self._unfit(error)
            if found:
                return found
        return self._clear(f"The upgrade fails on some rows: {_short(reason(error))}.", self.tables)

    def _table(self, said: Any) -> str | None:
        """The table that an error is about: the whole one, when it is about a partition."""
        for item in self.before:
            if item.kind == "table" and split_name(item.identity) == (said.schema_name, said.table_name):
                return root(self.before, item.identity)
        return None

    def _column(self, table: str, name: str | None) -> Object | None:
        return next((c for c in self.after.children(table, "column") if unquoted(c["name"]) == name), None)

    def _rule(self, table: str, name: str) -> Object | None:
        """A constraint or a unique index that is yet to come: rows that are there may not keep it."""
        for item in self.after.children(table):
            if (
                item.kind in ("constraint", "index")
                and plain_name(item) == name
                and item != self.before.objects.get(item.key)
            ):
                return item
        return None

    def _null(self, table: str, column: Object) -> str:
        name = shown(column.identity)
        if column.key in self.before:
            condition = f"{column['name']} IS NULL"
            return self._delete(
                table,
                condition,
                f"{name}: the upgrade fails where it is NULL.",
                f"SELECT count(*) FROM {{}} WHERE {condition}",
            )
        raise Refused(
            f"No revision was written: {name} is new and NOT NULL, and nothing says what it is in rows that are there.",
            "Give it a server_default in the model, or make it nullable first and NOT NULL once the rows have a value.",
        )

    def _duplicates(self, table: str, definition: str) -> str:
        keys = ORDERING.sub("", _inside(definition))
        where = definition.rpartition(" WHERE ")[2] if " WHERE " in definition else ""
        nullable = [c for c in self.before.children(table, "column") if not c["not_null"] and mentions(keys, c["name"])]
        if nullable and "NULLS NOT DISTINCT" not in definition:
            where = f"{where} AND ({keys}) IS NOT NULL" if where else f"({keys}) IS NOT NULL"
        clause = f" WHERE {where}" if where else ""
        kept = f"ctid <> ALL (ARRAY(SELECT min(ctid) FROM {table}{clause} GROUP BY {keys}))"
        return self._delete(
            table,
            f"{kept} AND {where}" if where else kept,
            f"{shown(table)}: the upgrade fails where two rows have the same {keys}.",
            f"SELECT {keys}, count(*) FROM {{}}{clause} GROUP BY {keys} HAVING count(*) > 1",
        )

    def _unchecked(self, table: str, rule: Object, definition: str) -> str:
        condition = f"NOT ({_inside(definition)})"
        return self._delete(
            table,
            condition,
            f"{shown(table)}: the upgrade fails where a row does not keep {rule['name']}.",
            f"SELECT count(*) FROM {{}} WHERE {condition}",
        )

    def _orphans(self, table: str, columns: str, parent: str, keys: str) -> str:
        names = columns.split(", ")
        condition = " AND ".join([f"{name} IS NOT NULL" for name in names])
        other = f"SELECT {keys} FROM {parent}"
        left = columns if len(names) == 1 else f"({columns})"
        condition += f" AND {left} NOT IN ({other})"
        return self._delete(
            table,
            condition,
            f"{shown(table)}: the upgrade fails where {columns} is not to be found in {shown(parent)}.",
            f"SELECT count(*) FROM {{}} WHERE {shown(condition)}",
        )

    def _unfit(self, error: DBAPIError) -> str | None:
        """Values that do not become ones of a new type."""
        found = RETYPE.fullmatch(error.statement or "")
        if found:
            table, column, type_, using = found.groups()
            unfit = list(self._tried(table, type_, using or column, column))
            if unfit:
                value, why = unfit[0]
                values = ", ".join(literal(value) for value, _ in unfit)
                what = f"{shown(table)}.{column}: the upgrade fails on values such as {quoted(value)}: {why}."
                return self._delete(table, f"{column}::text IN ({values})", what)
        named = re.search(r'"(.*)"$', reason(error))
        for change in self._retyped() if named else ():
            condition = f"{change['name']}::text = {literal(named[1] if named else '')}"
            if self._execute(f"DELETE FROM {change.parent} WHERE {condition}"):
                return f"{shown(change.identity)}: the upgrade fails on values such as {_short(reason(error))}."
        return None

    def _retyped(self) -> Iterator[Object]:
        for item in self.before:
            if item.kind == "column" and item.key in self.after and item.parent in self.tables and not item["of_view"]:
                yield item

    def _tried(self, table: str, type_: str, expression: str, column: str) -> Iterator[tuple[str, str]]:
        """Each value that does not become one of this type, and why: as a table takes values, not as a cast does."""
        probe = self.connection.begin_nested()
        try:
            run(self.connection, f"CREATE TEMPORARY TABLE whisper_probe (value {type_})")
            values = self.connection.exec_driver_sql(f"SELECT DISTINCT {column}::text FROM {table}").scalars().all()
            for value in sorted(value for value in values if value is not None):
                one = f"SELECT {expression} FROM {table} WHERE {column}::text = {literal(value)} LIMIT 1"
                try:
                    with self.connection.begin_nested():
                        run(self.connection, f"INSERT INTO whisper_probe {one}")
                except DBAPIError as error:
                    yield value, _short(reason(error))
        except DBAPIError:  # the type is one that the revision makes
            return
        finally:
            probe.rollback()

    def _delete(self, table: str, condition: str, what: str, query: str = "") -> str:
        """The rest of the proof does without these rows; where they cannot go alone, without all of the table."""
        look = f" Look first: {query.format(shown(table))}" if query else ""
        try:
            with self.connection.begin_nested():
                gone = self._execute(f"DELETE FROM {table} WHERE {condition}")
        except DBAPIError:
            gone = 0
        return f"{what}{look}" if gone else self._clear(f"{what}{look}", [table])

    def _clear(self, what: str, tables: Collection[str]) -> str:
        run(self.connection, f"TRUNCATE {', '.join(tables)} CASCADE")
        names = ", ".join(map(shown, tables))
        return f"{what} The rest was proved without rows in {names}."

    def _execute(self, statement: str) -> int:
        return self.connection.exec_driver_sql(statement, execution_options={"no_parameters": True}).rowcount


def _inside(definition: str) -> str:
    """What stands in the first parentheses of a definition: `UNIQUE (a, b) INCLUDE (c)` -> `a, b`."""
    start = definition.index("(")
    depth = 0
    for place in range(start, len(definition)):
        depth += {"(": 1, ")": -1}.get(definition[place], 0)
        if depth == 0:
            return definition[start + 1 : place]
    return definition[start + 1 :]


def _short(text: str) -> str:
    return text if len(text) <= 120 else f"{text[:100]}..."
