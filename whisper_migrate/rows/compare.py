"""Compare rows before and after a revision: the rows that are missing, and the values that differ."""

from __future__ import annotations

from collections import Counter
from collections.abc import Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass

from sqlalchemy import Connection, text

from whisper_migrate.catalog.model import Catalog
from whisper_migrate.catalog.names import inside, shown, split_list
from whisper_migrate.catalog.sql import run
from whisper_migrate.wording.plurals import counted

SHORT = 40
NAME = "quote_ident(n.nspname) || '.' || quote_ident(c.relname)"
FROM = "FROM pg_catalog.pg_class AS c JOIN pg_catalog.pg_namespace AS n ON n.oid = c.relnamespace"
COLUMNS = """
SELECT quote_ident(attname), attnum FROM pg_catalog.pg_attribute
WHERE attrelid = :oid AND attnum > 0 AND NOT attisdropped"""

Name = tuple[str | None, ...]


@dataclass(frozen=True)
class Table:
    """The rows of one table, each value as text.

    The table's `oid` and its columns' attribute `numbers` identify them after a rename. The values of a `generated`
    column are no data, unless the column is plain in the other table of a comparison.
    """

    oid: int
    numbers: dict[str, int]
    types: dict[str, str]
    key: tuple[str, ...]
    rows: list[Name]
    generated: frozenset[str] = frozenset()

    def values(self, name: str, key: Sequence[str]) -> dict[Name, str | None]:
        """Return a column's value for each row, identified by its values of `key` or, without a key, its position."""
        place, places = list(self.types).index(name), [list(self.types).index(part) for part in key]
        return {
            tuple(row[p] for p in places) if places else (str(number),): row[place]
            for number, row in enumerate(self.rows)
        }

    def named(self, key: Sequence[str]) -> set[Name]:
        """Return the identifiers of all rows, as in `values`."""
        first = next(iter(self.types), None)
        return {(str(number),) for number, _ in enumerate(self.rows)} if first is None else set(self.values(first, key))

    def is_replaced(self, other: Table, key: Sequence[str]) -> bool:
        """Whether `other` is another table of the same name, and no key tells which of its rows was which."""
        return self.oid != other.oid and not key

    def also_in(self, other: Table) -> dict[str, str]:
        """Return the columns that both tables have and that are plain in the other.

        Returns each name in this table, with its name in the other.
        """
        theirs = {number: name for name, number in other.numbers.items()} if self.oid == other.oid else {}
        found = {name: theirs[number] for name, number in self.numbers.items() if number in theirs}
        found |= {n: n for n in self.types if n in other.types and n not in found and n not in found.values()}
        return {name: there for name, there in found.items() if there not in other.generated}

    def same(self, other: Table) -> dict[str, str]:
        """Return the columns that both tables have with the same type."""
        return {a: b for a, b in self.also_in(other).items() if self.types[a] == other.types[b]}


Rows = Mapping[str, Table]


def read(connection: Connection, catalog: Catalog, tables: Collection[str]) -> Rows:
    """Read the rows of these tables."""
    return {table: _read(connection, catalog, table) for table in sorted(tables) if ("table", table) in catalog}


def read_again(connection: Connection, catalog: Catalog, first: Rows) -> Rows:
    """Read the rows of the same tables after a revision, by their old names: the revision may have renamed them."""
    oids = [table.oid for table in first.values()]
    found = connection.execute(text(f"SELECT c.oid, {NAME} {FROM} WHERE c.oid = ANY (:oids)"), {"oids": oids})
    now: dict[int, str] = dict(found.all())
    there = {old: now.get(table.oid, old) for old, table in first.items()}
    return {old: _read(connection, catalog, new) for old, new in there.items() if ("table", new) in catalog}


def _read(connection: Connection, catalog: Catalog, table: str) -> Table:
    oid: int = connection.scalar(text(f"SELECT c.oid {FROM} WHERE {NAME} = :name"), {"name": table})
    numbers: dict[str, int] = dict(connection.execute(text(COLUMNS), {"oid": oid}).all())
    columns = [c for c in catalog.children(table, "column") if c["generated_kind"] != "VIRTUAL"]  # may fail on a row
    types = {c["name"]: c["type"] for c in columns}
    generated = frozenset(c["name"] for c in columns if c["generated"] is not None)
    listed = ", ".join([f"{name}::text" for name in types] or ["NULL"])
    # A rewrite of the table keeps the physical order of rows; an UPDATE does not.
    rows = run(connection, f"SELECT {listed} FROM {table} ORDER BY tableoid, ctid").all()
    own = {name: numbers[name] for name in types}
    key = _key(catalog, table, types.keys() - generated)
    return Table(oid, own, types, key, [tuple(row) for row in rows], generated)


def _key(catalog: Catalog, table: str, known: Collection[str]) -> tuple[str, ...]:
    """Return the columns of the primary key if all are in `known`, else none."""
    for constraint in catalog.children(table, "constraint"):
        if constraint["type"] == "primary key":
            names = split_list(inside(constraint["definition"]))
            return tuple(names) if set(names) <= set(known) else ()
    return ()


def changed_up(first: Rows, second: Rows) -> Iterator[str]:
    """Yield the rows and values that the upgrade lost or changed.

    Columns whose type changed are skipped: an equal value may be printed differently.
    """
    for table, old in first.items():
        if new := second.get(table):
            same = old.same(new)
            key, new_key = _shared(old, new)
            if old.is_replaced(new, key):
                yield from _unmatched("the upgrade replaces the table, and", table, old, new, same)
                continue
            if lost := len(old.named(key) - new.named(new_key)):
                yield f"{shown(table)}: the upgrade removes {lost} of {_count(old)}."
            for name, there in same.items():
                pairs = _pairs(old.values(name, key), new.values(there, new_key), key)
                yield from _changes("the upgrade changes", table, name, old, pairs)


def changed_up_and_down(first: Rows, second: Rows, third: Rows) -> Iterator[str]:
    """Yield the rows and values that differ after an upgrade and its downgrade."""
    for table, old in first.items():
        new, between = third[table], second.get(table)
        if between is None:
            if lost := len(old.named(old.key) - new.named(old.key)):
                yield f"{shown(table)}: the downgrade recreates the table, but not {lost} of {_count(old)}."
            continue
        key, new_key = _shared(old, between)
        if old.is_replaced(between, key):
            words = "an upgrade and its downgrade replace the table, and"
            yield from _unmatched(words, table, old, new, old.same(new))
            continue
        if lost := len(between.named(new_key) & old.named(key) - new.named(key)):
            yield f"{shown(table)}: the downgrade removes {lost} of {_count(old)}."
        kept = old.also_in(between)
        for name in (name for name in old.types if name not in old.generated):
            values, then = old.values(name, key), new.values(name, key)
            if name in kept:
                yield from _unrestored(table, name, old, _pairs(values, then, key))
            else:
                yield from _not_brought_back(table, name, old, values, then)


def _unmatched(what: str, table: str, old: Table, new: Table, same: Mapping[str, str]) -> Iterator[str]:
    """Yield the columns whose values the new table lacks, whichever rows they are in."""
    for name, there in same.items():
        values = Counter(old.values(name, ()).values())
        if missing := values - Counter(new.values(there, ()).values()):
            lost, example = f"{missing.total()} of {_count(old)}", quoted(next(iter(missing)))
            yield f"{shown(table)}.{name}: {what} {lost} had a value that it lacks, such as {example}."


def _shared(old: Table, new: Table) -> tuple[tuple[str, ...], tuple[str, ...]]:
    """Return the primary key by its old and new names if it tells which row is which on both sides, else nothing.

    If a column of the key changes its type, it does so only where all its values are printed as before.
    """
    kept, same = old.also_in(new), old.same(new)
    if not all(name in kept for name in old.key):
        return (), ()
    there = tuple(kept[name] for name in old.key)
    is_told = all(name in same for name in old.key) or old.named(old.key) == new.named(there)
    return (old.key, there) if is_told else ((), ())


Values = Mapping[Name, str | None]
Pairs = Sequence[tuple[str | None, str | None]]


def _pairs(values: Values, then: Values, key: Sequence[str]) -> Pairs:
    """Return each value that differs, with its new value. Without a key, the order of rows says nothing."""
    if key:
        return [(value, then[name]) for name, value in values.items() if name in then and then[name] != value]
    old, new = Counter(values.values()), Counter(then.values())
    return list(zip((old - new).elements(), (new - old).elements(), strict=False))


def _unrestored(table: str, name: str, old: Table, pairs: Pairs) -> Iterator[str]:
    if pairs:
        example = " became ".join(map(quoted, pairs[0]))
        what = f"of {_count(old)}, {len(pairs)} changed ({example})"
        yield f"{shown(table)}.{name}: upgrading and downgrading does not restore every value: {what}."


def _not_brought_back(table: str, name: str, old: Table, values: Values, then: Values) -> Iterator[str]:
    """Yield whether a column that the downgrade creates again lacks all of its values, or only some."""
    held = {key: value for key, value in values.items() if value is not None}
    if pairs := [(value, then.get(key)) for key, value in held.items() if then.get(key) != value]:
        what = "its data is lost"
        if len(pairs) < len(held):
            example = " became ".join(map(quoted, pairs[0]))
            what = f"not every value: of {_count(old)}, {len(pairs)} changed ({example})"
        yield f"{shown(table)}.{name}: the downgrade recreates the column, but {what}."


def _changes(what: str, table: str, name: str, old: Table, pairs: Pairs) -> Iterator[str]:
    if pairs:
        example = " to ".join(map(quoted, pairs[0]))
        yield f"{shown(table)}.{name}: {what} {len(pairs)} of {_count(old)}, such as {example}."


def quoted(value: str | None) -> str:
    """Return a value in quotes, or NULL; a long value is cut off."""
    if value is None:
        return "NULL"
    return f"'{value}'" if len(value) <= SHORT else f"'{value[:SHORT]}...' ({len(value)} characters)"


def _count(table: Table) -> str:
    return counted(len(table.rows), "generated test row")
