"""No false alarms: a clean database is reported as clean, whatever its models, its origin and the role that looks."""

import shutil
import subprocess
from collections.abc import Iterator
from pathlib import Path

import pytest
from sqlalchemy import URL, text

from tests.bench.generated import ENV
from tests.conftest import MakeDatabase
from tests.support.connections import connected
from whisper_migrate.catalog.describe import line
from whisper_migrate.catalog.model import diff
from whisper_migrate.embedded.installed import binaries
from whisper_migrate.history.history import History
from whisper_migrate.inspecting.inspect import inspect
from whisper_migrate.models.desired import build
from whisper_migrate.project.project import Project
from whisper_migrate.revisions.draft import draft
from whisper_migrate.state.drift import check

ROOT = Path(__file__).parents[2]


@pytest.fixture(scope="session")
def shapes(tmp_path_factory: pytest.TempPathFactory) -> Project:
    """A project with all model shapes of tests/shapes, and an empty history."""
    folder = tmp_path_factory.mktemp("shapes")
    (folder / "alembic" / "versions").mkdir(parents=True)
    (folder / "alembic" / "env.py").write_text(ENV.replace("bench_models", "tests.shapes.shapes"))
    shutil.copy(ROOT / "alembic" / "script.py.mako", folder / "alembic")
    shutil.copy(ROOT / "alembic.ini", folder)
    (folder / "pyproject.toml").write_text('[tool.whisper_migrate]\nmodels = "tests.shapes.shapes:metadata"\n')
    return Project(folder)


@pytest.fixture(scope="session")
def written(shapes: Project, server: URL) -> Iterator[Project]:
    """The project `shapes`, with the history that is drafted and proved on this server."""
    made = draft(shapes, server, "every shape")
    assert made.path
    yield shapes
    made.path.unlink()


def differences(project: Project, server: URL, database: URL) -> list[str]:
    verdict = check(project, server, database)
    return [line(change) for change in verdict.unwritten + verdict.drift]


def test_create_all_is_what_the_models_say(shapes: Project, make_database: MakeDatabase) -> None:
    url, other = make_database(), make_database()
    with connected(url) as connection, connected(other) as second:
        for schema in ("other", "Third One"):
            connection.execute(text(f'CREATE SCHEMA "{schema}"'))
        shapes.metadata.create_all(connection)
        build(second, shapes)
        assert [line(change) for change in diff(inspect(connection), inspect(second))] == []


@pytest.mark.thorough
def test_history_models_and_database_agree(written: Project, server: URL, database: URL) -> None:
    with connected(database) as connection:
        History(written).replay(connection)
    assert differences(written, server, database) == []
    assert draft(written, server, "nothing more").path is None


@pytest.mark.thorough
def test_a_restored_dump_is_clean(written: Project, server: URL, make_database: MakeDatabase) -> None:
    url, copy = make_database(), make_database()
    with connected(url) as connection:
        History(written).replay(connection)
    programs = binaries()
    dump = subprocess.run([programs / "pg_dump", _plain(url)], check=True, capture_output=True).stdout
    stop = ["-v", "ON_ERROR_STOP=1", "-q"]
    # The dump contains psql 18's \restrict lines, which psql reads itself.
    subprocess.run([programs / "psql", *stop, _plain(copy)], input=_for(copy, dump), check=True, capture_output=True)
    assert differences(written, server, copy) == []


SETTINGS = (
    "search_path = other, pg_catalog",
    "DateStyle = 'SQL, DMY'",
    "IntervalStyle = 'sql_standard'",
    "TimeZone = 'Asia/Tokyo'",
    "standard_conforming_strings = off",
    "lc_messages = 'C'",
    "bytea_output = 'escape'",
    "client_encoding = 'LATIN1'",
    "default_tablespace = 'pg_default'",
    "extra_float_digits = 0",
    "quote_all_identifiers = on",
    "default_transaction_isolation = 'serializable'",
    "lock_timeout = '1ms'",
)


def test_settings_of_the_role_do_not_matter(written: Project, server: URL, database: URL) -> None:
    with connected(database) as connection:
        History(written).replay(connection)
        connection.execute(text("CREATE ROLE odd LOGIN SUPERUSER"))
        for setting in SETTINGS:
            connection.execute(text(f"ALTER ROLE odd SET {setting}"))
        connection.commit()
    try:
        odd = URL.create("postgresql+psycopg2", "odd", database=database.database, query=dict(database.query))
        odd = odd.set(host=database.host, port=database.port)
        assert differences(written, odd.set(database="postgres"), odd) == []
    finally:
        with connected(server) as connection:
            connection.execute(text("DROP ROLE odd"))
            connection.commit()


@pytest.mark.servers("pg18")
def test_a_history_written_on_18_is_clean_elsewhere(written: Project, request: pytest.FixtureRequest) -> None:
    """A team drafts on one PostgreSQL version, and its servers have another."""
    from tests.support import servers

    for name, other in servers.urls().items():
        if name != "pg18":
            assert [line(change) for change in check(written, other, None).unwritten] == []


def _plain(url: URL) -> str:
    return url.set(drivername="postgresql").render_as_string(hide_password=False)


def _for(url: URL, dump: bytes) -> bytes:
    """Remove the settings of pg_dump 18 that older servers do not know."""
    return b"\n".join(line for line in dump.split(b"\n") if not line.startswith(b"SET transaction_timeout"))
