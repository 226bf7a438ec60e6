"""Owners of objects: the actual ones, and the wanted one (`owner` in pyproject.toml, else the former owner).

A sequence must have its table's owner, a view reads with its owner's privileges, and the next revision cannot alter an
administrator's object. An object with another owner than the configured one is therefore drift. Without a configured
owner, differing owners are only a note.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Mapping

from sqlalchemy import Connection, text

from whisper_migrate.catalog.model import Catalog, Change, Key, Object
from whisper_migrate.catalog.names import identifier, plain_name, shown, split_name
from whisper_migrate.errors import Failure
from whisper_migrate.objects import KINDS
from whisper_migrate.project.ignore import split, without
from whisper_migrate.project.project import Project

OWNER = "owner"  # the kind of an owner change in reports and patterns
DATABASE = "database"
MANY = 5  # objects that a note names

# pg_shdepend lists the owners of objects of any class, except those of the role that initdb created.
OWNERS = """
SELECT d.classid::regclass::text AS catalog, d.objid AS oid, r.rolname AS owner
FROM pg_catalog.pg_shdepend AS d JOIN pg_catalog.pg_roles AS r ON r.oid = d.refobjid
WHERE d.refclassid = 'pg_catalog.pg_authid'::regclass AND d.deptype = 'o' AND d.objsubid = 0
  AND d.dbid IN (0, (SELECT oid FROM pg_catalog.pg_database WHERE datname = current_database()))
UNION ALL SELECT 'database', d.oid, pg_get_userbyid(d.datdba)
FROM pg_catalog.pg_database AS d WHERE d.datname = current_database()
UNION ALL SELECT 'initdb', 0, pg_get_userbyid(10)"""


def read_owners(connection: Connection, addresses: Mapping[tuple[str, int], Key]) -> dict[Key, str]:
    """Return the owner of each object that has an owner of its own, and of the database.

    `addresses`: the keys of objects by catalog and OID.
    """
    rows = connection.execute(text(OWNERS)).all()
    initdb = next(row.owner for row in rows if row.catalog == "initdb")
    found = {(row.catalog, row.oid): row.owner for row in rows}
    owners = {key: found.get(address, initdb) for address, key in addresses.items()}
    name = str(connection.scalar(text("SELECT quote_ident(current_database())")))
    owners[DATABASE, name] = next(row.owner for row in rows if row.catalog == DATABASE)
    return owners


def word(kind: str) -> str | None:
    """Return the word for a kind in ALTER ... OWNER TO; None if its objects have no owner of their own."""
    if kind == DATABASE:
        return "DATABASE"
    return KINDS[kind].owner


def follows(item: Object) -> bool:
    """Whether an object always has the owner of its table."""
    return item.parent is not None and KINDS[item.kind].follows_table


def given_away(wanted: Catalog, actual: Catalog, owner: str | None) -> list[Change]:
    """Return, as changes, the objects in both catalogs whose owner is not `owner`; none if `owner` is None."""
    if owner is None:
        return []
    return [
        Change(_owned(key, item, owner), _owned(key, item, found))
        for key, found in actual.owners.items()
        if found != owner
        for item in [actual.objects.get(key)]
        if (key[0] == DATABASE) or (item is not None and key in wanted and not follows(item))
    ]


def require_role(connection: Connection, owner: str | None) -> None:
    """Raises Failure if the owner that the project names is no role of the server."""
    if owner and connection.scalar(text("SELECT to_regrole(quote_ident(:owner))"), {"owner": owner}) is None:
        raise Failure(
            f'owner = "{owner}" in pyproject.toml is no role of this server.',
            f"Name another role, or create it: CREATE ROLE {identifier(owner)};",
        )


def strangers(project: Project, wanted: Catalog, actual: Catalog) -> list[Change]:
    """Return, as changes, the objects of another owner than the project's, except those that it ignores."""
    wanted, actual = without(wanted, project.ignored), without(actual, project.ignored)
    found, _ = split(given_away(wanted, actual, project.owner), project.ignored, wanted, actual)
    return found


def _owned(key: Key, item: Object | None, owner: str) -> Object:
    kind, identity = key
    parent = item.parent or item.identity if item else None
    name = plain_name(item) if item else identity
    return Object(OWNER, f"{kind.replace('_', ' ')} {identity}", parent, (OWNER, "name", "of"), (owner, name, key))


def giving(changes: Iterable[Change]) -> list[str]:
    """Return the statements that give objects back to the wanted owner."""
    found = [(change.before, change.before["of"]) for change in changes if change.before]
    return [
        f"ALTER {word(kind)} {identity} OWNER TO {identifier(before['owner'])}" for before, (kind, identity) in found
    ]


def note(actual: Catalog) -> str | None:
    """Return a sentence on owners that differ within a schema, and how to configure the right one."""
    by_schema: dict[str, Counter[str]] = {}
    for (kind, identity), owner in actual.owners.items():
        item = actual.objects.get((kind, identity))
        if item is not None and "." in identity and not follows(item):
            by_schema.setdefault(split_name(identity)[0], Counter())[owner] += 1
    mixed = {schema: found for schema, found in by_schema.items() if len(found) > 1}
    if not mixed:
        return None
    most = sum(mixed.values(), Counter[str]()).most_common(1)[0][0]
    others = [
        f"{kind.replace('_', ' ')} {shown(identity)} ({owner})"
        for (kind, identity), owner in actual.owners.items()
        if owner != most and "." in identity and split_name(identity)[0] in mixed and (kind, identity) in actual
    ]
    more = f" and {len(others) - MANY} more" if len(others) > MANY else ""
    return (
        f"Owners differ within schema {', '.join(sorted(mixed))}: most is {most}'s,"
        f' but not {", ".join(others[:MANY])}{more}. owner = "{most}" in [tool.whisper_migrate] would make that drift.'
    )
