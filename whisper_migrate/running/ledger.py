"""The ledger: the steps run in a database, when, by whom, from which file, and the catalog before and after.

The ledger is a table of the database itself. Each row is written in the transaction that it describes, so a rollback
removes it. The table is not part of the schema (`bookkeeping.BOOKKEEPING`).
"""

from __future__ import annotations

import ast
import hashlib
from collections.abc import Callable, Iterable
from dataclasses import dataclass, field, fields
from datetime import UTC, datetime
from functools import cache
from pathlib import Path
from typing import TYPE_CHECKING, Any

from alembic.script import Script
from alembic.script.revision import Revision
from sqlalchemy import Connection, text
from sqlalchemy.exc import DBAPIError

from whisper_migrate import __version__
from whisper_migrate.catalog.sql import literal, run
from whisper_migrate.databases.bookkeeping import is_there, require_schemas
from whisper_migrate.databases.own_rights import missing, withdraw
from whisper_migrate.databases.stamps import stamped
from whisper_migrate.databases.version_table import version_table
from whisper_migrate.errors import Failure
from whisper_migrate.history.branches import parents
from whisper_migrate.inspecting.inspect import inspect
from whisper_migrate.inspecting.scheme import scheme
from whisper_migrate.wording.hidden_characters import visible

if TYPE_CHECKING:
    from whisper_migrate.running.session import Underway

TABLE = "public.whisper_ledger"
# A column that a later version adds is added to existing tables. PostgreSQL fills `number` and `at`.
COLUMNS = {
    "number": "bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY",
    "at": "timestamptz NOT NULL DEFAULT clock_timestamp()",
    "role": "text NOT NULL DEFAULT session_user",
    "direction": "text NOT NULL",
    "revision": "text NOT NULL",
    "parents": "text[]",
    "stands_at": "text[] NOT NULL",
    "seconds": "double precision",
    "program": "text",
    "server": "integer",
    "scheme": "text",
    "file": "text",
    "code": "text",
    "before": "text",
    "after": "text",
    "verified": "boolean",
    "replaced": "text",
}
ABOUT = "What whisper-migrate did here: migrate.py history --applied. No part of the schema."
MAY_CREATE = """
SELECT has_schema_privilege(n.oid, 'CREATE') FROM pg_catalog.pg_namespace AS n WHERE n.nspname = 'public'"""
_RUNNER = """
SELECT quote_ident(pg_get_userbyid(c.relowner)) FROM pg_catalog.pg_class AS c
WHERE c.oid = to_regclass({version}) AND c.relowner <> quote_ident(current_user)::regrole"""
NAMES = "SELECT attname FROM pg_catalog.pg_attribute WHERE attrelid = to_regclass(:table)"
DONE = {"upgrade": "applied", "downgrade": "reverted", "stamp": "stamped", "repair": "repaired"}
WITH_DOCSTRING = (ast.Module, ast.FunctionDef, ast.AsyncFunctionDef, ast.ClassDef)
# The variables for a revision's place in the history, which do not change what it does.
PLACE = frozenset({"revision", "down_revision", "branch_labels", "depends_on"})


class Hidden(Failure):
    """The role may not read the ledger. A caller that can do without the ledger goes on."""


@dataclass(frozen=True)
class Entry:
    """One row: a step ("upgrade", "downgrade"), a stamp or a repair, and the database's revisions after it.

    `file` is the SHA-256 of the revision's file, `code` that of its code (see `code_hash`). `before` and `after` are
    fingerprints of the catalog, comparable only for one major version of the `server` and one `scheme()`. `verified`,
    for a stamp or a repair: whether the database was compared with the revision. `replaced`: SQL of the functions,
    views and other objects without rows that an adoption or a repair has replaced or dropped.
    """

    direction: str
    revision: str
    stands_at: list[str]
    parents: list[str] | None = None
    seconds: float | None = None
    program: str | None = __version__
    server: int | None = None
    scheme: str | None = None
    file: str | None = None
    code: str | None = None
    before: str | None = None
    after: str | None = None
    verified: bool | None = None
    replaced: str | None = None
    number: int | None = field(default=None, compare=False)
    at: datetime | None = field(default=None, compare=False)
    role: str | None = field(default=None, compare=False)

    @property
    def when(self) -> str:
        """`2026-11-25 09:41 UTC`."""
        return f"{self.at.astimezone(UTC):%Y-%m-%d %H:%M} UTC" if self.at else "now"

    @property
    def who(self) -> str:
        """The role on one line: a line break in its name must not look like a line of a report."""
        return visible(str(self.role))

    @property
    def done(self) -> str:
        """`applied on 2026-11-25 09:41 UTC by whisperengine`."""
        return f"{DONE.get(self.direction, self.direction)} on {self.when} by {self.who}"

    @property
    def document(self) -> dict[str, Any]:
        """The entry as plain data, for `--format json`."""
        return {
            "at": self.at.astimezone(UTC).isoformat(timespec="seconds") if self.at else None,
            "direction": self.direction,
            "revision": self.revision,
            "revisions": self.stands_at,
            "seconds": self.seconds,
            "verified": self.verified,
            "role": self.role,
            "program": self.program,
        }

    def found_other_than(self, earlier: Entry) -> bool:
        """Whether this step found another catalog than an earlier one left, if their fingerprints are comparable."""
        comparable = (self.server, self.scheme) == (earlier.server, earlier.scheme) and self.before and earlier.after
        return bool(comparable) and self.before != earlier.after


def entry_of(script: Revision | None, **values: Any) -> Entry:
    """Return an entry with the facts from the revision's file."""
    if not isinstance(script, Script):
        return Entry(**values)
    content = Path(script.path).read_bytes()
    return Entry(parents=parents(script), file=hashlib.sha256(content).hexdigest(), code=code_hash(content), **values)


@cache
def code_hash(source: bytes) -> str:
    """Return the SHA-256 of the code without docstrings, comments, layout and its place in the history."""
    tree = ast.parse(source)
    tree.body = [node for node in tree.body if not PLACE & set(_assigned(node))]
    for node in ast.walk(tree):
        if isinstance(node, WITH_DOCSTRING) and ast.get_docstring(node) is not None:
            node.body = node.body[1:]
    return hashlib.sha256(repr(_plain(tree)).encode()).hexdigest()


def _assigned(node: ast.stmt) -> Iterable[str]:
    targets = node.targets if isinstance(node, ast.Assign) else [node.target] if isinstance(node, ast.AnnAssign) else []
    return (target.id for target in targets if isinstance(target, ast.Name))


def _plain(node: Any) -> Any:
    """Return a syntax tree as plain tuples: `ast.dump` differs between versions of Python."""
    if isinstance(node, list):
        return [_plain(part) for part in node]
    if not isinstance(node, ast.AST):
        return node
    kept = [(name, _plain(value)) for name, value in ast.iter_fields(node) if value is not None and value != []]
    return (type(node).__name__, kept)


def read(connection: Connection) -> list[Entry]:
    """Return the entries, oldest first; none if the database has no ledger.

    Raises Hidden if the role may not read the ledger, and Failure if it is not safe to read (see `bookkeeping`).
    """
    if not is_there(connection, TABLE):
        return []
    if lacks := missing(connection, TABLE, "SELECT"):
        role, grant = lacks
        raise Hidden(f"The role {role} may not read the ledger.", grant)
    known = {part.name for part in fields(Entry)}
    rows = connection.execute(text(f"SELECT * FROM ONLY {TABLE} ORDER BY number")).mappings()
    return [Entry(**{name: value for name, value in row.items() if name in known}) for row in rows]


def read_or_why(connection: Connection) -> tuple[list[Entry], str]:
    """Return the entries and ""; or no entries and the reason why the role may not read them."""
    try:
        return read(connection), ""
    except Hidden as failure:
        return [], " ".join(str(failure).split())


def may_write(connection: Connection) -> bool:
    """Whether the role can write the ledger; False if there is none and the role may not create it.

    Raises Failure if there is a ledger that the role may not write: with a gap, the ledger would suggest a wrong stamp.
    """
    if not is_there(connection, TABLE):
        return bool(connection.scalar(text(MAY_CREATE)))
    if lacks := missing(connection, TABLE, "SELECT", "INSERT"):
        role, grant = lacks
        raise Failure(f"The role {role} may not write the ledger of this database, so nothing was run.", grant)
    return True


def write(connection: Connection, entry: Entry) -> None:
    """Write an entry in the transaction of `connection`; create the table first if it is missing."""
    there = set(connection.scalars(text(NAMES), {"table": TABLE})) if is_there(connection, TABLE) else set()
    if not there:
        require_schemas(connection)
        run(connection, f"CREATE TABLE {TABLE} ({', '.join(f'{name} {type_}' for name, type_ in COLUMNS.items())})")
        run(connection, f"COMMENT ON TABLE {TABLE} IS '{ABOUT}'; {withdraw(TABLE)}")
        if role := run(connection, runner()).scalar():
            run(connection, f"GRANT SELECT, INSERT ON {TABLE} TO {role}")
    for name in COLUMNS.keys() - there if there else ():
        run(connection, f"ALTER TABLE {TABLE} ADD COLUMN {name} {COLUMNS[name]}")
    names = [part.name for part in fields(Entry) if part.compare]
    connection.execute(
        text(f"INSERT INTO {TABLE} ({', '.join(names)}) VALUES ({', '.join(f':{name}' for name in names)})"),
        {name: getattr(entry, name) for name in names},
    )


def enter(connection: Connection, script: Revision | None, **values: Any) -> str | None:
    """Record a finished step in the transaction of `connection`; return the fingerprint of the catalog after it."""
    after, server = _fingerprint(connection)
    stands_at = stamped(connection) or []
    entry = entry_of(script, stands_at=stands_at, server=server, scheme=scheme(), after=after, **values)
    write(connection, entry)
    return after


@cache
def runner() -> str:
    """Return the query for the role that runs the revisions, if another role writes the first entry."""
    return _RUNNER.format(version=literal(version_table().identity))


def recorder(underway: Underway) -> Callable[[], None]:
    """Return the listener that writes the ledger after a step. The catalog is read before the step and after it.

    Raises Failure if the ledger cannot be written.
    """
    connection = underway.connection
    if not may_write(connection):
        return lambda: None
    # The catalog after a step is the one before the next step, unless a rollback came in between.
    stands_at, before = connection.info.get(TABLE, (None, None))
    if stands_at is None or stands_at != stamped(connection):
        before, _ = _fingerprint(connection)

    def ran() -> None:
        seconds, stands_at = underway.seconds, stamped(connection) or []
        revision, values = underway.revision, dict[str, Any]()
        if underway.direction == "stamp":  # by Alembic's own command, which compares nothing
            revision, values = ", ".join(stands_at) or "base", {"verified": False}
        script = underway.info.revision_map.get_revision(revision) if "," not in revision else None
        values |= {"direction": underway.direction, "revision": revision, "seconds": seconds, "before": before}
        connection.info[TABLE] = stands_at, enter(connection, script, **values)

    return ran


def _fingerprint(connection: Connection) -> tuple[str | None, int | None]:
    """Return the catalog's fingerprint and the server's major version.

    Both are None if the catalog cannot be read, because that must not stop a step.
    """
    try:
        catalog = inspect(connection)
    except DBAPIError:
        return None, None
    return catalog.fingerprint, catalog.version
