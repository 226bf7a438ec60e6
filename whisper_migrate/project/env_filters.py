"""Heed `include_object` and `include_name` of a project's env.py: the objects that they leave out are not compared.

Alembic passes SQLAlchemy objects to `include_object`: those of the models, and for an object that only a database has,
the reflected one. Here a stand-in takes the place of a reflected one (see stand_ins.py).
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
from whisper_migrate.project.stand_ins import part_of, same_columns, stand_in

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
        return self._says_no(table, stand_in(identity, self.default), name, "table", new, names)

    def _leaves_out(self, item: Object, type_: str, new: bool) -> bool:
        schema, name = split_name(str(item.parent))
        bare = stand_in(str(item.parent), self.default)
        part = part_of(bare, item, type_, self.default)
        names = {
            "schema_name": bare.schema,
            "table_name": name,
            "schema_qualified_table_name": f"{bare.schema}.{name}" if bare.schema else name,
        }
        found = _modelled(self._tables.get((schema, name)), part, type_)
        return self._says_no(found, part, plain_name(item), type_, new, names)

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


def _modelled(table: Any, part: Any, type_: str) -> Any:
    """Return the part of a modelled table with the name of `part`, or a constraint without a name on its columns."""
    parts = {"column": "columns", "index": "indexes"}.get(type_, "constraints")
    there = [one for one in getattr(table, parts, ()) if one.__visit_name__ == part.__visit_name__]
    if named := [one for one in there if str(one.name) == part.name]:
        return named[0]
    unnamed = (one for one in there if parts == "constraints" and not isinstance(one.name, str))
    return next((one for one in unnamed if same_columns(one, part)), None)
