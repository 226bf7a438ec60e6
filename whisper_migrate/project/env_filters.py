"""Heed `include_object` and `include_name` of a project's env.py: the objects that they leave out are not compared.

Alembic passes SQLAlchemy objects to `include_object`: those of the models, and for an object that only a database has,
the reflected one. Here a bare table, column, index or constraint of the same name stands in for a reflected one.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from functools import cached_property
from typing import TYPE_CHECKING, Any

from whisper_migrate.catalog.model import Object
from whisper_migrate.catalog.names import plain_name, split_name
from whisper_migrate.errors import Failure
from whisper_migrate.project.project import FILTERS

if TYPE_CHECKING:
    from sqlalchemy import MetaData

# Alembic's words for the kinds that it passes to these functions.
TYPES = {"table": "table", "column": "column", "index": "index"}
CONSTRAINTS = {"unique": "unique_constraint", "foreign key": "foreign_key_constraint"}


@dataclass(frozen=True)
class Filter:
    """The two functions of an env.py, either of which may be missing; used like a pattern of pyproject.toml.

    `default` is the schema of models that name none.
    """

    include_object: Callable[..., Any] | None
    include_name: Callable[..., Any] | None
    metadata: MetaData
    default: str

    kind = "left out"
    identity = "by env.py"

    @property
    def reason(self) -> str:
        """The functions, as reports name them."""
        given = [name for name in FILTERS if getattr(self, name)]
        return f"{' and '.join(given)} in env.py"

    def matches(self, item: Object, holder: str | None, *, new: bool = False) -> bool:
        """Whether the functions leave out an object or its table; `new`: it is not in the older of two catalogs."""
        if item.parent is not None and holder in (None, "table") and self._leaves_out_table(str(item.parent), False):
            return True
        if item.kind == "table":
            return self._leaves_out_table(item.identity, new)
        type_ = CONSTRAINTS.get(item["type"]) if item.kind == "constraint" else TYPES.get(item.kind)
        return bool(item.parent and type_) and self._leaves_out(item, str(type_), new)

    @cached_property
    def _tables(self) -> Mapping[tuple[str, str], Any]:
        return {(table.schema or self.default, table.name): table for table in self.metadata.tables.values()}

    @cached_property
    def _known(self) -> dict[tuple[str, bool], bool]:
        return {}

    def _leaves_out_table(self, identity: str, new: bool) -> bool:
        if (identity, new) not in self._known:
            self._known[identity, new] = self._is_left_out(identity, new)
        return self._known[identity, new]

    def _is_left_out(self, identity: str, new: bool) -> bool:
        schema, name = split_name(identity)
        table = self._tables.get((schema, name))
        names = {"schema_name": None if schema == self.default else schema}
        return self._says_no(table, self._stand_in(identity), name, "table", new, names)

    def _leaves_out(self, item: Object, type_: str, new: bool) -> bool:
        schema, name = split_name(str(item.parent))
        stand_in, table = self._stand_in(str(item.parent)), self._tables.get((schema, name))
        own = plain_name(item)
        parts = {"column": "columns", "index": "indexes"}.get(type_, "constraints")
        found = next((one for one in getattr(table, parts, ()) if str(one.name) == own), None)
        names = {
            "schema_name": stand_in.schema,
            "table_name": name,
            "schema_qualified_table_name": f"{stand_in.schema}.{name}" if stand_in.schema else name,
        }
        return self._says_no(found, _part(stand_in, own, type_), own, type_, new, names)

    def _says_no(
        self, modelled: Any, reflected: Any, name: str, type_: str, new: bool, names: Mapping[str, str | None]
    ) -> bool:
        only_there = modelled is None
        try:
            if only_there and self.include_name and not self.include_name(name, type_, dict(names)):
                return True
            if self.include_object is None:
                return False
            other = None if only_there or new else reflected
            return not self.include_object(reflected if only_there else modelled, name, type_, only_there, other)
        except Exception as error:
            raise Failure(f"{self.reason} fails for {type_} {name}: {type(error).__name__}: {error}.") from error

    def _stand_in(self, identity: str) -> Any:
        from sqlalchemy import MetaData, Table

        schema, name = split_name(identity)
        return Table(name, MetaData(), schema=None if schema == self.default else schema)


def _part(table: Any, name: str, type_: str) -> Any:
    """Return a bare column, index or constraint of a table."""
    from sqlalchemy import Column, ForeignKeyConstraint, Index, UniqueConstraint

    if type_ == "column":
        table.append_column(Column(name))
        return table.columns[name]
    if type_ == "index":
        made = Index(name)
        made.table = table
        return made
    is_unique = type_ == "unique_constraint"
    constraint: Any = UniqueConstraint(name=name) if is_unique else ForeignKeyConstraint([], [], name=name)
    table.append_constraint(constraint)
    return constraint
