"""Generate rows: a few for each table of a shadow, so that they satisfy the table's constraints."""

from __future__ import annotations

import re
from collections.abc import Collection, Iterable, Iterator
from contextlib import suppress
from dataclasses import dataclass
from typing import Any

from sqlalchemy import Connection
from sqlalchemy.exc import DBAPIError

from whisper_migrate.catalog.model import Catalog, Object
from whisper_migrate.catalog.names import joined, name_there, shown, split_list, unquoted
from whisper_migrate.catalog.sql import literal, run
from whisper_migrate.errors import reason
from whisper_migrate.rows.next_numbers import continue_numbers
from whisper_migrate.rows.values import Values

MOST = 24  # rows of one table, for an enum with as many labels
TRIES = 40  # attempts for one row
STEPS = (1, 2, 3, 5, 7, 11, 13)  # columns of one check step through their values at different paces
IDENTIFIER = r'(?:"(?:[^"]|"")++"|[\w$]+)'
COLUMNS = r'(?:"(?:[^"]|"")++"|[^"()])+'
REFERENCE = re.compile(rf"FOREIGN KEY \(({COLUMNS})\) REFERENCES ({IDENTIFIER}(?:\.{IDENTIFIER})?)\(({COLUMNS})\)")
PERIOD = re.compile(r", PERIOD (?=\S+$)")

Row = dict[str, str | None]


@dataclass(frozen=True)
class Reference:
    """A foreign key: columns of a table, and the columns `keys` of the other `table` that must contain their values."""

    columns: tuple[str, ...]
    table: str
    keys: tuple[str, ...]


def references(catalog: Catalog, table: str) -> list[Reference]:
    """Return the foreign keys of a table."""
    found = (REFERENCE.match(item["definition"]) for item in catalog.children(table, "constraint"))
    # A period is covered by an equal one, so PERIOD is treated as a plain column.
    return [Reference(without_period(m[1]), m[2], without_period(m[3])) for m in found if m]


def without_period(columns: str) -> tuple[str, ...]:
    """Split the column list of one side of a foreign key; its last column may be a PERIOD."""
    return tuple(split_list(PERIOD.sub(", ", columns)))


def mentions(definition: str, column: str) -> bool:
    """Whether SQL, as PostgreSQL prints it, contains the name of a column."""
    return re.search(rf'(?<![\w"]){re.escape(column)}(?![\w"])', definition) is not None


def root(catalog: Catalog, table: str) -> str:
    """Return the topmost partitioned table of a partition; any other table itself."""
    while ("table", table) in catalog and catalog["table", table]["partition_bound"]:
        table = catalog["table", table]["parents"][0]
    return table


def fill(connection: Connection, before: Catalog, tables: Iterable[str], after: Catalog) -> list[str]:
    """Put rows into the tables with `put`, and commit."""
    notes = put(connection, before, tables, after)
    connection.commit()
    return notes


def put(connection: Connection, before: Catalog, tables: Iterable[str], after: Catalog) -> list[str]:
    """Put rows into `tables` and the tables that they refer to; return a note for each table that stays empty.

    The database behind `connection` must be a shadow of the schema `before`. Some of the rows also satisfy the new
    rules of `after`, some do not. Triggers do not fire if the role may disable them.
    """
    wanted = {root(before, table) for table in tables if ("table", table) in before}
    run(connection, "SET LOCAL statement_timeout = '5s'")  # a check or a trigger can run for ever
    with suppress(DBAPIError), connection.begin_nested():  # without the privilege, triggers fire
        run(connection, "SET LOCAL session_replication_role = replica")
    empty: dict[str, list[str]] = {}
    for table in _parents_first(before, after, sorted(wanted)):
        refusal = _Filler(connection, before, after, table).fill()
        if refusal and table in wanted:
            empty.setdefault(refusal, []).append(shown(table))
    continue_numbers(connection)
    words = ("it, so it was", "them, so they were")
    return [
        f"{joined(tables)}: no row could be made for {words[len(tables) > 1]} tried without: {refusal}."
        for refusal, tables in empty.items()
    ]


def _parents_first(before: Catalog, after: Catalog, tables: Iterable[str]) -> Iterator[str]:
    """Yield the tables, each after the tables that it refers to. In a circle of foreign keys, one comes too early."""
    seen: set[str] = set()

    def visit(table: str) -> Iterator[str]:
        if table in seen or ("table", table) not in before:
            return
        seen.add(table)
        for reference in (*references(before, table), *references(after, table)):
            yield from visit(reference.table)
        yield table

    for table in tables:
        yield from visit(table)


def _is_key(rule: Object) -> bool:
    return rule.kind in ("constraint", "index") and bool(
        re.match("PRIMARY KEY|UNIQUE|CREATE UNIQUE", rule["definition"])
    )


class _Filler:
    """Generates the rows of one table."""

    def __init__(self, connection: Connection, before: Catalog, after: Catalog, table: str) -> None:
        self.connection = connection
        self.catalog = before
        self.table = table
        columns = before.children(table, "column")
        self.columns = {c["name"]: c for c in columns if c["generated"] is None and c["identity_kind"] != "ALWAYS"}
        self.rules = [*before.children(table, "constraint"), *before.children(table, "index")]
        hints = [str(rule["definition"]) for rule in (*self.rules, *after.children(table, "constraint"))]
        self.values = {}
        for name, column in self.columns.items():
            hinted = [hint for hint in hints if mentions(hint, name)]
            values = self.values[name] = Values(before, column["type"], [*hinted, *self._bounds(name)])
            if values.is_guess:
                values.extremes, values.plain = (
                    [value for value in some if self._reads(name, value)] for some in (values.extremes, values.plain)
                )
        self.references = references(before, table)
        keys = [rule for rule in after.children(table) if rule not in self.rules and _is_key(rule)]
        self.coming_keys = {name for name in self.columns if any(mentions(rule["definition"], name) for rule in keys)}
        self.coming = [found for found in references(after, table) if found not in self.references]
        self.parents: dict[Reference, list[tuple[str | None, ...]]] = {}
        self.made = 0

    def fill(self) -> str | None:
        """Insert the rows. Return the reason if not a single row could be inserted."""
        longest = max((len(values.extremes) for values in self.values.values()), default=0)
        refusal: str | None = None
        numbers = range(min(2 + longest, MOST))
        for number in numbers:
            refusal = self._insert(number) or refusal
            if number > 2 and not self.made:
                break
        if self.made and self.coming_keys:
            self._insert(len(numbers), like_first=self.coming_keys)
        return None if self.made else refusal or "a rule or a trigger let none in"

    def _insert(self, number: int, like_first: Collection[str] = ()) -> str | None:
        """Insert one row. While PostgreSQL refuses it, change the values that it complains about.

        Returns PostgreSQL's first complaint if every attempt is refused.
        """
        refusal = None
        row = {name: self._value(name, 0 if name in like_first else number) for name in self.columns}
        self._refer(row, number, 0)
        for attempt in range(TRIES):
            try:
                with self.connection.begin_nested():
                    self.made += self._execute(row)
                return None
            except DBAPIError as error:
                refusal = refusal or reason(error)
                self._change(row, self._offenders(error), number, attempt)
        return refusal

    def _execute(self, row: Row) -> int:
        names, values = ", ".join(row), ", ".join("NULL" if value is None else literal(value) for value in row.values())
        what = f"({names}) VALUES ({values})" if row else "DEFAULT VALUES"
        return run(self.connection, f"INSERT INTO {self.table} {what}").rowcount

    def _value(self, name: str, number: int) -> str | None:
        """Return a value for row `number`: first plain values, then as many NULLs as possible, then the extremes."""
        values, nullable = self.values[name], not self.columns[name]["not_null"]
        if number == 1 and nullable:
            return None
        if number < 2 or not values.extremes or (self._is_unique(name) and number - 2 >= len(values.extremes)):
            return values.plain[number % len(values.plain)] if values.plain else None
        return values.extremes[(number - 2) % len(values.extremes)]

    def _change(self, row: Row, names: list[str], number: int, attempt: int) -> None:
        for place, name in enumerate(names):
            plain = self.values[name].plain
            # After some attempts, try every combination of NULL and NOT NULL.
            null = attempt >= TRIES // 4 and attempt + number >> place & 1 and not self.columns[name]["not_null"]
            row[name] = (
                None if null or not plain else plain[(number + attempt * STEPS[place % len(STEPS)]) % len(plain)]
            )
        self._refer(row, number, attempt + 1, set(names))

    def _refer(self, row: Row, number: int, attempt: int, names: set[str] | None = None) -> None:
        """Give foreign keys values that exist in the referenced tables.

        Of foreign keys that only `after` has, every second row gets such a value.
        """
        settled: Row = {}
        for reference in () if number % 2 else self.coming:
            settled |= {name: self.values[name].plain[-1] for name in reference.columns if self._is_free(name)}
        for place, reference in enumerate([*self.references, *(self.coming if number % 2 else ())]):
            if names is not None and not names.intersection(reference.columns):
                continue
            if number == 1 and all(
                not self.columns[name]["not_null"] for name in reference.columns if name in self.columns
            ):
                continue
            found = [
                parent
                for parent in self._rows_of(reference)
                if all(settled.get(name, value) == value for name, value in zip(reference.columns, parent, strict=True))
            ]
            if found:
                values = found[(number + attempt * STEPS[place % len(STEPS)]) % len(found)]
            elif reference.table == self.table:
                values = tuple(row.get(key) for key in reference.keys)
            else:
                values = (None,) * len(reference.keys)
            settled |= dict(zip(reference.columns, values, strict=True))
        row |= {name: value for name, value in settled.items() if name in row}

    def _is_free(self, name: str) -> bool:
        """Whether no foreign key restricts a column to the values of another table."""
        referring = {column for reference in self.references for column in reference.columns}
        return name in self.columns and name not in referring and bool(self.values[name].plain)

    def _rows_of(self, reference: Reference) -> list[tuple[str | None, ...]]:
        if reference not in self.parents or reference.table == self.table:
            keys = ", ".join(f"{key}::text" for key in reference.keys)
            try:
                with self.connection.begin_nested():
                    rows = run(self.connection, f"SELECT {keys} FROM {reference.table} LIMIT {2 * MOST}")
                    self.parents[reference] = [tuple(row) for row in rows if None not in row]
            except DBAPIError:  # the table that a new foreign key refers to may be new as well
                self.parents[reference] = []
        return self.parents[reference]

    def _offenders(self, error: DBAPIError) -> list[str]:
        """Return the columns whose values PostgreSQL refuses; all columns if its error names none."""
        said: Any = getattr(error.orig, "diag", None)
        if said.constraint_name:
            for rule in self.rules:
                if name_there(rule) == said.constraint_name:
                    named = [name for name in self.columns if mentions(rule["definition"], name)]
                    return named or list(self.columns)
        if said.datatype_name:
            typed = [name for name, column in self.columns.items() if said.datatype_name in column["type"]]
            return typed or list(self.columns)
        return [name for name in self.columns if unquoted(name) == said.column_name] or list(self.columns)

    def _is_unique(self, name: str) -> bool:
        return any(mentions(rule["definition"], name) for rule in self.rules if _is_key(rule))

    def _bounds(self, name: str) -> Iterator[str]:
        """Yield the bounds of the table's partitions, for a column in the partition key."""
        if mentions(self.catalog["table", self.table]["partition_key"] or "", name):
            for item in self.catalog:
                if item.kind == "table" and self.table in (item["parents"] or ()):
                    yield item["partition_bound"] or ""

    def _reads(self, name: str, value: str) -> bool:
        """Whether the type of a column accepts the text as a value."""
        try:
            with self.connection.begin_nested():
                run(self.connection, f"SELECT {literal(value)}::{self.columns[name]['type']}")
            return True
        except DBAPIError:
            return False
