"""Projects whose env.py keeps the revisions of a database in another table than public.alembic_version."""

import subprocess
from pathlib import Path

import pytest
from sqlalchemy import URL

from tests.conftest import MakeDatabase
from tests.support.foreign_projects import DROP, MODELS, NOTES, Run, made, revision
from tests.support.little import execute, plain, value
from whisper_migrate import embedded

pytestmark = pytest.mark.servers("pg18", "pg15")

OPTIONS = {
    'public."the revisions"': ", version_table='the revisions'",
    "audit.alembic_version": ", version_table_schema='audit'",
    '"50% :name".versions': ", version_table='versions', version_table_schema='50% :name'",
    '"Audit log".versions': ", version_table='versions', version_table_schema='Audit log'",
}
# A table of the version table's name in another schema, and one in the version table's schema, belong to the project.
MORE = """
sa.Table("versions", metadata, sa.Column("id", sa.Integer, primary_key=True))
sa.Table("entries", metadata, sa.Column("id", sa.Integer, primary_key=True), schema="audit")
"""
ENTRIES = ["CREATE TABLE versions (id serial PRIMARY KEY)", "CREATE SCHEMA IF NOT EXISTS audit"]
ENTRIES += ["CREATE TABLE audit.entries (id serial PRIMARY KEY)"]


@pytest.fixture
def run(capsys: pytest.CaptureFixture[str], server: URL, database: URL) -> Run:
    return Run(capsys, server, database)


@pytest.mark.thorough
@pytest.mark.parametrize("table", OPTIONS)
def test_version_table_is_where_env_py_says(
    tmp_path: Path, run: Run, make_database: MakeDatabase, database: URL, server: URL, table: str
) -> None:
    project = made(tmp_path, options=OPTIONS[table], models=MODELS + MORE)
    revision(tmp_path / "alembic/versions", "aaaa", None, NOTES, DROP)
    up = "; ".join(f"op.execute({one!r})" for one in ENTRIES)
    schema = "" if table.startswith("audit.") else "; op.execute('DROP SCHEMA audit')"
    down = f"op.execute('DROP TABLE versions, audit.entries'){schema}"
    revision(tmp_path / "alembic/versions", "bbbb", "aaaa", up, down)
    at = f"SELECT version_num FROM {table}".replace(":", r"\:")  # no parameter
    assert run(project, "upgrade").code == 0
    assert value(database, at) == "bbbb"
    assert value(database, "SELECT to_regclass('public.alembic_version')") is None
    for words in (["check-drift"], ["status"], ["current", "--check-heads"], ["prove"], ["adopt"]):
        said = run(project, *words)
        assert (said.code, said.err) == (0, ""), (words, said)
    execute(database, "ALTER TABLE versions ADD COLUMN more text")
    said = run(project, "check-drift")
    assert said.code == 1 and "versions.more" in said.out
    execute(database, "ALTER TABLE versions DROP COLUMN more")
    assert run(project, "downgrade", "-1").code == 0
    assert value(database, at) == "aaaa"
    assert run(project, "stamp", "bbbb").code == 1
    assert run(project, "upgrade").code == 0
    assert run(project, "check-drift").code == 0
    # A script makes the same.
    other = make_database()
    script = run(project, "upgrade", "--sql").out
    psql = [embedded.binaries() / "psql", "--no-psqlrc", "--quiet", plain(other)]
    done = subprocess.run(psql, input=script, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
    assert value(other, at) == "bbbb"
    for words in (["check-drift"], ["downgrade", "base"]):
        assert Run(run.capsys, server, other)(project, *words).code == 0
    assert value(other, at.replace("version_num", "count(*)")) == 0


def test_view_in_the_place_of_the_version_table_is_not_read(tmp_path: Path, run: Run, database: URL) -> None:
    project = made(tmp_path, options=OPTIONS["audit.alembic_version"])
    revision(tmp_path / "alembic/versions", "aaaa", None, NOTES, DROP)
    execute(database, "CREATE SCHEMA audit", "CREATE VIEW audit.alembic_version AS SELECT 'aaaa'::text AS version_num")
    for words in (["upgrade"], ["status"], ["check-drift"], ["current"]):
        said = run(project, *words)
        assert said.code == 2 and "audit.alembic_version is no ordinary table but a view" in said.err, (words, said)


def test_both_modes_of_env_py_name_one_table(tmp_path: Path, run: Run) -> None:
    project = made(tmp_path, options=", version_table='a' if context.is_offline_mode() else 'b'")
    revision(tmp_path / "alembic/versions", "aaaa", None, NOTES, DROP)
    said = run(project, "upgrade")
    assert said.code == 2 and "names another version table than in offline mode: version_table='b'" in said.err
