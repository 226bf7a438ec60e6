"""Foreign keys with their cardinality, as diagrams and pages show them."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

from whisper_migrate.catalog.model import Catalog, Object
from whisper_migrate.catalog.names import inside, split_list
from whisper_migrate.objects import TABLES

UNIQUE = ("primary key", "unique")


@dataclass(frozen=True)
class Reference:
    """A foreign key from `table` to `target`.

    `optional`: a row may refer to none, because a column of the foreign key may be NULL. `single`: at most one row
    refers to each row of the target, because the columns are unique.
    """

    constraint: Object
    table: Object
    target: Object
    columns: tuple[str, ...]
    optional: bool
    single: bool

    @property
    def cardinality(self) -> str:
        """The number of rows on both sides in words: `many to one`."""
        return f"{'at most one' if self.single else 'many'} to {'at most one' if self.optional else 'one'}"


def references(catalog: Catalog) -> Iterator[Reference]:
    """Yield every foreign key between two tables of the catalog, except those that a partition has from its parent."""
    tables = {item.identity: item for item in catalog if item.kind in TABLES}
    for item in catalog:
        if item.kind != "constraint" or item["type"] != "foreign key" or item.derived or item.parent not in tables:
            continue
        table = tables[item.parent]
        columns = key_columns(catalog, item)
        needed = (catalog.objects.get(key) for key in catalog.requires.get(item.key, ()))
        others = sorted({str(one.parent or one.identity) for one in needed if one} & tables.keys() - {table.identity})
        target = tables[others[0]] if others else table
        nullable = {one["name"] for one in catalog.children(table.identity, "column") if not one["not_null"]}
        unique = any(set(key) <= set(columns) for key in unique_keys(catalog, table))
        yield Reference(item, table, target, columns, bool(nullable.intersection(columns)), unique)


def key_columns(catalog: Catalog, constraint: Object) -> tuple[str, ...]:
    """Return the columns of a primary, unique or foreign key, still quoted."""
    columns = {one["name"] for one in catalog.children(str(constraint.parent), "column")}
    return tuple(name for name in split_list(inside(constraint["definition"])) if name in columns)


def unique_keys(catalog: Catalog, table: Object) -> list[tuple[str, ...]]:
    """Return the columns of each primary key and unique constraint of a table."""
    found = catalog.children(table.identity, "constraint")
    return [key_columns(catalog, item) for item in found if item["type"] in UNIQUE]
