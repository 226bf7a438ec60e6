"""Roles with minimal rights, extensions of an administrator, and a database that other applications use as well."""

import os
import subprocess
from collections.abc import Iterator
from pathlib import Path

import psycopg2
import pytest
from sqlalchemy import URL

from tests.support import little
from tests.support.little import plain
from tests.support.projects import HEAD, ROOT, TABLES, Checkout, ask, copied, tables
from whisper_migrate import embedded
from whisper_migrate.catalog.describe import line, outline
from whisper_migrate.errors import Failure
from whisper_migrate.project.project import Project
from whisper_migrate.reports import text
from whisper_migrate.running import runner
from whisper_migrate.state.drift import Verdict, check

EXTENSIONS = [f"CREATE EXTENSION {name} SCHEMA public" for name in ("btree_gin", "pg_trgm", '"uuid-ossp"')]
FOREIGN = "SELECT count(*) FROM pg_class WHERE relnamespace = 'public'::regnamespace AND relowner <> '{}'::regrole"


@pytest.fixture
def prefix(database: URL) -> Iterator[str]:
    """The prefix of the roles of docs/deployment/roles.sql in this test, since roles belong to the whole server."""
    name = f"w{database.database}_"
    yield name
    ask(database, f"REASSIGN OWNED BY {name}owner TO CURRENT_USER")
    for role in ("app", "migrator", "owner"):
        ask(database, f"DROP OWNED BY {name}{role} CASCADE", f"DROP ROLE {name}{role}")


@pytest.fixture
def checkout(tmp_path: Path, database: URL, prefix: str) -> Checkout:
    """A copy of the project; its database has an administrator's extensions and the roles of roles.sql."""
    script = tmp_path / "roles.sql"
    script.write_text((ROOT / "docs/deployment/roles.sql").read_text().replace("whisper_", prefix))
    ask(database, *EXTENSIONS)
    # One password as a psql variable, the other as an environment variable.
    command = [embedded.binaries() / "psql", "-qXv", "migrator_password=m'", "-f", script, plain(database)]
    subprocess.run(command, env={**os.environ, "APP_PASSWORD": 'a"'}, check=True)
    made = copied(tmp_path / "project", database)
    made.edit(
        "pyproject.toml",
        'identity = "* to whisper_app"\nreason = "the application\'s rights, ',
        f'identity = "* to {prefix}app"\nreason = "the application\'s rights, ',
    )
    made.edit("pyproject.toml", '"* to whisper_app"', f'"* to {prefix}app"')
    return made


def checked(checkout: Checkout, server: URL, url: URL) -> Verdict:
    return check(Project(checkout.root), server, url, "database")


def upgrade(checkout: Checkout, url: URL) -> None:
    runner.upgrade(Project(checkout.root), url, "head", lambda _: None)


@pytest.mark.thorough
def test_each_role_does_its_own_part_and_no_more(checkout: Checkout, database: URL, server: URL, prefix: str) -> None:
    migrator, app = (database.set(username=prefix + name) for name in ("migrator", "app"))
    upgrade(checkout, migrator)
    assert tables(database) == TABLES and ask(database, FOREIGN.format(f"{prefix}owner")) == [(0,)]
    verdict = checked(checkout, server, app)
    said = text.render(verdict, None).splitlines()
    assert verdict.clean and len(verdict.ignored) > 100, said
    assert len(said) == 4 and f"changes that are grant * to {prefix}app" in said[0], said

    assert ask(app, "INSERT INTO users (user_id, username) VALUES ('1', 'one') RETURNING id") == [(1,)]
    ask(app, "UPDATE users SET username = 'two'", "DELETE FROM users")
    for statement in (
        "CREATE TABLE mine ()", "ALTER TABLE users ADD mine int", "DROP TABLE users", "TRUNCATE users",
        "SET ROLE " + prefix + "owner", "CREATE SCHEMA mine", "CREATE TEMP TABLE mine ()",
        "CREATE EXTENSION citext", "UPDATE alembic_version SET version_num = 'x'",
    ):  # fmt: skip
        with pytest.raises(psycopg2.errors.InsufficientPrivilege):
            ask(app, statement)
    for statement in ("CREATE ROLE mine", "CREATE DATABASE mine", "COMMENT ON EXTENSION pg_trgm IS 'mine'"):
        with pytest.raises(psycopg2.errors.InsufficientPrivilege):
            ask(migrator, statement)

    checkout.write_revision("aaaa", HEAD, up="op.execute('CREATE TABLE later (id serial)')")
    with pytest.raises(Failure, match="may not write the ledger"):
        upgrade(checkout, app)
    assert ask(database, "SELECT version_num, to_regclass('later') FROM alembic_version") == [(HEAD, None)]
    upgrade(checkout, migrator)
    ask(app, "INSERT INTO later DEFAULT VALUES")
    assert ask(database, FOREIGN.format(f"{prefix}owner")) == [(0,)]


@pytest.mark.thorough
@pytest.mark.servers("pg18")
def test_extensions_of_an_administrator_stay(checkout: Checkout, database: URL, prefix: str) -> None:
    """The baseline accepts existing extensions, although it may neither comment on them nor drop them."""
    migrator = database.set(username=f"{prefix}migrator")
    upgrade(checkout, migrator)
    runner.downgrade(Project(ROOT), migrator, "base", lambda _: None)
    assert tables(database) == 0
    assert ask(database, "SELECT count(*) FROM pg_extension WHERE extname <> 'plpgsql'") == [(3,)]
    upgrade(checkout, migrator)


@pytest.mark.servers("pg18")
def test_database_that_other_applications_share(tmp_path: Path, database: URL, server: URL) -> None:
    """Tables of other applications, in their own schema or in public, are reported and can be ignored."""
    theirs = (
        "CREATE TABLE guests (id serial PRIMARY KEY, name text)",
        "CREATE SCHEMA shop",
        "CREATE TABLE shop.authors (id serial PRIMARY KEY)",
        "CREATE TABLE shop.alembic_version (version_num varchar(32) PRIMARY KEY)",
        "CREATE FUNCTION shop.price() RETURNS int LANGUAGE sql RETURN 1",
    )
    project = little.project(tmp_path)
    verdict = check(project, server, little.at(database, "two", *theirs), "database")
    named = {line(change) for change in outline(verdict.drift)}
    assert named == {"+ table guests", "+ schema shop", "+ table shop.authors", "+ function shop.price()"}
    with (tmp_path / "pyproject.toml").open("a") as file:
        for kind, identity in (("table", "public.guests"), ("*", "shop*")):
            file.write(
                f"[[tool.whisper_migrate.ignore]]\nkind = '{kind}'\nidentity = '{identity}'\nreason = 'the shop'\n"
            )
    verdict = check(Project(tmp_path), server, database, "database")
    assert verdict.clean and verdict.ignored, text.render(verdict, None)


@pytest.mark.servers("pg18")
def test_another_applications_table_of_the_same_name_is_not_touched(database: URL) -> None:
    ask(database, "CREATE TABLE users (theirs text)", "INSERT INTO users VALUES ('one')")
    with pytest.raises(Failure, match='relation "users" already exists'):
        runner.upgrade(Project(ROOT), database, "head", lambda _: None)
    assert ask(database, "SELECT theirs FROM users") == [("one",)] and tables(database) == 1
