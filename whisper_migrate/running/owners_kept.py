"""Give objects back to their owners after a revision has dropped and re-created them.

PostgreSQL makes the creating role the owner, and a view reads tables with its owner's rights. A revision cannot name
the former owner, because the owner differs between databases.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import TYPE_CHECKING

from sqlalchemy import Connection, text
from sqlalchemy.exc import DBAPIError

from whisper_migrate.catalog.model import Catalog, Key
from whisper_migrate.catalog.names import identifier, shown
from whisper_migrate.catalog.sql import run
from whisper_migrate.errors import reason
from whisper_migrate.inspecting.inspect import inspect
from whisper_migrate.inspecting.owners import DATABASE, follows, word

if TYPE_CHECKING:
    from whisper_migrate.running.session import Underway

# Whether every object is the current role's, without a look at each object. pg_shdepend has the owners of all objects,
# except those of the role that initdb made (oid 10).
ALL_MINE = """
SELECT r.oid = 10 AND NOT EXISTS (
    SELECT FROM pg_catalog.pg_shdepend AS d
    WHERE d.refclassid = 'pg_catalog.pg_authid'::regclass AND d.deptype = 'o'
      AND d.dbid = (SELECT oid FROM pg_catalog.pg_database WHERE datname = current_database()))
FROM pg_catalog.pg_roles AS r WHERE r.rolname = current_user"""
ME = "SELECT current_user"


def keeper(underway: Underway) -> Callable[[], None]:
    """Return the listener that restores owners in the transaction of the revision that re-created their objects."""
    connection = underway.connection
    if underway.direction == "stamp":
        return lambda: None
    before = _before(connection)

    def ran() -> None:
        if not before.owners:
            return
        for key, owner in _taken(connection, before, inspect(connection, owners=True)).items():
            _give(underway, key, owner)

    return ran


def _before(connection: Connection) -> Catalog:
    """Return the catalog with its owners; an empty one if no object belongs to another role."""
    nothing = Catalog({})
    try:
        with connection.begin_nested():
            return nothing if connection.scalar(text(ALL_MINE)) else inspect(connection, owners=True)
    except DBAPIError:
        return nothing


def _taken(connection: Connection, before: Catalog, after: Catalog) -> Mapping[Key, str]:
    """Return the former owner of each object that was re-created and now belongs to the current role.

    An object that kept its oid was not re-created: the revision has changed its owner on purpose.
    """
    me = str(connection.scalar(text(ME)))
    return {
        key: owner
        for key, owner in before.owners.items()
        if key[0] != DATABASE and owner != me and after.owners.get(key) == me
        if before.oids[key] != after.oids[key] and not follows(after[key])
    }


def _give(underway: Underway, key: Key, owner: str) -> None:
    kind, identity = key
    statement = f"ALTER {word(kind)} {identity} OWNER TO {identifier(owner)}"
    try:
        with underway.connection.begin_nested():
            run(underway.connection, statement)
    except DBAPIError as error:
        underway.say(
            f"{underway.revision} made {kind.replace('_', ' ')} {shown(identity)} again, which was {owner}'s, and"
            f" could not give it back: {reason(error)}. As an administrator: {statement};"
        )
