"""Reads a database's catalog, every kind with one query, and lets PostgreSQL print what it finds."""

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import replace
from functools import lru_cache
from types import ModuleType
from typing import Any

from sqlalchemy import Connection, text

from whisper_migrate.catalog import Address, Catalog, Key, Object
from whisper_migrate.objects import ATTACHED, KINDS

# Tables that tell where the history stands: about the schema, not part of it.
BOOKKEEPING = frozenset({"alembic_version", "whisper_ledger"})

# PostgreSQL's own objects, those that initdb makes, have lower OIDs.
FIRST_OID = 16384

# What a kind's query says about where an object is; every other column of it is an attribute.
RESERVED = ("oid", "subid", "parent", "identity", "class", "derived")

# Type codes of the arrays that psycopg2 gives as lists: bool, name, char, int2, int4, int8, oid, text.
LISTS = frozenset({1000, 1003, 1002, 1005, 1007, 1016, 1028, 1009})

# PostgreSQL prints constants and names as these settings say, so every inspection runs under the same ones,
# whatever the role or the database has set. (pg_dump does the same; jit only costs on catalog queries.)
SETTINGS = {
    "search_path": "",
    "DateStyle": "ISO, YMD",
    "IntervalStyle": "postgres",
    "TimeZone": "UTC",
    "bytea_output": "hex",
    "extra_float_digits": "3",
    "lc_monetary": "C",
    "quote_all_identifiers": "off",
    "jit": "off",
}


def inspect(connection: Connection, *, requires: bool = False) -> Catalog:
    """Read the catalog of the database behind `connection`; with `requires`, also what depends on what.

    Only reads, inside the caller's transaction, and leaves the session's settings as they were. One query per kind.
    """
    savepoint = connection.begin_nested()
    try:
        settings = ", ".join(f"set_config('{name}', '{value}', true)" for name, value in SETTINGS.items())
        connection.execute(text(f"SELECT {settings}"))
        version = int(connection.scalar(text("SHOW server_version_num"))) // 10000
        members = _extension_members(connection)
        objects: dict[Key, Object] = {}
        implied: set[Key] = set()
        unreadable: list[str] = []
        owners: dict[Address, Object] = {}
        for kind, module in KINDS.items():
            query = module.query(version) if hasattr(module, "query") else module.QUERY
            reason = module.unreadable(connection) if hasattr(module, "unreadable") else None
            if reason is not None:
                unreadable += [reason] if reason else []
                query = module.readable(version)
            found = _read(connection, kind, module, query)
            if kind in ATTACHED:
                owners = owners or {item.address: item for item in objects.values()}
                found = _attach(found, owners)
            goes_without_saying = getattr(module, "implied", None)
            for item in found:
                if item.address[:2] in members or _is_left_out(item.parent or item.identity):
                    continue
                if goes_without_saying and goes_without_saying(item):
                    implied.add(item.key)
                else:
                    objects[kind, item.identity] = item
        if requires:
            from whisper_migrate.requires import read_requires

            needed = read_requires(connection, objects)
            return Catalog(objects, version, tuple(unreadable), needed, frozenset(implied))
        return Catalog(objects, version, tuple(unreadable), implied=frozenset(implied))
    finally:
        savepoint.rollback()


def _read(connection: Connection, kind: str, module: ModuleType, query: str) -> Iterator[Object]:
    cursor: Any = connection.connection.cursor()
    cursor.execute(query)
    names = [column.name for column in cursor.description]
    places = (names.index(name) if name in names else None for name in RESERVED)
    oid, subid, parent, identity, catalog, derived = places
    kept = [number for number, name in enumerate(names) if name not in RESERVED]
    lists = [number for number in kept if cursor.description[number].type_code in LISTS]
    fields = tuple(names[number] for number in kept)
    constant = getattr(module, "CATALOG", "")
    for row in cursor:
        if lists:
            row = [tuple(value) if type(value) is list else value for value in row]
        yield Object(
            kind,
            row[identity],
            None if parent is None else row[parent],
            (constant if catalog is None else row[catalog], row[oid], 0 if subid is None else row[subid]),
            fields,
            tuple([row[number] for number in kept]),
            derived is not None and row[derived],
        )
    cursor.close()


def _attach(found: Iterable[Object], owners: Mapping[Address, Object]) -> Iterator[Object]:
    """Comments and grants live with what they are on; those on something that is left out are left out with it.

    Those on what initdb made (a language) have nothing here to live with.
    """
    for item in found:
        kind, oid, _ = item.address
        if owner := owners.get(item.address) or owners.get((kind, oid, 0)):
            yield replace(item, parent=owner.parent or owner.identity)
        elif oid < FIRST_OID:
            yield item


def _extension_members(connection: Connection) -> set[tuple[str, int]]:
    rows = connection.execute(
        text("SELECT classid::regclass::text, objid FROM pg_catalog.pg_depend WHERE deptype = 'e' AND objid >= :first"),
        {"first": FIRST_OID},
    )
    return {(name, oid) for name, oid in rows}


@lru_cache(maxsize=8)
def _is_left_out(relation: str) -> bool:
    return relation.startswith("pg_temp") or relation.rpartition(".")[2] in BOOKKEEPING
