"""A pair of schemas, and the proof that plans lead from one to the other and back."""

import difflib
import shutil
import tempfile
from dataclasses import dataclass
from pathlib import Path
from random import Random

from hypothesis import strategies as st
from sqlalchemy import Connection
from sqlalchemy.exc import DBAPIError

from tests.conftest import MakeDatabase
from tests.fuzz.choices import Choices
from tests.fuzz.schemas import schema
from tests.support.connections import connected
from tests.support.little import ENV, ROOT
from whisper_migrate.catalog.describe import line
from whisper_migrate.catalog.model import Catalog, diff
from whisper_migrate.catalog.sql import run
from whisper_migrate.comparing.settle import agreed, settled
from whisper_migrate.history.history import History
from whisper_migrate.inspecting.inspect import inspect
from whisper_migrate.planning.locality import beyond_reach
from whisper_migrate.planning.plan import plan, statements
from whisper_migrate.project.project import Project
from whisper_migrate.revisions.prove import Flaw, prove
from whisper_migrate.revisions.render import Body
from whisper_migrate.revisions.revision_file import Text, write

MOST_CHANGES = 15
# Hypothesis chooses only a pair's number: with more freedom it would generate many similar pairs.
NUMBERS = st.integers(0, 2**64 - 1)


@dataclass(frozen=True)
class Pair:
    """Two schemas as SQL, the choices in which they differ, and whether to prove them through a revision file."""

    seed: int
    version: int
    changed: frozenset[str]
    before: list[str]
    after: list[str]
    in_file: bool

    @classmethod
    def of(cls, seed: int, version: int, changed: frozenset[str] | None = None) -> "Pair":
        """Return the pair of this seed; the second schema differs in a few choices, or (one in ten) in all."""
        choices, random = Choices(f"before {seed}"), Random(seed)
        before = schema(choices, version)
        names = sorted(choices.made)
        some = frozenset(names if random.random() < 0.1 else random.sample(names, random.randint(1, MOST_CHANGES)))
        in_file = random.random() < 0.5
        changed = some if changed is None else changed
        return cls(
            seed, version, changed, before, schema(Choices(f"after {seed}", choices.made, changed), version), in_file
        )

    def without(self, *names: str) -> "Pair":
        """Return the pair without these changes."""
        return Pair.of(self.seed, self.version, self.changed.difference(names))

    def __str__(self) -> str:
        said = "\n".join(difflib.unified_diff(self.before, self.after, lineterm="", n=len(self.before)))
        return f"Pair.of({self.seed}, {self.version}), changed: {', '.join(sorted(self.changed))}\n{said}"


class Refused(Exception):
    """PostgreSQL rejects one of the schemas."""


class Wrong(Exception):
    """A plan fails, or leads to another schema."""


def prove_pair(
    make_database: MakeDatabase, project: Project, first: list[str], second: list[str], in_file: bool
) -> None:
    """Run the plans from one schema to the other, back, and again, and compare each time.

    Raises Refused if PostgreSQL rejects a schema, Failure if no plan is possible, and Wrong if the result differs.
    """
    with connected(make_database()) as one, connected(make_database()) as other:
        for connection, sql in ((one, first), (other, second)):
            run(connection, project.session)
            _build(connection, sql)
        before, after = (inspect(connection, requires=True) for connection in (one, other))
        if diff(before, inspect(one)) or before.fingerprint != inspect(one).fingerprint:
            raise Wrong("A database differs from itself.")
        changes = settled(one, diff(before, after))
        for connection in (one, other):
            connection.rollback()
        after = agreed(before, after, changes)
        if in_file:
            _in_file(project, one, before, after)
            return
        for start, goal in ((before, after), (after, before), (before, after)):
            _go(one, start, goal)


def _build(connection: Connection, sql: list[str]) -> None:
    for statement in filter(None, sql):
        try:
            run(connection, statement)
        except DBAPIError as error:
            raise Refused(f"{error.orig} at: {statement}") from error
    connection.commit()


def _go(connection: Connection, start: Catalog, goal: Catalog) -> None:
    for statement in statements(plan(start, goal)):
        try:
            run(connection, statement)
        except DBAPIError as error:
            raise Wrong(f"{error.orig} at: {statement}") from error
    connection.commit()
    left = [one for one in settled(connection, diff(inspect(connection), goal)) if not beyond_reach(one)]
    connection.rollback()
    if left:
        raise Wrong("\n".join(["These are left:", *map(line, left)]))


def _in_file(project: Project, connection: Connection, before: Catalog, after: Catalog) -> None:
    up, down = plan(before, after), plan(after, before)
    with tempfile.TemporaryDirectory() as folder:
        text = Text("fuzz", None, "a pair", [], Body(up, after).source(), Body(down, before).source())
        write(History(project), Path(folder), text)
        try:
            prove(History(project, [Path(folder)]), connection, text.revision, before, after)
        except Flaw as flaw:
            raise Wrong(str(flaw)) from flaw


def project_in(folder: Path) -> Project:
    """Return a project without models and revisions, in which revision files are written and run."""
    (folder / "alembic" / "versions").mkdir(parents=True)
    (folder / "alembic" / "env.py").write_text(ENV)
    for name in ("alembic.ini", "alembic/script.py.mako"):
        shutil.copy(ROOT / name, folder / name)
    (folder / "pyproject.toml").write_text("[tool.whisper_migrate]\nmodels = 'none:metadata'\n")
    return Project(folder)
