"""What models declare beside tables: their named types, and which entity is the cause when others cannot be created."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from typing import Any

from sqlalchemy import ARRAY, DDL, Connection, Enum, MetaData, TypeDecorator
from sqlalchemy.dialects.postgresql import DOMAIN
from sqlalchemy.schema import AddConstraint, sort_tables_and_constraints
from sqlalchemy.types import SchemaType, TypeEngine
from sqlalchemy.util import OrderedSet

# What PostgreSQL says that it misses: `type "mood" does not exist`, `function public.area(integer) does not exist`.
MISSED = re.compile(r'"((?:[^"]|"")++)"|\b(?:function|procedure|operator) (?:[\w"]+\.)?([^\s(]+)\(')
# SQLAlchemy's types that PostgreSQL knows by a name; a Boolean has a name as well, which is its check's.
NAMED = (Enum, DOMAIN)
MAKES = r"\s*CREATE\s+(?:\w+\s+){{1,4}}?(?:(?:\w+|\"[^\"]+\")\.)?\"?{name}\"?(?!\w)"


def named_types(metadata: MetaData) -> Iterator[SchemaType]:
    """The enums and domains that `create_all` would create, each after the type that it is made of."""
    declared: list[Any] = [column.type for table in metadata.tables.values() for column in table.columns]
    declared += sorted((one for one in metadata._objects if isinstance(one, NAMED)), key=_name)
    seen = set()
    for part in (part for one in declared for part in _parts(one)):
        if part.name and getattr(part, "create_type", True) and _name(part) not in seen:
            seen.add(_name(part))
            yield part


def in_one_order(metadata: MetaData) -> None:
    """Have `create_all` make the indexes of a table in the order of their names.

    They are in a set, which each process goes through in another order. The names that PostgreSQL then chooses for a
    partition's indexes, and which index a foreign key holds on to, would differ from run to run.
    """
    for table in metadata.tables.values():
        table.indexes = OrderedSet(sorted(table.indexes, key=lambda index: str(index.name)))


def create_tables(connection: Connection, metadata: MetaData, **options: Any) -> None:
    """`create_all`, with the foreign keys of cyclic tables added last, in the order in which the models declare them.

    `create_all` goes through a set of these, so that the names that PostgreSQL chooses for unnamed ones would differ
    from run to run.
    """
    *_, (_, cyclic) = sort_tables_and_constraints(metadata.tables.values())  # type: ignore[no-untyped-call]
    keys = sorted(cyclic, key=lambda key: (key.table.key, key._creation_order))
    try:
        for key in keys:
            key.table.constraints.discard(key)
            key.table.foreign_keys.difference_update(key.elements)
        metadata.create_all(connection, **options)
    finally:
        for key in keys:
            key.table.constraints.add(key)
            key.table.foreign_keys.update(key.elements)
    for key in keys:
        connection.execute(AddConstraint(key, isolate_from_table=True))


def _name(declared: Any) -> tuple[str, str]:
    return str(declared.schema), str(declared.name)


def _parts(declared: TypeEngine[Any] | SchemaType) -> Iterator[SchemaType]:
    """A type's named types, inside out: those of an array's items, of what a domain restricts."""
    if isinstance(declared, TypeDecorator):
        yield from _parts(declared.impl_instance)
    elif isinstance(declared, ARRAY):
        yield from _parts(declared.item_type)
    elif isinstance(declared, DOMAIN):
        yield from _parts(declared.data_type)
    if isinstance(declared, NAMED):
        yield declared


@dataclass(frozen=True)
class Unmade:
    """An entity that cannot be created, and PostgreSQL's reason."""

    entity: Any
    why: str

    def __str__(self) -> str:
        return called(self.entity)


def cause(why: str, left: Sequence[Any], try_: Callable[[Any], str | None]) -> Unmade | None:
    """The entity behind a failure: the one that makes what `why` misses, or what that misses in turn.

    `left` are the entities that could not be created, `try_` creates one or gives PostgreSQL's reason. Where none of
    them makes what is missed there is no such entity.
    """
    found: Unmade | None = None
    names, seen = _missed(why), set[int]()
    while names:
        makers = [one for name in names for one in left if id(one) not in seen and _makes(one, name)]
        if not makers:
            break
        seen.add(id(makers[0]))
        why = try_(makers[0]) or ""
        found = Unmade(makers[0], why) if why else found
        names = _missed(why)
    return found


def called(entity: Any) -> str:
    """What messages call an entity: the first line of plain DDL, and the name of any other."""
    return str(entity.statement).strip().partition("\n")[0] if isinstance(entity, DDL) else str(entity.identity)


def _missed(why: str) -> list[str]:
    """The names in PostgreSQL's reason, without schema and quotes."""
    return [(quoted or plain).rpartition(".")[2].strip('"') for quoted, plain in MISSED.findall(why)]


def _makes(entity: Any, name: str) -> bool:
    if isinstance(entity, DDL):
        return re.match(MAKES.format(name=re.escape(name)), str(entity.statement), re.IGNORECASE) is not None
    return str(entity.signature).partition("(")[0].strip('"') == name
