"""Read a database's catalog: one query for each kind, with definitions as PostgreSQL prints them."""

import re
import zlib
from collections import deque
from collections.abc import Iterable, Iterator, Mapping
from concurrent.futures import ThreadPoolExecutor
from functools import lru_cache
from operator import is_, itemgetter
from typing import Any

import psycopg2
from sqlalchemy import Connection, text
from sqlalchemy.exc import DBAPIError

from whisper_migrate.catalog.collector import in_haste
from whisper_migrate.catalog.kind import Kind
from whisper_migrate.catalog.model import Catalog, Key, Object
from whisper_migrate.catalog.names import shown
from whisper_migrate.databases.locked_objects import AROUND, Around
from whisper_migrate.databases.version_table import BOOKKEEPING, version_table
from whisper_migrate.inspecting.owners import read_owners
from whisper_migrate.inspecting.requires import Address, read_requires
from whisper_migrate.objects import ATTACHED, KINDS
from whisper_migrate.wording.sign_of_life import doing

# Tables of Alembic and of this program: they describe the schema and are not part of it.

# Schemas of temporary objects, of this or another session.
TEMPORARY = re.compile(r"pg_temp(_\d+)?\.")

# Objects that initdb creates have lower OIDs.
FIRST_OID = 16384

# Columns of a kind's query that identify an object; every other column is an attribute.
RESERVED = ("oid", "subid", "parent", "identity", "class", "derived", "called")

# These settings change how PostgreSQL prints constants and names, so every inspection sets them, as pg_dump does. The
# settings from `jit` on are for speed: a new database has no statistics, so the planner would expect a few rows and
# look up thousands one by one.
SETTINGS = {
    "search_path": "pg_catalog, pg_temp",
    "DateStyle": "ISO, YMD",
    "IntervalStyle": "postgres",
    "TimeZone": "UTC",
    "bytea_output": "hex",
    "extra_float_digits": "3",
    "lc_monetary": "C",
    "quote_all_identifiers": "off",
    "jit": "off",
    "work_mem": "64MB",
    "enable_nestloop": "off",
    "enable_mergejoin": "off",
    "max_parallel_workers_per_gather": "0",
    "cursor_tuple_fraction": "1",
}

# Size of pg_attribute in bytes above which rows are fetched in parts. The columns of 5,000 tables, received at once,
# take as much memory as their objects.
LARGE = 8_000_000
PART = 2000  # rows
AHEAD = 4  # parts fetched ahead

# Most databases have no object of most kinds. Looking for one is faster than planning each kind's query.
RARE = {name: kind.exists for name, kind in KINDS.items() if kind.exists}

# Facts needed before reading: the members of extensions; this session's temporary tables and types, which are printed
# without a schema (other sessions' are printed with pg_temp_N); whether there are thousands of tables; and the rare
# kinds that have objects.
BEARINGS = f"""
SELECT 'member', d.classid::regclass::text, d.objid FROM pg_catalog.pg_depend AS d
WHERE d.refclassid = 'pg_catalog.pg_extension'::regclass AND d.deptype = 'e' AND d.objid >= {FIRST_OID}
UNION ALL SELECT 'temporary', c.oid::regclass::text, NULL FROM pg_catalog.pg_class AS c
WHERE pg_my_temp_schema() <> 0 AND c.relnamespace = pg_my_temp_schema()
UNION ALL SELECT 'temporary', t.oid::regtype::text, NULL FROM pg_catalog.pg_type AS t
WHERE pg_my_temp_schema() <> 0 AND t.typnamespace = pg_my_temp_schema()
UNION ALL SELECT 'large', NULL, NULL WHERE pg_relation_size('pg_catalog.pg_attribute') > {LARGE}
""" + "".join(
    f"UNION ALL SELECT 'present', '{kind}', NULL WHERE EXISTS (SELECT FROM pg_catalog.{rows})\n"
    for kind, rows in RARE.items()
)

# Planning takes half the time of a reading, so a connection that reads a second time prepares its queries.
READ_BEFORE = "whisper_migrate has read this catalog before"


def inspect(
    connection: Connection, *, requires: bool = False, owners: bool = False, like: Catalog | None = None
) -> Catalog:
    """Read the catalog of the database behind `connection`.

    `requires` adds the dependencies, `owners` the owners. Only reads, inside the caller's transaction, and restores the
    session's settings. Objects that equal those of `like`, the catalog of another database, are shared with it, which
    only saves memory.
    """
    savepoint = connection.begin_nested()
    try:
        settings = ", ".join(f"set_config('{name}', '{value}', true)" for name, value in SETTINGS.items())
        connection.execute(text(f"SELECT {settings}"))
        with in_haste(), doing("reading the catalog"):
            return _Reader(connection, like.objects if like else {}, owners).read(requires)
    except psycopg2.Error as error:  # rows are read directly through the driver
        raise DBAPIError("reading the catalog", None, error) from error
    finally:
        savepoint.rollback()


class _Reader:
    """One reading of one database."""

    def __init__(self, connection: Connection, known: Mapping[Key, Object], owners: bool) -> None:
        self.connection = connection
        self.owned: dict[tuple[str, int], Key] | None = {} if owners else None
        self.known = known
        self.driver: Any = connection.connection
        self.version = self.driver.server_version // 10000
        self.objects: dict[Key, Object] = {}
        self.implied: set[Key] = set()
        self.unreadable: list[str] = []
        self.around: Around | None = connection.info.get(AROUND)
        self.locked: set[Key] = set()
        self.addresses: list[tuple[Address, Object]] = []
        self.prepares = READ_BEFORE in connection.info
        self.prepared = _prepared(connection) if self.prepares else frozenset()
        connection.info[READ_BEFORE] = True
        bearings = list(self._execute(BEARINGS))
        self.members = {(name, oid) for what, name, oid in bearings if what == "member"}
        self.temporary = {name for what, name, _ in bearings if what == "temporary"}
        self.large = any(what == "large" for what, *_ in bearings)
        self.absent = RARE.keys() - {name for what, name, _ in bearings if what == "present"}

    def read(self, requires: bool) -> Catalog:
        """Read all kinds, attached ones first: their addresses are the only ones to keep unless `requires`."""
        attached: dict[str, list[tuple[Address, Object]]] = {}
        wanted: set[Address] = set()
        kinds = (kind for kind in KINDS if kind not in self.absent)
        for kind, cursor in self._read_ahead(sorted(kinds, key=lambda kind: kind not in ATTACHED)):
            found = self._rows(kind, cursor)
            if kind in ATTACHED:
                rows = list(found)
                attached.setdefault(kind, []).extend(rows)
                wanted.update((*address[:2], part) for address, _ in rows for part in {0, address[2]})
            else:
                self._keep(kind, found, None if requires else wanted)
        holders = dict(self.addresses)
        for kind, rows in attached.items():
            self._keep(kind, self._with_owners(rows, holders), None if requires else wanted)
        needed: Mapping[Key, frozenset[Key]] = {}
        if requires:
            needed = read_requires(self.connection, self.objects, self.addresses)
        objects: Mapping[Key, Object] = self.objects
        if len(objects) == len(self.known) and all(map(is_, objects.values(), self.known.values())):
            objects = self.known
        if self.around and self.locked:
            names = ", ".join(f"{kind.replace('_', ' ')} {shown(identity)}" for kind, identity in sorted(self.locked))
            self.unreadable.append(f"{names}. Not compared: locked by {self.around.words}")
        owners = read_owners(self.connection, self.owned) if self.owned is not None else {}
        oids = {key: oid for (_, oid), key in (self.owned or {}).items()}
        return Catalog(
            objects,
            self.version,
            tuple(self.unreadable),
            needed,
            frozenset(self.implied),
            owners,
            frozenset(self.locked),
            oids,
        )

    def _keep(self, kind: str, found: Iterable[tuple[Address, Object]], wanted: set[Address] | None) -> None:
        implied = KINDS[kind].implied
        owned = self.owned if KINDS[kind].owner else None
        for address, item in found:
            if implied(item):
                self.implied.add(item.key)
                continue
            self.objects[item.key] = item
            if owned is not None and address[1] >= FIRST_OID:
                owned[address[:2]] = item.key
            if wanted is None or address in wanted:
                self.addresses.append((address, item))

    def _read_ahead(self, kinds: Iterable[str]) -> Iterator[tuple[str, Any]]:
        """Yield every kind with its rows; the server reads the next rows while Python creates objects of these."""
        parts = self._parts(kinds)
        with ThreadPoolExecutor(1) as pool:
            ahead = deque(pool.submit(next, parts, None) for _ in range(AHEAD))
            while part := ahead.popleft().result():
                ahead.append(pool.submit(next, parts, None))
                yield part

    def _parts(self, kinds: Iterable[str]) -> Iterator[tuple[str, Any]]:
        """Yield every kind with its rows; those of a large database in parts, unless its queries are prepared."""
        for kind in kinds:
            query = self._text(KINDS[kind])
            if self.prepares or not self.large:
                yield kind, self._execute(query)
                continue
            fetch = f"FETCH {PART} FROM whisper_{kind}"
            part = self._execute(f"DECLARE whisper_{kind} NO SCROLL CURSOR FOR {query}; {fetch}")
            yield kind, part
            while part.rowcount == PART:
                part = self._execute(fetch)
                yield kind, part

    def _text(self, kind: Kind) -> str:
        query, reason = kind.query, kind.unreadable(self.connection)
        if reason is not None and kind.readable:
            self.unreadable += [reason] if reason else []
            query = kind.readable
        return self.around.query(query(self.version)) if self.around else query(self.version)

    def _execute(self, query: str) -> Any:
        """Run a query; on a connection that has read before, as a prepared statement.

        The names of prepared statements are asked from the server: behind a pooler, each transaction may use another
        session.
        """
        cursor = self.driver.cursor()
        if self.prepares:
            name = f"whisper_{zlib.crc32(query.encode()):08x}"
            query = f"EXECUTE {name}" if name in self.prepared else f"PREPARE {name} AS {query}; EXECUTE {name}"
        cursor.execute(query)
        return cursor

    def _rows(self, kind: str, cursor: Any) -> Iterator[tuple[Address, Object]]:
        names = [column.name for column in cursor.description]
        oid, subid, parent, identity, catalog, derived, called = (
            names.index(name) if name in names else None for name in RESERVED
        )
        kept = [number for number, name in enumerate(names) if name not in RESERVED]
        fields = tuple(names[number] for number in kept)
        pick = itemgetter(*kept) if len(kept) > 1 else lambda row: tuple(row[number] for number in kept)
        constant = KINDS[kind].catalog
        same: dict[Any, Any] = {}
        known, members, temporary = self.known, self.members, self.temporary
        version, home = version_table().identity, version_table().own_schema
        for row in cursor:
            values = pick(row)
            try:
                values = same.setdefault(values, values)
            except TypeError:  # an array is a list, which cannot be hashed
                values = tuple(tuple(value) if type(value) is list else value for value in values)
            address = (constant if catalog is None else row[catalog], row[oid], 0 if subid is None else row[subid])
            within = None if parent is None else same.setdefault(row[parent], row[parent])
            inherited = derived is not None and row[derived]
            name = None if called is None else row[called]
            lives_in = within or row[identity]
            if address[:2] in members or lives_in in temporary:
                continue
            if _is_left_out(lives_in, bool(within) or kind == "table", version):
                continue
            if kind == "schema" and lives_in == home:
                continue
            item = known.get((kind, row[identity]))
            same_place = item and item.parent == within and item.derived == inherited and item.called == name
            if item is None or not same_place or item.values != values:
                item = Object(kind, row[identity], within, fields, values, inherited, name)
            if self.around and self.around.hides(values):
                self.locked.add(item.key)
            yield address, item
        cursor.close()

    def _with_owners(
        self, found: Iterable[tuple[Address, Object]], owners: Mapping[Address, Object]
    ) -> Iterator[tuple[Address, Object]]:
        """Give each comment, grant or other attached object the table of its object; drop it if that is left out.

        An attached object on an object of initdb, such as a language, belongs to no object in the catalog.
        """
        for address, item in found:
            kind, oid, _ = address
            if owner := owners.get(address) or owners.get((kind, oid, 0)):
                within, known = owner.parent or owner.identity, self.known.get(item.key)
                if known is None or known != item or known.parent != within:
                    known = Object(item.kind, item.identity, within, item.fields, item.values, item.derived)
                yield address, known
            elif oid < FIRST_OID:
                yield address, item


def _prepared(connection: Connection) -> frozenset[str]:
    return frozenset(connection.scalars(text("SELECT name FROM pg_catalog.pg_prepared_statements WHERE from_sql")))


@lru_cache(maxsize=8)
def _is_left_out(identity: str, is_table: bool, version: str) -> bool:
    is_bookkeeping = identity == version or identity.rpartition(".")[2] in BOOKKEEPING
    return bool(TEMPORARY.match(identity)) or (is_table and is_bookkeeping)
