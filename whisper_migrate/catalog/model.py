"""The catalog of a database: its objects, and the differences between two catalogs."""

from __future__ import annotations

import hashlib
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field, replace
from functools import cached_property
from typing import Any

Key = tuple[str, str]


@dataclass(slots=True, unsafe_hash=True)  # not frozen: creating 100,000 of them would take a third longer
class Object:
    """One object of a database: its kind, its identity as PostgreSQL quotes it, and its attributes. Never changed.

    `key` identifies the object in a catalog. `parent` is the identity of the table (or view) that it is created and
    dropped with. `derived`: a child table or partition has the object from its parent table. PostgreSQL creates, alters
    and drops it together with the parent's. `called` is the name that PostgreSQL chose in this one database for a
    partition's index or constraint. No other attribute depends on the database (as an OID would), so catalogs can use
    the same objects.
    """

    kind: str
    identity: str
    parent: str | None = field(compare=False)
    fields: tuple[str, ...] = field(repr=False, compare=False)
    values: tuple[Any, ...]
    derived: bool = field(default=False, compare=False)
    called: str | None = field(default=None, compare=False)
    key: Key = field(init=False, repr=False, compare=False)

    def __post_init__(self) -> None:
        self.key = self.kind, self.identity

    @property
    def attributes(self) -> dict[str, Any]:
        """The attributes by name, in the order of the kind's query."""
        return dict(zip(self.fields, self.values, strict=True))

    def __getitem__(self, name: str) -> Any:
        return self.values[self.fields.index(name)]

    def but(self, **values: Any) -> Object:
        """Return a copy of the object with these attributes changed."""
        return replace(self, values=tuple(values.get(name, value) for name, value in self.attributes.items()))


@dataclass(frozen=True, slots=True)
class Change:
    """One difference between two catalogs: an object only in `after` (+), only in `before` (-), or altered (~)."""

    before: Object | None
    after: Object | None

    @property
    def sign(self) -> str:
        """`+`, `-` or `~`."""
        if self.before is None:
            return "+"
        return "-" if self.after is None else "~"

    @property
    def object(self) -> Object:
        """The object as it will be; a dropped object as it was."""
        found = self.after or self.before
        assert found is not None
        return found

    @property
    def fields(self) -> list[str]:
        """Names of the attributes that differ (for `~`)."""
        if self.before is None or self.after is None:
            return []
        old, new = self.before.attributes, self.after.attributes
        return [name for name in new if old.get(name) != new[name]]


@dataclass(frozen=True)
class Catalog:
    """Every object of one database, in the order in which it was found (columns as the table has them).

    `implied` objects exist by default, such as an owner's privileges: whether another catalog lists them is no
    difference. `owners` are read on request and never compared with those of another catalog, since a shadow belongs to
    the role that created it. The `oids` come with the owners: a re-created object has another OID. `locked` objects
    were not read completely, because another session holds a lock on their table.
    """

    objects: Mapping[Key, Object]
    version: int = 0
    unreadable: tuple[str, ...] = ()
    requires: Mapping[Key, frozenset[Key]] = field(default_factory=dict, repr=False)
    implied: frozenset[Key] = field(default=frozenset(), repr=False)
    owners: Mapping[Key, str] = field(default_factory=dict, repr=False, compare=False)
    locked: frozenset[Key] = field(default=frozenset(), repr=False, compare=False)
    oids: Mapping[Key, int] = field(default_factory=dict, repr=False, compare=False)

    def __iter__(self) -> Iterator[Object]:
        return iter(self.objects.values())

    def __len__(self) -> int:
        return len(self.objects)

    def __contains__(self, key: Key) -> bool:
        return key in self.objects

    def __getitem__(self, key: Key) -> Object:
        return self.objects[key]

    @cached_property
    def _children(self) -> dict[str, list[Object]]:
        children: dict[str, list[Object]] = {}
        for item in self:
            if item.parent is not None:
                children.setdefault(item.parent, []).append(item)
        return children

    def children(self, parent: str, kind: str | None = None) -> list[Object]:
        """Return the objects that are created and dropped with `parent`, of one kind or of all."""
        return [item for item in self._children.get(parent, ()) if kind is None or item.kind == kind]

    @cached_property
    def fingerprint(self) -> str:
        """SHA-256 over every object and attribute: equal catalogs of one server version have equal fingerprints."""
        digest = hashlib.sha256()
        for key in sorted(self.objects):
            digest.update(repr((key, self.objects[key].values)).encode())
        return digest.hexdigest()


def diff(before: Catalog, after: Catalog) -> list[Change]:
    """Return the changes that turn `before` into `after`, in the order of kinds and names."""
    changes = [Change(before[key], None) for key in before.objects if key not in after]
    changes += [Change(None, after[key]) for key in after.objects if key not in before]
    changes += [Change(before[key], after[key]) for key in after.objects if key in before and before[key] != after[key]]
    implied = before.implied | after.implied
    changes = [change for change in changes if change.object.key not in implied]
    kinds = dict.fromkeys(item.kind for catalog in (before, after) for item in catalog)
    rank = {kind: number for number, kind in enumerate(kinds)}
    return sorted(changes, key=lambda change: (rank[change.object.kind], change.object.identity))
