"""Objects that models declare besides tables: named types, and the entity that keeps others from being created."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from typing import Any

from sqlalchemy import ARRAY, DDL, Connection, Enum, MetaData, TypeDecorator
from sqlalchemy.dialects.postgresql import DOMAIN
from sqlalchemy.schema import sort_tables_and_constraints
from sqlalchemy.types import SchemaType, TypeEngine
from sqlalchemy.util import OrderedSet

from whisper_migrate.project.defects import Defect, Generator

# PostgreSQL's words for a missing object: `type "mood" does not exist`, `function public.area(integer) does not exist`.
MISSED = re.compile(r'"((?:[^"]|"")++)"|\b(?:function|procedure|operator) (?:[\w"]+\.)?([^\s(]+)\(')
# SQLAlchemy's types that are named types in PostgreSQL. (The name of a Boolean is that of its check.)
NAMED = (Enum, DOMAIN)
EXTENSION = r"\s*CREATE\s+EXTENSION\b"
MAKES = r"\s*CREATE\s+(?:\w+\s+){{1,4}}?(?:(?:\w+|\"[^\"]+\")\.)?\"?{name}\"?(?!\w)"


def named_types(metadata: MetaData) -> Iterator[SchemaType]:
    """Yield the enums and domains that `create_all` would create, each after the types that it uses."""
    declared: list[Any] = [column.type for table in metadata.tables.values() for column in table.columns]
    declared += alone(metadata)
    seen = set()
    for part in (part for one in declared for part in _parts(one)):
        if part.name and getattr(part, "create_type", True) and _name(part) not in seen:
            seen.add(_name(part))
            yield part


def merged(parts: Sequence[MetaData]) -> MetaData:
    """Return one MetaData with the tables of several, as env.py may name them in `target_metadata`."""
    whole = MetaData(naming_convention=parts[0].naming_convention)
    for table in (table for part in parts for table in part.tables.values()):
        table.to_metadata(whole)
    return whole


def alone(metadata: MetaData) -> list[Any]:
    """Return the enums and domains that the MetaData holds beside its tables; SQLAlchemy 2.0 does not list them."""
    return sorted((one for one in getattr(metadata, "_objects", ()) if isinstance(one, NAMED)), key=_name)


def in_one_order(metadata: MetaData) -> None:
    """Make `create_all` create the indexes of a table in the order of their names.

    SQLAlchemy keeps them in a set, which each process iterates in another order. The names that PostgreSQL chooses for
    partition indexes, and the index that a foreign key depends on, would differ from run to run.
    """
    for table in metadata.tables.values():
        table.indexes = OrderedSet(sorted(table.indexes, key=lambda index: str(index.name)))


def create_tables(connection: Connection, metadata: MetaData, default: str, **options: Any) -> list[Defect]:
    """Run `create_all`, but add the foreign keys of cyclic tables last, in the order in which models declare them.

    Returns the indexes and foreign keys that PostgreSQL refuses. `default` is the schema of tables that name none.
    `create_all` iterates a set of these keys. The names that PostgreSQL chooses for unnamed keys would differ from run
    to run.
    """
    *_, (_, cyclic) = sort_tables_and_constraints(metadata.tables.values())  # type: ignore[no-untyped-call]
    keys = sorted(cyclic, key=lambda key: (key.table.key, key._creation_order))
    try:
        for key in keys:
            key.table.constraints.discard(key)
            key.table.foreign_keys.difference_update(key.elements)
        generator = Generator(connection.dialect, connection, default=default, **options)
        generator.traverse_single(metadata)
    finally:
        for key in keys:
            key.table.constraints.add(key)
            key.table.foreign_keys.update(key.elements)
    generator.require_tables()
    for key in keys:
        generator.visit_foreign_key_constraint(key)
    return generator.defects


def _name(declared: Any) -> tuple[str, str]:
    return str(declared.schema), str(declared.name)


def _parts(declared: TypeEngine[Any] | SchemaType) -> Iterator[SchemaType]:
    """Yield a type's named types, innermost first: those of an array's items and of a domain's base type."""
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
    """Return the entity behind a failure: the one that creates the missing object, or one that it misses in turn.

    `why` is PostgreSQL's reason. `left` are entities that could not be created yet. `try_` creates one or returns
    PostgreSQL's reason. If no entity creates the missing object, it may belong to an extension that cannot be created.
    Entities that need each other in a circle are all named.
    """
    found: Unmade | None = None
    names, seen = _missed(why), list[Any]()
    while names:
        makers = [one for name in names for one in left if _makes(one, name)]
        maker = next((one for one in makers if not any(one is other for other in seen)), None)
        if maker is None:
            begins = [number for number, one in enumerate(seen) if makers and one is makers[0]]
            circle = seen[begins[0] :] if begins else []
            if found and len(circle) > 1:
                together = ", ".join(map(called, circle))
                found = Unmade(found.entity, f"{found.why}; these need each other: {together}")
            break
        seen.append(maker)
        why = try_(maker) or ""
        found = Unmade(maker, why) if why else found
        names = _missed(why)
    if not seen:
        unmade = (Unmade(one, try_(one) or "") for one in left if _is_extension(one))
        found = next((one for one in unmade if one.why), None)
    return found


def _is_extension(entity: Any) -> bool:
    ddl = str(entity.statement) if isinstance(entity, DDL) else ""
    return type(entity).__name__ == "PGExtension" or re.match(EXTENSION, ddl, re.IGNORECASE) is not None


def called(entity: Any) -> str:
    """Return an entity's name in messages: of plain DDL, the first line."""
    return str(entity.statement).strip().partition("\n")[0] if isinstance(entity, DDL) else str(entity.identity)


def _missed(why: str) -> list[str]:
    """Return the names of missing objects in PostgreSQL's reason, without schema and quotes."""
    return [(quoted or plain).rpartition(".")[2].strip('"') for quoted, plain in MISSED.findall(why)]


def _makes(entity: Any, name: str) -> bool:
    if isinstance(entity, DDL):
        return re.match(MAKES.format(name=re.escape(name)), str(entity.statement), re.IGNORECASE) is not None
    return str(entity.signature).partition("(")[0].strip('"') == name
