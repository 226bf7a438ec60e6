"""Indexes and foreign keys of the models that PostgreSQL refuses: all are reported, and the rest is compared."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any

from sqlalchemy import Index
from sqlalchemy.exc import DBAPIError, SQLAlchemyError
from sqlalchemy.sql.ddl import SchemaGenerator

from whisper_migrate.catalog.model import Catalog, Change, Key, Object
from whisper_migrate.catalog.names import identifier, shown
from whisper_migrate.errors import Failure, reason
from whisper_migrate.project.ignore import Ignoring, split

AT_TABLE = "It was at table "


@dataclass(frozen=True)
class Defect:
    """An index or foreign key that cannot be created, as a catalog would name it, and PostgreSQL's reason."""

    item: Object
    why: str

    @property
    def what(self) -> str:
        """The object and the reason."""
        return f"{self.item.kind} {shown(self.item.identity)}: {self.why}"


class Generator(SchemaGenerator):
    """SQLAlchemy's `create_all`, which goes on after an index or foreign key that PostgreSQL refuses."""

    def __init__(self, *arguments: Any, default: str, **options: Any) -> None:
        super().__init__(*arguments, **options)  # type: ignore[no-untyped-call]
        self.default = default
        self.defects: list[Defect] = []
        self.failures: list[DBAPIError] = []

    def visit_table(self, table: Any, **options: Any) -> None:  # type: ignore[override]
        """Create a table. If PostgreSQL refuses the statement, leave out the foreign keys, and add them one by one."""
        keys = sorted(table.foreign_key_constraints, key=lambda key: key._creation_order)
        try:
            super().visit_table(table, **options)  # type: ignore[no-untyped-call]
        except DBAPIError as error:
            given = options.get("include_foreign_key_constraints")
            try:
                super().visit_table(table, **options | {"include_foreign_key_constraints": ()})  # type: ignore[no-untyped-call]
            except DBAPIError:
                self._fail(table, error)
                return
            for key in keys:
                if given is None or key in given:
                    self.visit_foreign_key_constraint(key)
        except SQLAlchemyError:
            raise
        except Exception as error:  # of a type of the models, which gives no name to PostgreSQL
            error.add_note(f"{AT_TABLE}{shown(table.fullname)}")
            raise

    def require_tables(self) -> None:
        """Raise the first error of a table that could not be created; its notes name the other tables."""
        if self.failures:
            raise self.failures[0]

    def _fail(self, table: Any, error: DBAPIError) -> None:
        self.failures.append(error)
        if len(self.failures) > 1:
            self.failures[0].add_note(f"table {shown(table.fullname)}: {reason(error)}")

    def visit_index(self, index: Any, create_ok: bool = False) -> None:
        """Create an index."""
        self._try(super().visit_index, index, create_ok)

    def visit_foreign_key_constraint(self, constraint: Any) -> None:
        """Add a foreign key to a table that exists."""
        self._try(super().visit_foreign_key_constraint, constraint)

    def _try(self, create: Callable[..., Any], item: Any, *options: bool) -> None:
        try:
            create(item, *options)
        except DBAPIError as error:
            self.defects.append(Defect(_named(item, self.default), reason(error)))


def counted(defects: Sequence[Defect], ignored: Sequence[Ignoring]) -> list[Defect]:
    """Return the defects without those that the project ignores."""
    kept, _ = split([Change(None, defect.item) for defect in defects], ignored)
    return [defect for defect in defects if any(change.after is defect.item for change in kept)]


def require_known(defects: Sequence[Defect], recorded: Catalog) -> list[str]:
    """Return a note on each defect whose object the history has: a draft leaves it as it is.

    Raises Failure, with all of them, if there are others.
    """
    if any(defect.item.key not in recorded for defect in defects):
        lines = "".join(f"\n  {defect.what}" for defect in defects)
        raise Failure(f"The models do not make a schema:{lines}")
    return [f"The models cannot create {defect.what}. It is left as the history made it." for defect in defects]


def unmade(defects: Sequence[Defect], recorded: Catalog) -> dict[Key, Object]:
    """Return the objects of the history that the models declare, but cannot create."""
    return {one.item.key: recorded[one.item.key] for one in defects if one.item.key in recorded}


def _named(item: Any, default: str) -> Object:
    """Return a stand-in for the object of a catalog that an index or foreign key would be."""
    schema = identifier(item.table.schema or default)
    table = f"{schema}.{identifier(item.table.name)}"
    if isinstance(item, Index):
        kind, name = "index", identifier(str(item.name))
        identity = f"{schema}.{name}"
    else:
        columns = "_".join(column.name for column in item.columns)
        kind, name = "constraint", identifier(str(item.name or f"{item.table.name}_{columns}_fkey"))
        identity = f"{name} on {table}"
    return Object(kind, identity, table, ("name", "type"), (name, "foreign key"))
