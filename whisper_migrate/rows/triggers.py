"""Find functions that fail when a row is written: those that triggers, rules, defaults and checks call."""

from __future__ import annotations

import re
from collections.abc import Collection, Iterable, Iterator, Sequence
from contextlib import suppress
from dataclasses import dataclass
from typing import Any

from sqlalchemy import Connection
from sqlalchemy.exc import DBAPIError

from whisper_migrate.catalog.model import Catalog, Object, diff
from whisper_migrate.catalog.names import joined, plain_name, shown, split_name, split_names
from whisper_migrate.catalog.sql import literal, run
from whisper_migrate.errors import reason
from whisper_migrate.project.project import Project
from whisper_migrate.rows.fill import put

# SQLSTATEs of mistakes in a function: a syntax error, a missing object, a missing or wrong result of a trigger
# function, a statement that functions may not run, a recursion without end. A violated constraint has another class, a
# RAISE another context.
MISTAKES = re.compile("42(?!501)|2F005|39|0A|54001")
# The message of a value that a type does not take. In a LIST an INSERT names its columns.
UNFIT = re.compile(r'(?:invalid input |malformed |date/time field value out of range).*: "(.+)"')
LIST = re.compile(r'\binsert\s+into\s+([\w."]+)\s*(?:as\s+\w+\s*)?\(([^()]*)\)', re.IGNORECASE)
LEFT_OUT = "23502"  # a NULL in a NOT NULL column
IN_FUNCTION = re.compile(r"^(?:PL/\w+|SQL) (?:function|procedure).*$", re.MULTILINE)
SETTING_OF_A_SESSION = "guc.c"  # the source file of the error for an unknown setting: the application sets it
TEMPORARY = "pg_temp."  # the application also creates its temporary tables
MOST_NAMES = 4
DELETED = 3  # rows, one after the other: some may be referenced by others
COLUMNS = """
SELECT quote_ident(a.attname), a.atthasdef OR a.attidentity <> '', a.attidentity <> ''
FROM pg_catalog.pg_attribute AS a
WHERE a.attrelid = {relation}::regclass AND a.attnum > 0 AND NOT a.attisdropped AND a.attgenerated = ''
ORDER BY a.attnum"""
# The tables that a view reads, directly or through other views.
READ_BY_VIEW = """
WITH RECURSIVE read (oid) AS (
    SELECT {relation}::regclass::oid
    UNION
    SELECT d.refobjid FROM read
    JOIN pg_catalog.pg_rewrite AS r ON r.ev_class = read.oid
    JOIN pg_catalog.pg_depend AS d ON d.classid = 'pg_catalog.pg_rewrite'::regclass AND d.objid = r.oid
    WHERE d.refclassid = 'pg_catalog.pg_class'::regclass
)
SELECT quote_ident(n.nspname) || '.' || quote_ident(c.relname)
FROM read JOIN pg_catalog.pg_class AS c USING (oid) JOIN pg_catalog.pg_namespace AS n ON n.oid = c.relnamespace
WHERE c.relkind IN ('r', 'p')"""
TRUNCATES = (
    "SELECT EXISTS (SELECT FROM pg_catalog.pg_trigger WHERE tgrelid = {relation}::regclass AND tgtype & 32 <> 0)"
)


@dataclass(frozen=True)
class Broken:
    """Writing a row to a table or view calls a function that fails: the write (`inserting a row`), reason and place."""

    relation: str
    verb: str
    why: str
    context: str

    def was_in(self, earlier: Collection[Broken]) -> bool:
        """Whether an earlier failure has the same relation and reason."""
        return any((one.relation, one.why) == (self.relation, self.why) for one in earlier)


def descriptions(found: Collection[Broken]) -> list[str]:
    """Return a sentence for each function and reason, with the relations and the kinds of write where it fails."""
    groups: dict[tuple[str, str], list[Broken]] = {}
    for one in found:
        groups.setdefault((one.context, one.why), []).append(one)
    return [
        f"{_named(one.relation for one in group)}: {' or '.join(dict.fromkeys(one.verb for one in group))}"
        f" fails in {context}: {why}."
        for (context, why), group in groups.items()
    ]


def _named(relations: Iterable[str]) -> str:
    names = [shown(name) for name in dict.fromkeys(relations)]
    more = [f"{len(names) - MOST_NAMES} more"] if len(names) > MOST_NAMES + 1 else []
    return joined([*names[:MOST_NAMES], *more] if more else names)


def reached(before: Catalog, after: Catalog) -> set[str]:
    """Return the tables and views of `after` where writing a row may call a function that a change affects.

    A change affects each function that it creates or alters, or that contains the name of a changed object or of a
    table whose columns, constraints or indexes change. A function that calls an affected function is affected too, and
    so are all triggers and rules of a table that changes or has a column of a changed type.
    """
    changes = diff(before, after)
    names = {plain_name(change.object).lower() for change in changes if change.object.kind not in ("comment", "grant")}
    parts = (change.object for change in changes if change.object.kind in ("column", "constraint", "index"))
    names |= {split_name(part.parent)[1].lower() for part in parts if part.parent}
    changed = {str(change.object.parent or change.object.identity) for change in changes}
    columns = (item for item in after if item.kind == "column")
    tables = changed | {str(one.parent) for one in columns if one["type"].removesuffix("[]") in changed}
    words = {item: _words(item["body"]) for item in after if item.kind == "function"}
    affected = {plain_name(change.object).lower() for change in changes if change.object.kind == "function"}
    while more := {
        name
        for item, said in words.items()
        if said & (names | affected) and (name := plain_name(item).lower()) not in affected
    }:
        affected |= more
    found = set()
    for item in after:
        runs = _runs(item)
        if runs and (_words(runs) & affected or (item.parent in tables and item.kind in ("trigger", "rule"))):
            found.add(str(item.parent))
    return found


def _words(sql: str) -> set[str]:
    return {word.lower() for word in re.findall(r"\w+", sql)}


def _runs(item: Object) -> str:
    """Return the SQL of an object that runs when a row is written; "" if none."""
    if item.kind in ("trigger", "rule"):
        return "" if item["state"] == "DISABLE" else str(item["definition"])
    if item.kind == "column" and not item["of_view"]:
        return f"{item['default'] or ''} {item['generated'] or ''}"
    return str(item["definition"]) if item.kind == "constraint" and item["type"] == "check" else ""


def broken(connection: Connection, project: Project, catalog: Catalog, relations: Collection[str]) -> list[Broken]:
    """Insert, update and delete rows of `relations` in a shadow of `catalog`, roll back, and return the failures.

    Names are resolved with the project's search_path.
    """
    found: dict[Broken, None] = {}
    for relation in sorted(relations):
        trial = connection.begin_nested()
        try:
            run(connection, project.session)
            found |= dict.fromkeys(_Writer(connection, catalog, relation).tried())
        except DBAPIError:  # the relation cannot even be read
            continue
        finally:
            trial.rollback()
    return list(found)


class _Writer:
    """Writes rows of one table or view; each write starts from the same state."""

    def __init__(self, connection: Connection, catalog: Catalog, relation: str) -> None:
        self.connection = connection
        self.relation = relation
        self.is_table = ("table", relation) in catalog
        name = literal(relation)
        found: Any = run(connection, COLUMNS.format(relation=name)).all()
        self.columns: list[tuple[str, bool, bool]] = [tuple(row) for row in found]
        self.truncates = bool(run(connection, TRUNCATES.format(relation=name)).scalar())
        self.rows = self._rows()
        if not self.rows:
            read = [relation] if self.is_table else run(connection, READ_BY_VIEW.format(relation=name)).scalars().all()
            put(connection, catalog, read, catalog)
            with suppress(DBAPIError), connection.begin_nested():
                run(connection, "SET LOCAL session_replication_role = origin")
            self.rows = self._rows()

    def _rows(self) -> Sequence[Any]:
        place = "tableoid, ctid::text" if self.is_table else "0, NULL"
        listed = "".join(f", {name}::text" for name, *_ in self.columns)
        return run(self.connection, f"SELECT {place}{listed} FROM {self.relation} LIMIT {DELETED}").all()

    def tried(self) -> Iterator[Broken]:
        for verb, *statements in self._statements():
            trial, failed = self.connection.begin_nested(), None
            try:
                for statement in statements:
                    run(self.connection, statement)
                run(self.connection, "SET CONSTRAINTS ALL IMMEDIATE")
            except DBAPIError as error:
                failed = error
            finally:
                trial.rollback()
            if failed and (context := _mistake(failed) or _own_words(self.connection, failed)):
                yield Broken(self.relation, verb, reason(failed), context)

    def _statements(self) -> Iterator[tuple[str, ...]]:
        names = [name for name, *_ in self.columns]
        for row in self.rows[:1]:
            yield "inserting a row", *self._removed(row), self._insert(dict(zip(names, row[2:], strict=True)))
            plain = [name for name, has_default, _ in self.columns if not has_default]
            yield (
                "inserting a row",
                self._insert({name: value for name, value in zip(names, row[2:], strict=True) if name in plain}),
            )
            free = [name for name, _, is_identity in self.columns if not is_identity]
            if free:
                same = ", ".join(f"{name} = {name}" for name in free)
                yield "updating a row", f"UPDATE {self.relation} SET {same}{self._where(row)}"
            for name in free:
                other = (
                    f"SELECT o.{name} FROM {self.relation} AS o WHERE o.{name} IS DISTINCT FROM {self.relation}.{name}"
                )
                yield (
                    "updating a row",
                    f"UPDATE {self.relation} SET {name} = ({other} ORDER BY 1 NULLS LAST LIMIT 1){self._where(row)}",
                )
        if not self.rows:
            yield "inserting a row", f"INSERT INTO {self.relation} DEFAULT VALUES"
        for row in self.rows:
            yield "deleting a row", f"DELETE FROM {self.relation}{self._where(row)}"
        if self.truncates:
            yield "truncating the table", f"TRUNCATE {self.relation} CASCADE"

    def _removed(self, row: Any) -> list[str]:
        """Return the statements that delete a row without firing triggers, so that it can be inserted again."""
        if not (self.is_table and _may_hide(self.connection)):
            return []
        role = "SET LOCAL session_replication_role ="
        return [f"{role} replica", f"DELETE FROM {self.relation}{self._where(row)}", f"{role} origin"]

    def _insert(self, row: dict[str, str | None]) -> str:
        if not row:
            return f"INSERT INTO {self.relation} DEFAULT VALUES"
        always = any(is_identity for name, _, is_identity in self.columns if name in row)
        values = ", ".join("NULL" if value is None else literal(value) for value in row.values())
        overriding = " OVERRIDING SYSTEM VALUE" if always else ""
        return f"INSERT INTO {self.relation} ({', '.join(row)}){overriding} VALUES ({values})"

    def _where(self, row: Any) -> str:
        return f" WHERE tableoid = {row[0]} AND ctid = {literal(row[1])}" if self.is_table else ""


def _may_hide(connection: Connection) -> bool:
    try:
        with connection.begin_nested():
            run(connection, "SET LOCAL session_replication_role = origin")
        return True
    except DBAPIError:
        return False


def _mistake(error: DBAPIError) -> str | None:
    """Return the function in which a mistake caused the error.

    None for a RAISE, for a refused row, and for an error that the application's settings or temporary tables would
    avoid.
    """
    said: Any = getattr(error.orig, "diag", None)
    context = str(getattr(said, "context", None) or "")
    found = IN_FUNCTION.search(context)
    state = str(getattr(error.orig, "pgcode", ""))
    if not found or not MISTAKES.match(state) or context.partition("\n")[0].endswith(" at RAISE"):
        return None
    if said.source_file == SETTING_OF_A_SESSION or TEMPORARY in str(said.message_primary):
        return None
    return found[0]


def _own_words(connection: Connection, error: DBAPIError) -> str | None:
    """Return the function whose own text makes every write fail, and None if a row's values are the cause.

    The text has the value that a type does not take, or has an INSERT without a column that is NOT NULL.
    """
    said: Any = getattr(error.orig, "diag", None)
    found = IN_FUNCTION.search(str(getattr(said, "context", None) or ""))
    unfit = UNFIT.fullmatch(str(getattr(said, "message_primary", None) or ""))
    left_out = getattr(error.orig, "pgcode", None) == LEFT_OUT
    if not found or not (unfit or left_out):
        return None
    named = (
        "SELECT coalesce(prosrc, '') FROM pg_catalog.pg_proc"
        f" WHERE oid >= 16384 AND strpos({literal(found[0])}, proname) > 0"
    )
    texts = run(connection, named).scalars().all()
    if unfit:
        return found[0] if any(literal(unfit[1]) in text for text in texts) else None
    lists = [listed for text in texts for listed in LIST.findall(text)]
    missing = [columns for table, columns in lists if split_names(table)[-1:] == [said.table_name]]
    return found[0] if any(said.column_name not in split_names(columns) for columns in missing) else None
