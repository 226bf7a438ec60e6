"""Why a revision fails on rows: the query to run on a real database, and the generated rows to remove."""

from __future__ import annotations

import re
from collections.abc import Collection, Iterator, Sequence
from dataclasses import dataclass, field
from typing import Any

from sqlalchemy import Connection
from sqlalchemy.exc import DBAPIError

from whisper_migrate.catalog.casts import parsing
from whisper_migrate.catalog.model import Catalog, Object
from whisper_migrate.catalog.names import joined, name_there, shown, split_name, unquoted
from whisper_migrate.catalog.sql import literal, run
from whisper_migrate.errors import Failure, reason
from whisper_migrate.planning.online_names import stands_for
from whisper_migrate.rows.any_row import SYNTAX
from whisper_migrate.rows.compare import quoted
from whisper_migrate.rows.fill import IDENTIFIER, root
from whisper_migrate.rows.violations import Violation, domain_violation, violation

RETYPE = re.compile(
    rf"ALTER TABLE (?:ONLY )?((?:{IDENTIFIER}\.)?{IDENTIFIER}) ALTER COLUMN ({IDENTIFIER}) (?:SET DATA )?TYPE (.+?)"
    r"(?: USING (.+))?;?\s*",
    re.DOTALL,
)

TABLE = rf"ALTER TABLE (?:IF EXISTS )?(?:ONLY )?(?:{IDENTIFIER}\.)?{IDENTIFIER}"
ADDITION = re.compile(rf"\s*{TABLE} ADD (?!CONSTRAINT\b)", re.IGNORECASE)


class Refused(Failure):
    """A revision fails on every table with rows, because they have no value for these new NOT NULL columns."""

    def __init__(self, columns: Sequence[Object]) -> None:
        names = joined(shown(column.identity) for column in columns)
        one = len(columns) == 1
        what = "is a new NOT NULL column" if one else "are new NOT NULL columns"
        super().__init__(f"{names} {what}, and existing rows would have no value for {'it' if one else 'them'}.")
        self.columns = columns


@dataclass
class Obstacles:
    """The failures of one revision on rows, between two schemas: as notes, and as rules that the rows violate."""

    before: Catalog
    after: Catalog
    tables: Collection[str]
    notes: list[str] = field(default_factory=list)
    violations: list[Violation] = field(default_factory=list)

    def remove(self, connection: Connection, error: DBAPIError) -> None:
        """Delete the rows on which the revision failed from a shadow at `before`.

        Raises Refused if the revision fails on every row.
        """
        said: Any = error.orig and getattr(error.orig, "diag", None)
        state, table = str(getattr(error.orig, "pgcode", "")), self._table(said)
        rule = self._rule(table, state, said) if table else None
        is_new = rule and rule.kind == "column" and rule.key not in self.before
        if is_new and ADDITION.match(str(error.statement)):
            raise Refused(list(self._valueless()))
        if found := violation(self.before, rule) if rule else self._of_domain(table, state, said):
            self.violations.append(found)
            self._delete(connection, found.table, found.condition, found.note)
        elif not (state.startswith(("22", SYNTAX)) and self._unfit(connection, error)):
            note = f"The upgrade fails on some generated test rows: {_short(reason(error))}."
            self._clear(connection, note, self.tables)

    def _table(self, said: Any) -> str | None:
        """Return the table that an error is about; for a partition, the topmost partitioned table."""
        for item in self.before:
            if item.kind == "table" and split_name(item.identity) == (said.schema_name, said.table_name):
                return root(self.before, item.identity)
        return None

    def _rule(self, table: str, state: str, said: Any) -> Object | None:
        """Return the new rule that the rows violate: the column for NOT NULL, a constraint or a unique index."""
        if state == "23502":
            return next(
                (c for c in self.after.children(table, "column") if unquoted(c["name"]) == said.column_name), None
            )
        if state not in ("23505", "23514", "23503", "23P01"):
            return None
        for item in self.after.children(table):
            if item.kind in ("constraint", "index") and name_there(item) == said.constraint_name:
                return item if item != self.before.objects.get(item.key) else None
        return stands_for(said.constraint_name, table, self.after)

    def _of_domain(self, table: str | None, state: str, said: Any) -> Violation | None:
        """Return the violation of a new check of a column's domain."""
        columns = self.before.children(table, "column") if table and state == "23514" else []
        column = next((c for c in columns if unquoted(c["name"]) == said.column_name), None)
        checks = (i for i in self.after if column and i.kind == "domain_constraint" and i.parent == column["type"])
        new = next((check for check in checks if check != self.before.objects.get(check.key)), None)
        return domain_violation(new, column) if new and column else None

    def _valueless(self) -> Iterator[Object]:
        """Yield the new columns that are NOT NULL and give no value to existing rows."""
        for item in (item for item in self.after if item.kind == "column" and item.key not in self.before):
            domain = self.after.objects.get(("domain", item["type"]))
            given = item["default"] or item["generated"] or item["identity_kind"] or (domain and domain["default"])
            if item["not_null"] and not given and ("table", str(item.parent)) in self.before:
                yield item

    def _unfit(self, connection: Connection, error: DBAPIError) -> bool:
        """Delete rows whose value cannot be converted to a column's new type; returns whether there were any."""
        found = RETYPE.fullmatch(error.statement or "")
        if found:
            table, column, type_, using = found.groups()
            is_cast = not using or re.fullmatch(rf'{re.escape(column)}(::[\w."]+(\[\])?)+', using)
            enum = is_cast and type_.removesuffix("[]") in self._enums
            if enum and self._unlabelled(connection, table, column, type_):
                return True
            unfit = list(_tried(connection, table, type_, using or column, column))
            if unfit:
                value, why = unfit[0]
                values = ", ".join(literal(value) for value, _ in unfit)
                what = f"{shown(table)}.{column}: the upgrade fails on values such as {quoted(value)}: {why}."
                self._delete(connection, table, f"{column}::text IN ({values})", what)
                return True
        named = re.search(r'"(.*)"$', reason(error))
        for change in self._retyped() if named else ():
            value = named[1] if named else ""
            if run(connection, f"DELETE FROM {change.parent} WHERE {change['name']}::text = {literal(value)}").rowcount:
                begin = f"{shown(change.identity)}: the upgrade fails on values such as "
                if not any(note.startswith(begin) for note in self.notes):
                    self.notes.append(f"{begin}{quoted(value)}: {_short(reason(error))}.")
                return True
        return False

    @property
    def _enums(self) -> dict[str, list[str]]:
        """The labels of each enum, by its name with and without the schema `public`."""
        enums = [item for item in self.after if item.kind == "enum"]
        return {name: enum["labels"] for enum in enums for name in (enum.identity, shown(enum.identity))}

    def _unlabelled(self, connection: Connection, table: str, column: str, type_: str) -> bool:
        """Delete rows whose value is not a label of the enum `type_`; returns whether there were any."""
        enum = type_.removesuffix("[]")
        labels = f"ARRAY[{', '.join(map(literal, self._enums[enum]))}]::text[]"
        inside = f"EXISTS (SELECT FROM unnest({column}::text::text[]) AS one WHERE one <> ALL ({labels}))"
        condition = inside if type_ != enum else f"{column}::text <> ALL ({labels})"
        query = f"SELECT {column}::text FROM {table} WHERE {condition} LIMIT 1"
        value = run(connection, query).scalar()
        if value is not None:
            what = f"the upgrade fails on values such as {quoted(value)}, since {shown(enum)} has no such label."
            self._delete(connection, table, condition, f"{shown(table)}.{column}: {what}")
        return value is not None

    def _retyped(self) -> Iterator[Object]:
        for item in self.before:
            if item.kind == "column" and item.key in self.after and item.parent in self.tables and not item["of_view"]:
                yield item

    def _delete(self, connection: Connection, table: str, condition: str, note: str) -> None:
        """Delete these rows, so that the proof can go on. If a foreign key prevents that, empty the table."""
        try:
            with connection.begin_nested():
                gone = run(connection, f"DELETE FROM {table} WHERE {condition}").rowcount
        except DBAPIError:
            gone = 0
        if gone:
            self._say(note)
        else:
            self._clear(connection, note, [table])

    def _clear(self, connection: Connection, note: str, tables: Collection[str]) -> None:
        run(connection, f"TRUNCATE {', '.join(tables)} CASCADE")
        self._say(f"{note} The rest was proved without rows in {', '.join(map(shown, tables))}.")

    def _say(self, note: str) -> None:
        if note not in self.notes:
            self.notes.append(note)


def _tried(connection: Connection, table: str, type_: str, expression: str, column: str) -> Iterator[tuple[str, str]]:
    """Yield each value that an assignment to the type refuses, with PostgreSQL's reason."""
    probe = connection.begin_nested()
    try:
        run(connection, f"CREATE TEMPORARY TABLE whisper_probe (value {type_})")
        old = run(connection, f"SELECT pg_typeof({column}) FROM {table} LIMIT 1").scalar()
        if "pg_temp." in expression and (function := parsing(str(old), type_.lower())):
            run(connection, function)
        values = run(connection, f"SELECT DISTINCT {column}::text FROM {table}").scalars().all()
        for value in sorted(value for value in values if value is not None):
            one = f"SELECT {expression} FROM {table} WHERE {column}::text = {literal(value)} LIMIT 1"
            try:
                with connection.begin_nested():
                    run(connection, f"INSERT INTO whisper_probe {one}")
            except DBAPIError as error:
                yield value, _short(reason(error))
    except DBAPIError:  # the revision creates the type
        return
    finally:
        probe.rollback()


def _short(text: str) -> str:
    return text if len(text) <= 120 else f"{text[:100]}..."
