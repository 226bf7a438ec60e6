"""The tables for bookkeeping, which are no part of a project's schema, and the place of Alembic's version table.

A project's env.py may place the version table elsewhere, by `version_table` and `version_table_schema`. One process
works on one project, so the place is kept here for the whole process.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

BOOKKEEPING = frozenset({"alembic_version", "whisper_ledger", "whisper_journal"})


@dataclass(frozen=True)
class VersionTable:
    """The table in which Alembic keeps the revisions of a database, by its names without quotes."""

    schema: str = "public"
    name: str = "alembic_version"

    @property
    def options(self) -> dict[str, str]:
        """The options of `context.configure`."""
        return {"version_table": self.name, "version_table_schema": self.schema}

    @property
    def identity(self) -> str:
        """The name as SQL takes it, such as `public.alembic_version`."""
        from whisper_migrate.catalog.names import identifier  # imports SQLAlchemy, which fast commands do without

        return f"{identifier(self.schema)}.{identifier(self.name)}"

    @property
    def create_schema(self) -> str:
        """The statement that creates the table's schema unless it exists, with `; `; nothing for `public`."""
        return f"CREATE SCHEMA IF NOT EXISTS {self.own_schema}; " if self.own_schema else ""

    @property
    def own_schema(self) -> str | None:
        """The schema of the table, as SQL takes it; None for `public`. It exists in every shadow, too."""
        from whisper_migrate.catalog.names import identifier

        return None if self.schema == "public" else identifier(self.schema)


_used = VersionTable()


def use(options: Mapping[str, Any]) -> None:
    """Let this process use the version table that these options of `context.configure` name (see `Project`)."""
    global _used
    named = {"schema": options.get("version_table_schema"), "name": options.get("version_table")}
    _used = VersionTable(**{part: str(name) for part, name in named.items() if name})


def version_table() -> VersionTable:
    """Return the version table of the project that this process works on."""
    return _used


def names() -> dict[str, list[str] | str]:
    """Return the bind parameters of a query that leaves out bookkeeping.

    `bookkeeping` are names of tables in any schema; `version` is the identity of the version table.
    """
    return {"bookkeeping": [*BOOKKEEPING], "version": _used.identity}
