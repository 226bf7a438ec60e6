"""What a revision made of rows: which are gone, and which values are others."""

from __future__ import annotations

from collections.abc import Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass

from sqlalchemy import Connection, text

from whisper_migrate.catalog import Catalog
from whisper_migrate.names import inside, shown, split_list
from whisper_migrate.plurals import counted
from whisper_migrate.sql import run

SHORT = 40
NAME = "quote_ident(n.nspname) || '.' || quote_ident(c.relname)"
FROM = "FROM pg_catalog.pg_class AS c JOIN pg_catalog.pg_namespace AS n ON n.oid = c.relnamespace"
COLUMNS = """
SELECT quote_ident(attname), attnum FROM pg_catalog.pg_attribute
WHERE attrelid = :oid AND attnum > 0 AND NOT attisdropped"""

Name = tuple[str | None, ...]


@dataclass(frozen=True)
class Table:
    """The rows of one table, every value as text; and what tells it and its columns by other names: their numbers."""

    oid: int
    numbers: dict[str, int]
    types: dict[str, str]
    key: tuple[str, ...]
    rows: list[Name]

    def values(self, name: str, key: Sequence[str]) -> dict[Name, str | None]:
        """One column's values, each by what names its row: the columns of a key, else its place."""
        place, places = list(self.types).index(name), [list(self.types).index(part) for part in key]
        return {
            tuple(row[p] for p in places) if places else (str(number),): row[place]
            for number, row in enumerate(self.rows)
        }

    def named(self, key: Sequence[str]) -> set[Name]:
        """What names its rows."""
        first = next(iter(self.types), None)
        return {(str(number),) for number, _ in enumerate(self.rows)} if first is None else set(self.values(first, key))

    def also_in(self, other: Table) -> dict[str, str]:
        """The columns that are in both: each by its name here, with that in the other."""
        theirs = {number: name for name, number in other.numbers.items()} if self.oid == other.oid else {}
        found = {name: theirs[number] for name, number in self.numbers.items() if number in theirs}
        return found | {n: n for n in self.types if n in other.types and n not in found and n not in found.values()}

    def same(self, other: Table) -> dict[str, str]:
        """Those that are of one type, too."""
        return {a: b for a, b in self.also_in(other).items() if self.types[a] == other.types[b]}


Rows = Mapping[str, Table]


def read(connection: Connection, catalog: Catalog, tables: Collection[str]) -> Rows:
    """The rows of these tables."""
    return {table: _read(connection, catalog, table) for table in tables if ("table", table) in catalog}


def read_again(connection: Connection, catalog: Catalog, first: Rows) -> Rows:
    """The rows of the same tables after a revision, by their old names: they may have others now."""
    oids = [table.oid for table in first.values()]
    found = connection.execute(text(f"SELECT c.oid, {NAME} {FROM} WHERE c.oid = ANY (:oids)"), {"oids": oids})
    now: dict[int, str] = dict(found.all())
    there = {old: now.get(table.oid, old) for old, table in first.items()}
    return {old: _read(connection, catalog, new) for old, new in there.items() if ("table", new) in catalog}


def _read(connection: Connection, catalog: Catalog, table: str) -> Table:
    oid: int = connection.scalar(text(f"SELECT c.oid {FROM} WHERE {NAME} = :name"), {"name": table})
    numbers: dict[str, int] = dict(connection.execute(text(COLUMNS), {"oid": oid}).all())
    types = {c["name"]: c["type"] for c in catalog.children(table, "column") if c["generated"] is None}
    listed = ", ".join([f"{name}::text" for name in types] or ["NULL"])
    # Physical order outlives a rewrite of the table, though no UPDATE.
    rows = run(connection, f"SELECT {listed} FROM {table} ORDER BY tableoid, ctid").all()
    own = {name: numbers[name] for name in types}
    return Table(oid, own, types, _key(catalog, table, types), [tuple(row) for row in rows])


def _key(catalog: Catalog, table: str, known: Collection[str]) -> tuple[str, ...]:
    """The columns of the primary key, if all are among those that are `known`."""
    for constraint in catalog.children(table, "constraint"):
        if constraint["type"] == "primary key":
            names = split_list(inside(constraint["definition"]))
            return tuple(names) if set(names) <= set(known) else ()
    return ()


def changed_up(first: Rows, second: Rows) -> Iterator[str]:
    """What the upgrade lost or changed. Of another type, a value may read otherwise and be the same one."""
    for table, old in first.items():
        if new := second.get(table):
            same = old.same(new)
            key = _shared(old, same)
            if lost := len(old.named(key) - new.named([same[name] for name in key])):
                yield f"{shown(table)}: the upgrade removes {lost} of {_count(old)}."
            for name, there in same.items():
                then = new.values(there, [same[part] for part in key])
                yield from _changes("the upgrade changes", table, name, old, old.values(name, key), then)


def changed_up_and_down(first: Rows, second: Rows, third: Rows) -> Iterator[str]:
    """What is not as it was when the downgrade has taken the upgrade back."""
    for table, old in first.items():
        new, between = third[table], second.get(table)
        if between is None:
            if lost := len(old.named(old.key) - new.named(old.key)):
                yield f"{shown(table)}: the downgrade recreates the table, but not {lost} of {_count(old)}."
            continue
        same = old.same(between)
        key = _shared(old, same)
        if lost := len(between.named([same[name] for name in key]) & old.named(key) - new.named(key)):
            yield f"{shown(table)}: the downgrade removes {lost} of {_count(old)}."
        kept = old.also_in(between)
        for name in old.types:
            values, then = old.values(name, key), new.values(name, key)
            if name in kept:
                yield from _unrestored(table, name, old, values, then)
            elif any(value is not None and then.get(one) != value for one, value in values.items()):
                yield f"{shown(table)}.{name}: the downgrade recreates the column, but its data is lost."


def _shared(table: Table, same: Mapping[str, str]) -> tuple[str, ...]:
    """Its primary key, if the columns of that are on both sides."""
    return table.key if all(name in same for name in table.key) else ()


Values = Mapping[Name, str | None]


def _pairs(values: Values, then: Values) -> list[tuple[str | None, str | None]]:
    """The values that are others then, each with that."""
    return [(value, then[key]) for key, value in values.items() if key in then and then[key] != value]


def _unrestored(table: str, name: str, old: Table, values: Values, then: Values) -> Iterator[str]:
    if pairs := _pairs(values, then):
        example = " became ".join(map(quoted, pairs[0]))
        what = f"of {_count(old)}, {len(pairs)} changed ({example})"
        yield f"{shown(table)}.{name}: upgrading and downgrading does not restore every value: {what}."


def _changes(what: str, table: str, name: str, old: Table, values: Values, then: Values) -> Iterator[str]:
    if pairs := _pairs(values, then):
        example = " to ".join(map(quoted, pairs[0]))
        yield f"{shown(table)}.{name}: {what} {len(pairs)} of {_count(old)}, such as {example}."


def quoted(value: str | None) -> str:
    """A value as people say it, and only the beginning of a long one."""
    if value is None:
        return "NULL"
    return f"'{value}'" if len(value) <= SHORT else f"'{value[:SHORT]}...' ({len(value)} characters)"


def _count(table: Table) -> str:
    return counted(len(table.rows), "generated test row")
