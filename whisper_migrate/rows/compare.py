"""What a revision made of rows: which are gone, and which values are others."""

from __future__ import annotations

from collections.abc import Collection, Iterator, Mapping
from dataclasses import dataclass

from sqlalchemy import Connection, text

from whisper_migrate.catalog import Catalog
from whisper_migrate.names import shown, split_list

Rows = Mapping[str, "Table"]
SHORT = 40


@dataclass(frozen=True)
class Table:
    """The rows of one table, every value as text, each by what names it: its primary key, else its place."""

    names: tuple[str, ...]
    rows: dict[tuple[str | None, ...], tuple[str | None, ...]]

    def values(self, name: str) -> dict[tuple[str | None, ...], str | None]:
        """One column's values."""
        place = self.names.index(name)
        return {key: row[place] for key, row in self.rows.items()}


def read(connection: Connection, catalog: Catalog, other: Catalog, tables: Collection[str]) -> Rows:
    """The rows of these tables as `catalog` has them, to be compared with those of `other`."""
    return {table: _read(connection, catalog, other, table) for table in tables if ("table", table) in catalog}


def _read(connection: Connection, catalog: Catalog, other: Catalog, table: str) -> Table:
    names = tuple(c["name"] for c in catalog.children(table, "column") if c["generated"] is None)
    key = _key(catalog, other, table)
    listed = ", ".join([f"{name}::text" for name in names] or ["NULL"]).replace(":", r"\:")
    # Physical order outlives a rewrite of the table, though no UPDATE.
    found = connection.execute(text(f"SELECT {listed} FROM {table} ORDER BY tableoid, ctid")).all()
    places = [names.index(name) for name in key]
    return Table(
        names, {tuple(row[p] for p in places) if key else (str(n),): tuple(row) for n, row in enumerate(found)}
    )


def _key(catalog: Catalog, other: Catalog, table: str) -> list[str]:
    """The columns of the primary key, if they are the same ones on both sides."""
    for constraint in catalog.children(table, "constraint"):
        if constraint["type"] == "primary key":
            names = split_list(constraint["definition"].partition("(")[2].partition(")")[0])
            columns = [("column", f"{table}.{name}") for name in names]
            if all(c in catalog and c in other and catalog[c]["type"] == other[c]["type"] for c in columns):
                return names
    return []


def changed_up(first: Rows, second: Rows, before: Catalog, after: Catalog) -> Iterator[str]:
    """What the upgrade lost or changed. Of another type, a value may read otherwise and be the same one."""
    for table, old in first.items():
        if table not in second:
            continue
        new = second[table]
        if lost := len(old.rows.keys() - new.rows.keys()):
            yield f"{shown(table)}: the upgrade removes {lost} of {_count(old)}."
        for name in old.names:
            column = ("column", f"{table}.{name}")
            if name in new.names and before[column]["type"] == after[column]["type"]:
                yield from _changes("the upgrade changes", table, name, old, new)


def changed_up_and_down(first: Rows, second: Rows, third: Rows) -> Iterator[str]:
    """What is not as it was when the downgrade has taken the upgrade back."""
    for table, old in first.items():
        new = third[table]
        if table not in second:  # it may have another name there
            if lost := len(old.rows.keys() - new.rows.keys()):
                yield f"{shown(table)}: the downgrade brings it back without {lost} of {_count(old)}."
            continue
        if lost := len(second[table].rows.keys() & old.rows.keys() - new.rows.keys()):
            yield f"{shown(table)}: the downgrade removes {lost} of {_count(old)}."
        for name in old.names:
            if name not in second[table].names:
                kept = new.values(name)
                count = sum(value is not None and kept.get(key) != value for key, value in old.values(name).items())
                if count:
                    yield f"{shown(table)}.{name}: the downgrade brings it back without the values of {count} rows."
            else:
                yield from _changes("up and down change", table, name, old, new)


def _changes(what: str, table: str, name: str, old: Table, new: Table) -> Iterator[str]:
    then = new.values(name)
    pairs = [(value, then[key]) for key, value in old.values(name).items() if key in then and then[key] != value]
    if pairs:
        example = " to ".join(map(quoted, pairs[0]))
        yield f"{shown(table)}.{name}: {what} {len(pairs)} of {_count(old)}, such as {example}."


def quoted(value: str | None) -> str:
    """A value as people say it, and only the beginning of a long one."""
    if value is None:
        return "NULL"
    return f"'{value}'" if len(value) <= SHORT else f"'{value[:SHORT]}...' ({len(value)} characters)"


def _count(table: Table) -> str:
    return f"{len(table.rows)} row{'s' if len(table.rows) > 1 else ''}"
