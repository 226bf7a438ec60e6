"""Objects that a revision drops and makes again, and that belonged to somebody else: they are given back.

PostgreSQL gives what is made to who makes it, and a view reads with its owner's rights. A revision that makes one again
has nothing to say about its owner, who is another one in each database.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import TYPE_CHECKING

from sqlalchemy import Connection, text
from sqlalchemy.exc import DBAPIError

from whisper_migrate.catalog import Catalog, Key
from whisper_migrate.errors import reason
from whisper_migrate.inspect import inspect
from whisper_migrate.names import identifier, shown
from whisper_migrate.owners import DATABASE, follows, word
from whisper_migrate.sql import run

if TYPE_CHECKING:
    from whisper_migrate.running.session import Underway

# Whether all in the database is this role's, as far as that can be told without reading it: what belongs to the role
# that initdb made is in no pg_shdepend.
ALL_MINE = """
SELECT r.oid = 10 AND NOT EXISTS (
    SELECT FROM pg_catalog.pg_shdepend AS d
    WHERE d.refclassid = 'pg_catalog.pg_authid'::regclass AND d.deptype = 'o'
      AND d.dbid = (SELECT oid FROM pg_catalog.pg_database WHERE datname = current_database()))
FROM pg_catalog.pg_roles AS r WHERE r.rolname = current_user"""
ME = "SELECT current_user"


def keeper(underway: Underway) -> Callable[[], None]:
    """The listener that gives back, in a revision's own transaction, what it has made again."""
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
    """The catalog and its owners; an empty one where there is nothing that a revision could take from anybody."""
    nothing = Catalog({})
    try:
        with connection.begin_nested():
            return nothing if connection.scalar(text(ALL_MINE)) else inspect(connection, owners=True)
    except DBAPIError:
        return nothing


def _taken(connection: Connection, before: Catalog, after: Catalog) -> Mapping[Key, str]:
    """The objects that are others than they were and now belong to who has made them, each with its former owner.

    An object that is still the same one was given to its new owner on purpose.
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
