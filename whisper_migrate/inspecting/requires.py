"""The dependencies between a database's objects, from pg_depend."""

from collections.abc import Iterable, Mapping

from sqlalchemy import Connection, text

from whisper_migrate.catalog.model import Key, Object
from whisper_migrate.objects import ATTACHED, KINDS, RELATIONS

# An object's address in pg_depend: (catalog, oid, sub-object).
Address = tuple[str, int, int]

# Objects of initdb (pinned, OIDs below 16384) always exist.
QUERY = """
SELECT classid::regclass::text, objid, objsubid, refclassid::regclass::text, refobjid, refobjsubid, deptype
FROM pg_catalog.pg_depend
WHERE objid >= 16384 AND deptype IN ('n', 'a', 'i', 'P', 'S', 'e')
"""
DEFAULTS = "SELECT oid, adrelid, adnum FROM pg_catalog.pg_attrdef"
CONSTRAINT_INDEXES = "SELECT conindid, oid FROM pg_catalog.pg_constraint WHERE contype IN ('p', 'u', 'x')"
# A foreign key depends on one of several suitable keys: the first that existed, which its definition does not say.
KEYS = """
SELECT con.oid, i.indexrelid
FROM pg_catalog.pg_constraint AS con
JOIN pg_catalog.pg_index AS i
  ON i.indrelid = con.confrelid AND i.indisunique AND i.indimmediate AND i.indpred IS NULL AND i.indexprs IS NULL
     AND i.indnkeyatts = cardinality(con.confkey)
     AND (i.indkey::int2[])[0:i.indnkeyatts - 1] @> con.confkey
WHERE con.contype = 'f'
"""
# A foreign key to a partitioned table has a copy for each partition, which exists only as long as the foreign key.
COPIES = """
SELECT con.oid FROM pg_catalog.pg_constraint AS con
JOIN pg_catalog.pg_constraint AS up ON up.oid = con.conparentid AND up.conrelid = con.conrelid
WHERE con.contype = 'f'
"""
PUBLISHED_TABLES = "SELECT oid, prpubid FROM pg_catalog.pg_publication_rel"
# Members of operator families; those of an operator class are parts of the class.
FAMILY_MEMBERS = """
SELECT 'pg_amop', oid, amopfamily FROM pg_catalog.pg_amop WHERE oid >= 16384
UNION ALL SELECT 'pg_amproc', oid, amprocfamily FROM pg_catalog.pg_amproc WHERE oid >= 16384
"""


def read_requires(
    connection: Connection, objects: Mapping[Key, Object], addresses: Iterable[tuple[Address, Object]]
) -> dict[Key, frozenset[Key]]:
    """Return, for each object, the keys of the objects that must exist before it; `addresses` locate the same objects.

    A part that the catalog does not list counts as its whole: a default as its column, a view's rewrite rule as its
    view. A primary key's index counts as the constraint, a row type as its table, and a member as its extension.
    """
    keys: dict[Address, Key] = {}
    attached: dict[Key, Address] = {}
    for address, item in addresses:
        if item.kind in ATTACHED:
            attached[item.key] = address
        else:
            keys.setdefault(address, item.key)
    rows = connection.execute(text(QUERY)).all()
    part_of: dict[tuple[str, int], Address] = {
        (row[0], row[1]): (row[3], row[4], row[5]) for row in rows if row[6] in ("i", "e") and row[2] == 0
    }
    for oid, table, number in connection.execute(text(DEFAULTS)):
        part_of["pg_attrdef", oid] = ("pg_class", table, number)
    for index, constraint in connection.execute(text(CONSTRAINT_INDEXES)):
        part_of["pg_class", index] = ("pg_constraint", constraint, 0)
    for oid, publication in connection.execute(text(PUBLISHED_TABLES)):
        part_of["pg_publication_rel", oid] = ("pg_publication", publication, 0)
    for catalog, oid, family in connection.execute(text(FAMILY_MEMBERS)):
        part_of.setdefault((catalog, oid), ("pg_opfamily", family, 0))

    def owner(address: Address) -> Key | None:
        for _ in range(8):
            for candidate in (address, (*address[:2], 0)):
                if candidate in keys:
                    return keys[candidate]
            if address[:2] not in part_of:
                return None
            address = part_of[address[:2]]
        return None

    copies = {("pg_constraint", oid) for oid in connection.scalars(text(COPIES))}
    requires: dict[Key, set[Key]] = {}
    for row in rows:
        if row[0:2] in copies:
            continue
        key, needed = owner(row[0:3]), owner(row[3:6])
        if key and needed and key != needed and not _is_ownership(key, row[6]):
            requires.setdefault(key, set()).add(needed)
    for constraint, index in connection.execute(text(KEYS)):
        if ("pg_constraint", constraint) in copies:
            continue
        key, needed = owner(("pg_constraint", constraint, 0)), owner(("pg_class", index, 0))
        if key and needed:
            requires.setdefault(key, set()).add(needed)
    for item in objects.values():
        if more := KINDS[item.kind].needs(item):
            requires.setdefault(item.key, set()).update(key for key in more if key in objects)
        if item.kind in ATTACHED:
            on = owner(attached[item.key])
            if on:
                requires.setdefault(item.key, set()).add(on)
        elif item.kind == "column":
            containers = {(kind, str(item.parent)) for kind in RELATIONS} & objects.keys()
            requires.setdefault(item.key, set()).update(containers)
            if item.derived:
                above = (f"{name}.{item['name']}" for key in containers for name in objects[key]["parents"] or ())
                requires[item.key] |= {("column", name) for name in above} & objects.keys()
    return {key: frozenset(needed) for key, needed in requires.items()}


def _is_ownership(key: Key, kind: str) -> bool:
    """Whether a dependency is a column's ownership of a sequence: the column's default needs the sequence, a circle."""
    return key[0] == "sequence" and kind == "a"
