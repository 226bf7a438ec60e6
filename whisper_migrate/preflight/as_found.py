"""Queries on tables as a revision finds them, asked in a database in which no pending revision has run yet.

Tables and columns may have other names by then, and columns may be new. Each table of a query is therefore replaced by
a common table expression with the names and columns that it has after the revision.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from functools import cached_property

from sqlalchemy import Connection

from whisper_migrate.catalog.names import names_in
from whisper_migrate.preflight.new_columns import Values
from whisper_migrate.running.foreign_conditions import WORD
from whisper_migrate.running.losses import Holdings, holdings

TABLE = re.compile(rf"'(?:[^']|'')*+'|(?<!::)(?<![\w.\"$])({WORD}\.{WORD})(?!\()")


@dataclass(frozen=True)
class Query:
    """A query, with the tables of the database that it reads. `differs`: it uses other names or values than those."""

    sql: str
    tables: tuple[str, ...]
    differs: bool


@dataclass(frozen=True)
class AsFound:
    """Tables and columns of the database (`origin`) and after the revision (`after`), both by oid and column number.

    `values` are those of existing rows in new columns.
    """

    origin: Holdings
    after: Holdings
    values: Values

    def oid(self, table: str) -> int | None:
        """Return the oid of a table after the revision."""
        return self._tables.get(table)

    def query(self, sql: str, kinds: Mapping[str, str]) -> Query | None:
        """Return the query for the database, whose tables have these `kinds`; None if each row has its own value.

        A child table is not part of its parent table, unless this is partitioned.
        """
        parts: list[str] = []
        aliases: dict[str, str] = {}

        def alias(match: re.Match[str]) -> str:
            if match[1] is None or self.oid(match[1]) is None:
                return match[0]
            return aliases.setdefault(match[1], f"whisper_{len(aliases)}")

        replaced = TABLE.sub(alias, sql)
        differs, tables = False, []
        words = names_in(sql)
        for table, name in aliases.items():
            oid = self._tables[table]
            place = self.origin.get((oid, 0))
            columns = []
            for number, column in self._columns(oid):
                if column not in words:
                    continue
                old = self.origin.get((oid, number))
                value = old[1] if old else self.values.get((oid, number), "NULL")
                if value is None or (not old and not self._is_there(oid, value)):
                    return None
                differs = differs or value != column
                columns.append(f"{value} AS {column}")
            only = "" if place and kinds.get(place[0]) == "p" else "ONLY "
            source = f" FROM {only}{place[0]}" if place else ""
            system = "tableoid, ctid" if place else "0::oid AS tableoid, NULL::tid AS ctid"
            end = "" if place else " WHERE false"
            parts.append(f"{name} AS NOT MATERIALIZED (SELECT {', '.join([system, *columns])}{source}{end})")
            differs = differs or place is None or place[0] != table
            tables += [place[0]] if place else []
        given = f"WITH {', '.join(parts)} " if parts else ""
        return Query(given + replaced, tuple(tables), differs)

    def _is_there(self, oid: int, value: str) -> bool:
        """Whether the columns that a new column is computed from are in the database, under the same names."""
        words = names_in(value)
        used = {(oid, number): column for number, column in self._columns(oid) if column in words}
        return all(key in self.origin and self.origin[key][1] == column for key, column in used.items())

    def tables(self, sql: str) -> set[int]:
        """Return the oids of the tables in a query."""
        return {oid for match in TABLE.finditer(sql) if match[1] and (oid := self.oid(match[1])) is not None}

    @cached_property
    def _tables(self) -> dict[str, int]:
        return {table: oid for (oid, number), (table, _) in self.after.items() if number == 0}

    def _columns(self, oid: int) -> Iterator[tuple[int, str]]:
        for (table, number), (_, column) in self.after.items():
            if table == oid and column:
                yield number, column


def places(connection: Connection) -> Holdings:
    """Return the tables, materialized views and columns of a shadow by oid and column number."""
    found = holdings(connection, everything=True)
    connection.commit()
    return found
