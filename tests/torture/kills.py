"""Kill an upgrade or its server once: half-done work must be in the journal, and the next upgrade must finish."""

import multiprocessing
import os
import random
import signal
import time
from contextlib import closing, suppress
from dataclasses import dataclass, field
from pathlib import Path

import psycopg2
from sqlalchemy import URL

from tests.running.attempts import AUTOCOMMIT, Said, alone, project, run, sql
from tests.support import servers
from tests.support.connections import connected
from tests.support.projects import ask
from tests.support.servers import until
from whisper_migrate import embedded
from whisper_migrate.catalog.describe import line
from whisper_migrate.catalog.model import Catalog, diff
from whisper_migrate.inspecting.inspect import inspect
from whisper_migrate.project.project import Project

FORK = multiprocessing.get_context("fork")
ROWS = 1000
BATCHES = f"""
some = "SELECT id FROM person WHERE shout IS NULL ORDER BY id LIMIT {ROWS // 10}"
with op.get_context().autocommit_block():
    fill = sa.text(f"UPDATE person SET shout = upper(name) || visits WHERE id IN ({{some}})")
    while op.get_bind().execute(fill).rowcount:
        pass
"""
HISTORY = (
    sql(
        "CREATE TABLE person (id serial PRIMARY KEY, name text NOT NULL, visits integer NOT NULL DEFAULT 0)",
        "CREATE TABLE visit (person integer NOT NULL, at timestamptz, note text)",
        f"INSERT INTO person (name) SELECT 'name ' || n FROM generate_series(1, {ROWS}) AS n",
        f"INSERT INTO visit SELECT 1 + n % {ROWS}, 'epoch', 'note ' || n FROM generate_series(1, {2 * ROWS}) AS n",
    ),
    sql(
        "ALTER TABLE visit ADD FOREIGN KEY (person) REFERENCES person", "ALTER TABLE visit ALTER note TYPE varchar(99)"
    ),
    "\n".join(
        [
            sql("UPDATE person SET visits = visits + 1"),
            alone("CREATE INDEX CONCURRENTLY visit_person ON visit (person)"),
            sql("UPDATE person SET visits = visits + 10", "ALTER TABLE person ADD COLUMN shout text"),
        ]
    ),
    BATCHES,
    sql("CREATE VIEW loud AS SELECT shout FROM person", "ALTER TABLE person ALTER shout SET NOT NULL"),
    "\n".join(
        [
            sql("CREATE TYPE mood AS ENUM ('sad')", "UPDATE visit SET note = note || '!'"),
            f"{AUTOCOMMIT}\n    op.execute(\"ALTER TYPE mood ADD VALUE 'glad'\")\n    op.execute('VACUUM person')",
            alone(
                "CREATE UNIQUE INDEX CONCURRENTLY person_name ON person (name)", "UPDATE visit SET note = note || '?'"
            ),
            sql("ALTER TABLE person ADD COLUMN mood mood DEFAULT 'glad'"),
            alone("DROP INDEX CONCURRENTLY visit_person"),
        ]
    ),
    # Without a serial column: it would number rows in their order on disk, which an interrupted UPDATE changes.
    sql(
        "DELETE FROM visit WHERE person % 2 = 0",
        "ALTER TABLE visit ADD COLUMN size integer GENERATED ALWAYS AS (length(note)) STORED",
    ),
)
HEAD = f"r{len(HISTORY)}"
OURS = "datname = current_database() AND application_name LIKE 'whisper-migrate%'"


@dataclass(frozen=True)
class State:
    """The expected catalog and rows of a database at a revision."""

    catalog: Catalog
    rows: object


@dataclass
class Range:
    """A server with databases for one kill each."""

    folder: Path
    random: random.Random
    project: Project = field(init=False)
    url: URL = field(init=False)
    states: dict[str | None, State] = field(default_factory=dict)
    seconds: float = 0
    count: int = 0

    def __post_init__(self) -> None:
        self.project = project(self.folder / "project", *HISTORY)
        self.url = embedded.start(self.folder / "server")

    def learn(self) -> None:
        """Record the state after each revision, and how long all revisions take."""
        database = self.make()
        self.states[None] = self.state(database)
        for number in range(1, len(HISTORY) + 1):
            run(self.project, database, f"r{number}")
            self.states[f"r{number}"] = self.state(database)
        other, began = self.make(), time.monotonic()
        assert self.upgrade(other) == 0
        self.seconds = time.monotonic() - began

    def make(self) -> URL:
        """Create a database."""
        self.count += 1
        name = f"range_{self.count}"
        ask(self.url, f"CREATE DATABASE {name}")
        return self.url.set(database=name)

    def state(self, database: URL) -> State:
        """Return the catalog of a database, and a hash of each table's rows."""
        with connected(database) as connection:
            catalog = inspect(connection)
        tables = [item.identity for item in catalog if item.kind == "table"]
        digest = "md5(string_agg(t::text, ',' ORDER BY t::text))"
        parts = [f"SELECT '{table}', {digest} FROM {table} AS t" for table in sorted(tables)]
        return State(catalog, ask(database, " UNION ALL ".join(parts) + " ORDER BY 1") if parts else [])

    def upgrade(self, database: URL, kill_after: float | None = None) -> int:
        """Upgrade in a separate process, which is killed after `kill_after` seconds; return its exit code."""
        process = FORK.Process(target=_upgrade, args=(self.project.root, database, self.folder / "said"), daemon=True)
        process.start()
        process.join(kill_after)
        if process.is_alive() and kill_after is not None:
            os.kill(int(process.pid or 0), signal.SIGKILL)
        process.join()
        return int(process.exitcode or 0)

    def kill_upgrade(self) -> str:
        """Kill an upgrade at a random moment, and return where it was, such as "between revisions"."""
        database = self.make()
        self.upgrade(database, kill_after=self.random.uniform(0, self.seconds))
        return self.look(database)

    def kill_server(self) -> str:
        """Kill the server during an upgrade: all of it, or only the process that serves the upgrade."""
        database = self.make()
        process = FORK.Process(target=_upgrade, args=(self.project.root, database, self.folder / "said"), daemon=True)
        process.start()
        time.sleep(self.random.uniform(0, self.seconds))
        postmaster = int((self.folder / "server/data/postmaster.pid").read_text().split()[0])
        victims = [postmaster]
        if self.random.random() < 0.5:
            with suppress(psycopg2.Error):
                victims = [int(str(pid)) for (pid,) in ask(database, f"SELECT pid FROM pg_stat_activity WHERE {OURS}")]
        for victim in victims:
            with suppress(ProcessLookupError):
                os.kill(victim, signal.SIGKILL)
        process.join()
        until(lambda: self.answers(database), 60)
        return self.look(database)

    def answers(self, database: URL) -> bool:
        """Start the server again if it is down, and return whether it answers."""
        with suppress(Exception):
            embedded.start(self.folder / "server")
            with closing(servers.connect(database)):
                return True
        return False

    def look(self, database: URL) -> str:
        """Raise AssertionError for half-done work without a journal, or if the next upgrade does not finish."""
        until(lambda: not ask(database, f"SELECT 1 FROM pg_stat_activity WHERE {OURS}"), 60)
        found = self.state(database)
        (there,) = ask(
            database, "SELECT to_regclass('alembic_version') IS NOT NULL, to_regclass('whisper_journal') IS NOT NULL"
        )
        stamps = ask(database, "SELECT version_num FROM alembic_version") if there[0] else []
        journal = ask(database, "SELECT * FROM whisper_journal") if there[1] else []
        stamp = str(stamps[0][0]) if stamps else None
        if not journal:
            self.require(found, self.states[stamp], f"at {stamp}, without a journal")
        code = self.upgrade(database)
        assert code == 0, (
            f"the upgrade after it (from {stamp}, journal: {journal}):\n{(self.folder / 'said').read_text()}"
        )
        self.require(self.state(database), self.states[f"r{len(HISTORY)}"], f"at the head (from {stamp}, {journal})")
        assert not there[1] or ask(database, "SELECT * FROM whisper_journal") == []
        ask(self.url, f"DROP DATABASE {database.database} WITH (FORCE)")
        if journal:
            return "in a revision, journalled"
        return (
            "before the first"
            if stamp is None
            else "at the end"
            if stamp == f"r{len(HISTORY)}"
            else "between revisions"
        )

    @staticmethod
    def require(found: State, wanted: State, when: str) -> None:
        """Require equal catalogs and rows."""
        changes = [line(change) for change in diff(wanted.catalog, found.catalog)]
        assert not changes, f"{when}: {changes}"
        assert found.rows == wanted.rows, f"{when}: rows differ: {found.rows} {wanted.rows}"


def rows(database: URL, table: str) -> list[tuple[object, ...]]:
    """Return all rows of a table; none if the table does not exist."""
    ((there,),) = ask(database, f"SELECT to_regclass('{table}') IS NOT NULL")
    return ask(database, f"SELECT * FROM {table}") if there else []


def _upgrade(root: Path, database: URL, said: Path) -> None:
    lines = Said()
    try:
        run(Project(root), database, said=lines, retry_for=30)
    except BaseException as error:
        said.write_text("\n".join([*lines.lines, str(error)]))
        os._exit(2)
    os._exit(0)
