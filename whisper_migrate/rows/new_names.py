"""Generated rows under the names that a revision gives to their tables and columns, and under those from before it."""

from __future__ import annotations

from collections.abc import Collection, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass

from sqlalchemy import URL, Connection

from whisper_migrate.catalog.model import Catalog
from whisper_migrate.catalog.sql import run
from whisper_migrate.databases.connect import connected
from whisper_migrate.planning.renames import Renamed
from whisper_migrate.planning.steps import Step


@dataclass(frozen=True)
class Filled:
    """A shadow at `before` that has rows in `tables`; `renamed` are the renames with which the revision begins."""

    url: URL
    before: Catalog
    tables: Collection[str]
    renamed: Renamed

    @property
    def new_names(self) -> set[str]:
        """The tables by their new names."""
        names = {table: table for table in self.tables if ("table", table) in self.before}
        for step in self.renamed.up:
            if step.verb == "rename" and step.item.kind == "table" and step.before:
                old, new = step.before.identity, step.item.identity
                names = {first: new if name == old else name for first, name in names.items()}
        return set(names.values())

    @contextmanager
    def renaming(self) -> Iterator[Connection]:
        """Connect to the shadow while its objects have their new names. What is not committed in between is undone."""
        with connected(self.url) as connection:
            _run(connection, self.renamed.up)
            yield connection
            connection.rollback()
            _run(connection, self.renamed.down)


def _run(connection: Connection, steps: Sequence[Step]) -> None:
    for statement in (statement for step in steps for statement in step.statements):
        run(connection, statement)
    connection.commit()
