"""Planted relations with the names alembic_version, whisper_ledger and whisper_journal."""

import subprocess
from collections.abc import Iterator
from pathlib import Path

import pytest
from sqlalchemy import URL

from tests.security.roles import Trap, trap
from tests.support import little
from tests.support.little import command, plain
from tests.support.projects import ROOT, Checkout, ask, role
from whisper_migrate.embedded.installed import binaries
from whisper_migrate.project.project import Project
from whisper_migrate.running.offline import script
from whisper_migrate.running.patience import Patience

READERS = ("status", "current", "whereami", "repair", "repair --apply", "stamp one", "stamp one --unverified", "adopt")
COMMANDS = (*READERS, "check-drift", "upgrade", "upgrade --plan", "upgrade --no-check", "downgrade base")
LEDGER = """
SELECT planted.trap('upgrade'::text) AS direction, 'one'::text AS revision, '{one}'::text[] AS stands_at,
       1 AS number"""
JOURNAL = """
SELECT planted.trap('one'::text) AS revision, 'upgrade'::text AS direction, 1 AS statement, ''::text AS sha256,
       ''::text AS sql, 1 AS rows, now() AS began, now() AS done"""
OTHER_SCHEMA = """
from alembic import context
from sqlalchemy import create_engine

connection = context.config.attributes.get("connection") or create_engine("postgresql://nowhere.invalid/").connect()
context.configure(connection=connection, version_table_schema="{}")
with context.begin_transaction():
    context.run_migrations()
"""
VERSION = "CREATE TABLE public.alembic_version (version_num varchar(32) PRIMARY KEY)"

# Traps that a low role can put on a table it gives away or has rights on, and the words of the refusal.
FLAWS = {
    "ALTER TABLE {table} ENABLE ROW LEVEL SECURITY; ALTER TABLE {table} FORCE ROW LEVEL SECURITY;"
    " CREATE POLICY p ON {table} USING (planted.trap(true))": "row-level security",
    "CREATE INDEX ON {table} (planted.trap(1))": "an index on an expression",
    "CREATE INDEX ON {table} (version_num) WHERE planted.trap(true)": "an index on an expression",
    "CREATE STATISTICS public.s ON (planted.trap(version_num)), version_num FROM {table}": "extended statistics",
    "CREATE TABLE public.child () INHERITS ({table})": "parents or children",
    "ALTER TABLE {table} ADD CHECK (planted.trap(true))": "a constraint that is no key",
    "ALTER TABLE {table} ADD extra int DEFAULT planted.trap(1)": "a foreign default",
    "ALTER TABLE {table} ADD extra xml DEFAULT query_to_xml('SELECT planted.trap(1)', true, true, '')": "default",
    "ALTER TABLE {table} ADD extra int GENERATED ALWAYS AS (planted.trap(1)) STORED": "a foreign default",
    "CREATE DOMAIN public.d AS int CHECK (planted.trap(true)); ALTER TABLE {table} ADD extra public.d": "of a type",
    "CREATE FUNCTION public.f() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN PERFORM planted.trap(1);RETURN NEW;END $$;"
    " CREATE TRIGGER t BEFORE INSERT OR UPDATE OR DELETE ON {table} EXECUTE FUNCTION public.f()": "a trigger",
    "CREATE RULE r AS ON INSERT TO {table} DO ALSO SELECT planted.trap(1)": "a rule",
    "CREATE TABLE public.other (v varchar(32) REFERENCES {table} ON DELETE CASCADE)": "a trigger",
}  # fmt: skip


@pytest.fixture
def planted(database: URL) -> Iterator[Trap]:
    with trap(database) as made:
        yield made


def test_a_planted_version_table_is_named_and_never_read(
    tmp_path: Path, database: URL, planted: Trap, capsys: pytest.CaptureFixture[str]
) -> None:
    project = little.project(tmp_path)
    planted.plant(
        "CREATE VIEW public.alembic_version AS SELECT planted.trap('one'::varchar(32)) AS version_num",
        "GRANT ALL ON public.alembic_version TO PUBLIC",
    )
    refused = f"public.alembic_version is no ordinary table but a view of the role {planted.role}"
    for words in (*COMMANDS, "history --applied"):
        said = command(capsys, project, database, *words.split())
        if words != "history --applied":  # reads only the ledger
            assert said.code == 2 and refused in said.err, (words, said)
        assert not planted.sprung, words
    done = subprocess.run(
        [binaries() / "psql", "-Xq", "-d", plain(database)],
        input=script(Project(ROOT), "upgrade", "head", Patience()),
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 3 and f"of the role {planted.role} is not safe to read" in done.stderr, done
    assert not planted.sprung

    # A materialized view, a table of that role, a sequence and a type are refused as well.
    for made, kind in (
        ("CREATE MATERIALIZED VIEW {} AS SELECT planted.trap('one'::text) AS version_num", "MATERIALIZED VIEW"),
        ("CREATE TABLE {} (version_num text) PARTITION BY LIST (planted.trap(version_num))", "TABLE"),
        ("CREATE TABLE {} (version_num varchar(32))", "TABLE"),
        ("CREATE SEQUENCE {}", "SEQUENCE"),
        ("CREATE TYPE {} AS (version_num text)", "TYPE"),
        ("CREATE TYPE {} AS ENUM ('one')", "TYPE"),
        ("CREATE DOMAIN {} AS varchar(32)", "DOMAIN"),
    ):
        planted.plant("DROP VIEW IF EXISTS public.alembic_version", made.format("public.alembic_version"))
        said = command(capsys, project, database, "current")
        assert said.code == 2 and "public.alembic_version " in said.err and planted.role in said.err, said
        assert f"DROP {kind} public.alembic_version" in said.err and not planted.sprung, said
        planted.plant(f"DROP {kind} public.alembic_version")
    assert "Upgraded from no revision to two" in command(capsys, project, database, "upgrade").out
    assert command(capsys, project, database, "check-drift").code == 1  # because of the planted objects
    assert not planted.sprung


def test_a_planted_ledger_or_journal_is_named_and_never_read(
    tmp_path: Path, database: URL, planted: Trap, capsys: pytest.CaptureFixture[str]
) -> None:
    project = little.project(tmp_path)
    little.at(database, "one")
    for table, query, commands in (
        ("whisper_ledger", LEDGER, (*COMMANDS[:-1], "history --applied")),
        ("whisper_journal", JOURNAL, ("upgrade", "upgrade --no-check", "downgrade base --allow-data-loss")),
    ):
        planted.plant(f"CREATE VIEW public.{table} AS {query}", f"GRANT ALL ON public.{table} TO PUBLIC")
        for words in commands:
            said = command(capsys, project, database, *words.split())
            if words not in ("current", "upgrade --plan"):  # work without the table
                assert said.code == 2 and f"public.{table} is no ordinary table" in said.err, (words, said)
            assert not planted.sprung, words
        planted.plant(f"DROP VIEW public.{table}")
    said = command(capsys, project, database, "upgrade")
    assert said.code == 1 and "Upgraded from one to two" in said.out, said  # differs because of the planted objects


def test_a_table_that_would_run_something_is_refused(
    tmp_path: Path, database: URL, planted: Trap, capsys: pytest.CaptureFixture[str]
) -> None:
    """Refused whoever owns the table: it was given away, or its owner has granted rights on it."""
    project = little.project(tmp_path)
    (owner,) = ask(database, "SELECT current_user")[0]
    for flaw, words in FLAWS.items():
        planted.plant("SET check_function_bodies = off", VERSION, "GRANT ALL ON public.alembic_version TO PUBLIC")
        planted.plant(*flaw.format(table="public.alembic_version").split("; "))
        ask(database, f"ALTER TABLE public.alembic_version OWNER TO {owner}")
        for name in ("status", "upgrade"):
            assert not planted.sprung  # creating it does not count
            said = command(capsys, project, database, name)
            # PostgreSQL's superuser owns the table, and row-level security does not apply to him.
            harmless = words == "row-level security"
            assert harmless or (said.code == 2 and words in said.err), (flaw, said)
            assert not planted.sprung, flaw
        ask(
            database,
            "DROP TABLE public.alembic_version CASCADE",
            'DROP SCHEMA IF EXISTS elsewhere, "Odd Place" CASCADE',
        )


def test_a_membership_that_a_role_gave_itself_counts_for_nothing(
    tmp_path: Path, database: URL, planted: Trap, capsys: pytest.CaptureFixture[str]
) -> None:
    """Before PostgreSQL 16 every role may make others its members, even a superuser who has not asked for it."""
    project = little.project(tmp_path)
    (me,) = ask(database, "SELECT current_user")[0]
    admin = f"{planted.role}_admin"
    ask(database, f"CREATE ROLE {admin}", f"GRANT {planted.role} TO {admin} WITH ADMIN OPTION")
    ask(database, f"SET ROLE {admin}", f"GRANT {planted.role} TO {me}")
    planted.plant(VERSION, "INSERT INTO public.alembic_version VALUES ('one')")
    try:
        said = command(capsys, project, database, "current")
        assert said.code == 2 and f"public.alembic_version belongs to the role {planted.role}" in said.err, said
        ask(database, f"REVOKE {planted.role} FROM {admin} CASCADE", f"REVOKE {planted.role} FROM {me}")
        ask(database, f"GRANT {planted.role} TO {me}")
        assert command(capsys, project, database, "current").out == "one\n"
    finally:
        ask(database, f"REVOKE {planted.role} FROM {admin} CASCADE", f"REVOKE {planted.role} FROM {me}")
        ask(database, f"DROP ROLE {admin}")


def test_a_schema_whose_owner_could_exchange_the_table_is_refused(
    tmp_path: Path, database: URL, planted: Trap, capsys: pytest.CaptureFixture[str]
) -> None:
    """The owner of a schema can drop every table in it, also right before it is read."""
    project = little.project(tmp_path)
    little.at(database)
    assert command(capsys, project, database, "status").code == 0
    (before,) = ask(database, "SELECT nspowner::regrole::text FROM pg_namespace WHERE nspname = 'public'")[0]
    ask(database, f"ALTER SCHEMA public OWNER TO {planted.role}")
    for words in ("status", "check-drift", "upgrade"):
        said = command(capsys, project, database, words)
        assert said.code == 2 and f"is in a schema of the role {planted.role}" in said.err, said
    ask(database, f"ALTER SCHEMA public OWNER TO {before}")
    assert command(capsys, project, database, "status").code == 0


def test_nothing_is_made_in_a_schema_whose_owner_could_exchange_it(
    tmp_path: Path, database: URL, planted: Trap, capsys: pytest.CaptureFixture[str]
) -> None:
    """The owner of a schema could put a view there as soon as the table is committed, before the run reads it."""
    project = little.project(tmp_path)
    ask(database, f"CREATE SCHEMA book AUTHORIZATION {planted.role}")
    for schema in ("book", "public"):
        (project.root / "alembic" / "env.py").write_text(OTHER_SCHEMA.format(schema))
        ask(database, f"ALTER SCHEMA public OWNER TO {planted.role if schema == 'public' else database.username}")
        said = command(capsys, Project(project.root), database, "upgrade")
        assert said.code == 2 and f"in schema {schema} of the role {planted.role}" in said.err, said
        assert ask(database, "SELECT relname FROM pg_class WHERE relname ~ '^(alembic|whisper)_'") == []


def test_a_schema_for_the_version_table_needs_no_right_on_the_database(
    tmp_path: Path, database: URL, capsys: pytest.CaptureFixture[str]
) -> None:
    project = little.project(tmp_path)
    (project.root / "alembic" / "env.py").write_text(OTHER_SCHEMA.format("book"))
    with role(database, "CREATEDB") as other:
        ask(database, f"CREATE SCHEMA book AUTHORIZATION {other.username}")
        ask(database, f"GRANT CREATE ON SCHEMA public TO {other.username}")
        for name in ("one", "two"):
            (project.root / "alembic" / "versions" / f"{name}.py").unlink()
        Checkout(project.root).write_revision("one", None, up="op.execute('CREATE TABLE public.one (n int)')")
        said = command(capsys, Project(project.root), other, "upgrade", "--no-check")
        assert said.code == 0, said
        (made,) = ask(other, "SELECT version_num FROM book.alembic_version")[0]
        assert made == "one"
        ask(database, f"DROP OWNED BY {other.username}")
