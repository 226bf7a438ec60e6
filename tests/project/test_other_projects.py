"""Other projects: a folder with a pyproject.toml and models, and a history that Alembic itself has initialized."""

import logging
import os
import re
import subprocess
import sys
import textwrap
import tomllib
from pathlib import Path

import alembic
import pytest
from sqlalchemy import URL

from tests.conftest import MakeDatabase
from tests.support.little import ROOT, Said, command, execute, plain, value
from whisper_migrate.alembic_plugin import bookkeeping
from whisper_migrate.project.environment import ENV_PY
from whisper_migrate.project.project import Project

pytestmark = pytest.mark.servers("pg18")

MODELS = """
from sqlalchemy.orm import DeclarativeBase, Mapped, mapped_column


class Base(DeclarativeBase):
    pass


class Note(Base):
    __tablename__ = "notes"

    id: Mapped[int] = mapped_column(primary_key=True)
    body: Mapped[str]
"""
ENGINE = """
from alembic import context
from sqlalchemy import create_engine

with create_engine({!r}).connect() as connection:
    context.configure(connection=connection)
    with context.begin_transaction():
        context.run_migrations()
"""


@pytest.fixture
def project(tmp_path: Path, request: pytest.FixtureRequest) -> Project:
    """A project with models in a uniquely named module, and no history."""
    module = f"{request.function.__name__}_models"
    (tmp_path / f"{module}.py").write_text(MODELS)
    (tmp_path / "pyproject.toml").write_text(f'[tool.whisper_migrate]\nmodels = "{module}:Base.metadata"\n')
    return Project(tmp_path)


def create(capsys: pytest.CaptureFixture[str], project: Project, server: URL) -> Said:
    return command(capsys, project, None, "create", "first", SHADOW_URL=plain(server))


def begun(project: Project) -> Path:
    """Return the project's env.py, after Alembic has initialized a history."""
    alembic = [sys.executable, "-m", "alembic", "init", "alembic"]
    subprocess.run(alembic, cwd=project.root, check=True, capture_output=True)
    env = project.root / "alembic/env.py"
    env.write_text(env.read_text().replace("fileConfig(config.config_file_name)", "pass"))  # for the process
    return env


@pytest.mark.thorough
def test_from_nothing_by_what_is_said(
    capsys: pytest.CaptureFixture[str], project: Project, server: URL, database: URL
) -> None:
    said = create(capsys, project, server)
    assert said.code == 2 and said.err.startswith(f"Failed: {project.root} has no history: there is no alembic.ini.")
    assert said.err.endswith(" && alembic init alembic\n")
    env = begun(project)
    env.write_text("from alembic import context\n\ncontext.configuration()\n")
    said = create(capsys, project, server)
    assert said.code == 2 and ENV_PY in said.err
    assert "alembic/env.py:3 does not come to the revisions: AttributeError: module 'alembic.context' has" in said.err
    env.write_text(of_template("generic"))
    said = create(capsys, project, server)
    assert (said.code, said.err) == (0, "") and said.out.startswith("+ table notes\nWrote alembic/versions/")
    assert command(capsys, project, database, "upgrade").code == 0
    assert command(capsys, project, database, "check-drift", SHADOW_URL=plain(server)).code == 0


@pytest.mark.thorough
def test_alembic_may_log_what_it_runs(
    capsys: pytest.CaptureFixture[str],
    caplog: pytest.LogCaptureFixture,
    project: Project,
    server: URL,
    database: URL,
) -> None:
    """Alembic's own alembic.ini enables this log."""
    begun(project).write_text(textwrap.dedent(ENV_PY.partition("\n")[2]))
    assert create(capsys, project, server).code == 0
    caplog.set_level(logging.INFO, logger="alembic")
    said = command(capsys, project, database, "upgrade")
    assert (said.code, said.err) == (0, "") and caplog.text.count("Running upgrade  -> ") == 1, said


def of_template(kind: str) -> str:
    """Return the env.py of one of Alembic's templates, as it is."""
    return (Path(alembic.__file__).parent / f"templates/{kind}/env.py").read_text()


BEGIN = """
from alembic import context
from app_of_{n} import engine
from sqlalchemy import text

if context.is_offline_mode():
    context.configure(url=str(engine.url))
    with context.begin_transaction():
        context.run_migrations()
else:
    with engine.begin() as connection:
        connection.execute(text("SET search_path = public"))
        connection.execute(text("SELECT pg_advisory_xact_lock(1)"))
        context.configure(connection, compare_type=True, transaction_per_migration=False)
        with context.begin_transaction():
            context.run_migrations()
"""
SHARED = """
from alembic import context
from sqlalchemy import create_engine


def run(connection):
    context.configure(connection=connection)
    with context.begin_transaction():
        context.run_migrations()


given = context.config.attributes.get("connection")
if given is None:
    with create_engine({url!r}).connect() as connection:
        run(connection)
else:
    run(given)
"""
OWN_TRANSACTION = """
from alembic import context
from sqlalchemy import Connection, inspect

connection = context.config.attributes.get("connection")
if context.is_offline_mode():
    context.configure(url="postgresql://", version_table_schema=None)
    context.run_migrations()
else:
    assert isinstance(connection, Connection)
    inspect(connection).has_table("notes")
    connection.commit()
    transaction = connection.begin()
    try:
        context.configure(connection=connection, version_table=None, version_table_schema=None)
        context.run_migrations()
        transaction.commit()
    except Exception:
        transaction.rollback()
        raise
    finally:
        connection.close()
"""
# env.py files as projects have them, and the URL in alembic.ini. {url} is a database that must stay empty.
AS_THEY_ARE = {
    "Alembic's template": (of_template("generic"), "driver://user:pass@localhost/dbname"),
    "Alembic's template, with a URL": (of_template("generic"), "{url}"),
    "Alembic's template, with another driver": (of_template("generic"), "{psycopg}"),
    "Alembic's asynchronous template": (of_template("async"), "{psycopg}"),
    "an engine of its own": (ENGINE, ""),
    "an engine of the application, in a transaction, after other statements": (BEGIN, ""),
    "a shared connection, or an engine": (SHARED, ""),
    "a transaction of its own on a shared connection": (OWN_TRANSACTION, ""),
}
UNTOUCHED = """
SELECT NOT EXISTS (SELECT FROM pg_tables WHERE schemaname = 'public') AND NOT EXISTS (
    SELECT FROM pg_stat_activity
    WHERE datname = current_database() AND backend_type = 'client backend' AND pid <> pg_backend_pid()
)
"""


@pytest.mark.thorough
@pytest.mark.parametrize("name", AS_THEY_ARE)
def test_env_py_as_it_is(
    capsys: pytest.CaptureFixture[str],
    project: Project,
    server: URL,
    make_database: MakeDatabase,
    name: str,
) -> None:
    def run(*arguments: str) -> Said:
        return command(capsys, project, mine, *arguments, SHADOW_URL=plain(server))

    mine, theirs = make_database(), make_database()
    env, url = AS_THEY_ARE[name]
    module = f"app_of_{len(name)}"
    (project.root / f"{module}.py").write_text(
        f"from sqlalchemy import create_engine\n\nengine = create_engine({plain(theirs)!r})\n"
    )
    psycopg = theirs.set(drivername="postgresql+psycopg").render_as_string(hide_password=False)
    begun(project)
    (project.root / "alembic/env.py").write_text(
        env.replace("{!r}", repr(plain(theirs))).replace("{url!r}", repr(plain(theirs))).replace("{n}", str(len(name)))
    )
    ini = project.root / "alembic.ini"
    given = url.format(url=plain(theirs), psycopg=psycopg).replace("%", "%%")
    ini.write_text(re.sub("(?m)^sqlalchemy.url = .*$", lambda _: f"sqlalchemy.url = {given}", ini.read_text()))
    levels = [logging.getLogger().level, len(logging.getLogger().handlers)]
    for arguments in (["create", "first"], ["upgrade"], ["check-drift"], ["status"], ["prove"], ["upgrade", "--sql"]):
        said = run(*arguments)
        assert (said.code, said.err) == (0, ""), arguments
    assert "CREATE TABLE notes" in said.out and "SET" in said.out
    assert run("downgrade", "base").code == 0
    assert run("stamp", "base").code == 0
    assert run("upgrade").code == 0 and run("check-drift").code == 0
    assert levels == [logging.getLogger().level, len(logging.getLogger().handlers)]
    assert value(theirs, UNTOUCHED) is True


def test_a_connection_of_the_driver_is_refused(
    capsys: pytest.CaptureFixture[str], project: Project, server: URL, make_database: MakeDatabase
) -> None:
    theirs = make_database()
    begun(project).write_text(ENGINE.format(plain(theirs)).replace(".connect()", ".raw_connection()"))
    said = create(capsys, project, server)
    assert said.code == 2 and "alembic/env.py opens a connection of the driver" in said.err
    assert value(theirs, UNTOUCHED) is True


@pytest.mark.thorough
@pytest.mark.parametrize("template", ["generic", "async"])
def test_env_py_names_the_models(
    capsys: pytest.CaptureFixture[str], project: Project, server: URL, database: URL, template: str
) -> None:
    def run(*arguments: str) -> Said:
        return command(capsys, Project(project.root), database, *arguments, SHADOW_URL=plain(server))

    module = f"models_for_{template}"
    (project.root / f"{module}.py").write_text(MODELS)
    (project.root / "pyproject.toml").write_text("[tool.whisper_migrate]\n")
    env = begun(project)
    ini = project.root / "alembic.ini"
    ini.write_text(ini.read_text().replace("driver://", "postgresql+psycopg://"))
    none = run("check-drift", "--only", "models")
    assert none.code == 2 and "Neither pyproject.toml nor alembic/env.py says where the models are." in none.err
    named = f"from {module} import Base\ntarget_metadata = Base.metadata"
    env.write_text(of_template(template).replace("target_metadata = None", named))
    said = run("check-drift", "--only", "models")
    assert said.code == 1 and f"+ table notes  ({module}.py:9)" in said.out, said
    assert run("create", "first").code == 0
    assert run("upgrade").code == 0 and run("check-drift").code == 0


PLAIN = """
import sys
from importlib.metadata import entry_points
from alembic.config import main
from alembic.runtime.plugins import Plugin
from whisper_migrate.alembic_plugin import bookkeeping

if sys.argv[1] not in {point.name for point in entry_points(group="alembic.plugins")}:  # it is not installed here
    Plugin.setup_plugin_from_module(bookkeeping, sys.argv[1])
main(["check"])
"""


@pytest.mark.thorough
@pytest.mark.parametrize("options", ["", ", include_schemas=True"])
def test_plain_alembic_does_not_see_the_ledger(
    capsys: pytest.CaptureFixture[str], project: Project, server: URL, database: URL, options: str
) -> None:
    def check(*arguments: str) -> subprocess.CompletedProcess[str]:
        path = {**os.environ, "PYTHONPATH": f"{ROOT}{os.pathsep}{project.root}"}
        plain_check = [sys.executable, "-c", PLAIN, *arguments]
        return subprocess.run(plain_check, cwd=project.root, env=path, capture_output=True, text=True, check=False)

    module = project.options["models"].partition(":")[0]
    given = f"from {module} import Base\ntarget_metadata = Base.metadata"
    env = of_template("generic").replace("target_metadata = None", given)
    env = env.replace("target_metadata=target_metadata\n", f"target_metadata=target_metadata{options}\n")
    begun(project).write_text(env)
    ini = project.root / "alembic.ini"
    url = plain(database).replace("%", "%%")
    ini.write_text(re.sub("(?m)^sqlalchemy.url = .*$", lambda _: f"sqlalchemy.url = {url}", ini.read_text()))
    assert create(capsys, project, server).code == 0
    assert command(capsys, project, database, "upgrade").code == 0
    points = tomllib.loads((ROOT / "pyproject.toml").read_text())["project"]["entry-points"]["alembic.plugins"]
    (name,) = (name for name, target in points.items() if target == bookkeeping.__name__)
    assert list(bookkeeping) == [bookkeeping]  # type: ignore[call-overload] # Alembic 1.18 and 1.19 take it for a list
    said = check(name)
    assert said.returncode == 0 and "No new upgrade operations detected." in said.stdout, said
    execute(database, "CREATE TABLE stray (a integer)")
    assert check(name).returncode != 0
