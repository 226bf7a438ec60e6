"""Reads a database's catalog, every kind with one query, and lets PostgreSQL print what it finds."""

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import replace
from types import ModuleType
from typing import Any

from sqlalchemy import Connection, text

from whisper_migrate.catalog import Catalog, Key, Object
from whisper_migrate.objects import KINDS

# Tables that tell where the history stands: about the schema, not part of it.
BOOKKEEPING = frozenset({"alembic_version", "whisper_ledger"})

# What a kind's query says about where an object is; every other column of it is an attribute.
RESERVED = ("class", "oid", "subid", "parent", "identity")

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
    "row_security": "off",
    "jit": "off",
}


def inspect(connection: Connection, *, requires: bool = False) -> Catalog:
    """Read the catalog of the database behind `connection`; with `requires`, also what depends on what.

    Only reads, inside the caller's transaction, and leaves the session's settings as they were. One query per kind.
    """
    savepoint = connection.begin_nested()
    try:
        for name, value in SETTINGS.items():
            connection.execute(
                text("SELECT pg_catalog.set_config(:name, :value, true)"), {"name": name, "value": value}
            )
        version = int(connection.scalar(text("SHOW server_version_num"))) // 10000
        members = _extension_members(connection)
        objects: dict[Key, Object] = {}
        unreadable: list[str] = []
        for kind, module in KINDS.items():
            needs = getattr(module, "unreadable", None)
            if needs and (reason := needs(connection)):
                unreadable.append(reason)
                continue
            found = _read(connection, kind, module, version)
            if getattr(module, "ATTACHED", False):
                found = _attach(found, objects)
            for item in found:
                if item.address[:2] not in members and not _is_left_out(item):
                    objects[item.key] = item
        if requires:
            from whisper_migrate.requires import read_requires

            return Catalog(objects, version, tuple(unreadable), read_requires(connection, objects))
        return Catalog(objects, version, tuple(unreadable))
    finally:
        savepoint.rollback()


def _read(connection: Connection, kind: str, module: ModuleType, version: int) -> Iterator[Object]:
    cursor: Any = connection.connection.cursor()
    cursor.execute(module.query(version) if hasattr(module, "query") else module.QUERY)
    names = [column[0] for column in cursor.description]
    place = [names.index(name) if name in names else None for name in RESERVED]
    kept = [number for number, name in enumerate(names) if name not in RESERVED]
    fields = tuple(names[number] for number in kept)
    for row in cursor:
        catalog, oid, subid, parent, identity = (None if number is None else row[number] for number in place)
        values = tuple(tuple(v) if isinstance(v, list) else v for v in (row[number] for number in kept))
        yield Object(
            kind, str(identity), parent, (str(catalog or module.CATALOG), int(oid or 0), subid or 0), fields, values
        )
    cursor.close()


def _attach(found: Iterable[Object], objects: Mapping[Key, Object]) -> Iterator[Object]:
    """Comments and grants live with what they are on; those on something that is left out are left out with it."""
    owners = {item.address: item for item in objects.values()}
    for item in found:
        kind, oid, _ = item.address
        if owner := owners.get(item.address) or owners.get((kind, oid, 0)):
            yield replace(item, parent=owner.parent or owner.identity)


def _extension_members(connection: Connection) -> set[tuple[str, int]]:
    rows = connection.execute(
        text("SELECT classid::regclass::text, objid FROM pg_catalog.pg_depend WHERE deptype = 'e'")
    )
    return {(name, oid) for name, oid in rows}


def _is_left_out(item: Object) -> bool:
    relation = item.parent or item.identity
    return relation.startswith("pg_temp") or relation.rpartition(".")[2] in BOOKKEEPING
