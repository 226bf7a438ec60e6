"""An env.py that works on its connection before it configures Alembic, or that has no offline mode."""

from pathlib import Path

import pytest
from sqlalchemy import URL

from tests.support.foreign_projects import DROP, NOTES, Run, made, revision
from tests.support.little import execute, value

pytestmark = [pytest.mark.servers("pg18"), pytest.mark.thorough]

NO_OFFLINE_MODE = """
from alembic import context
from sqlalchemy import engine_from_config, pool, text
from models_of_{name} import metadata

def include_object(item, name, type_, reflected, compare_to):
    return name != "junk"

section = context.config.get_section(context.config.config_ini_section)
connectable = engine_from_config(section, prefix="sqlalchemy.", poolclass=pool.NullPool)
with connectable.connect() as connection:
    connection.execute(text("CREATE SCHEMA IF NOT EXISTS extra"))
    connection.execute(text("SET search_path TO public"))
    assert not connection.scalars(text("SELECT 1 WHERE false")).all()
    connection.commit()
    connection.dialect.default_schema_name = "public"
    context.configure(connection=connection, target_metadata=metadata, include_object=include_object{options})
    with context.begin_transaction():
        context.run_migrations()
"""


@pytest.mark.parametrize("options", ["", ", version_table_schema='extra'"])
def test_statements_before_the_revisions(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], server: URL, database: URL, options: str
) -> None:
    run = Run(capsys, server, database)
    project = made(tmp_path)
    (tmp_path / "alembic/env.py").write_text(NO_OFFLINE_MODE.format(name=tmp_path.name, options=options))
    revision(tmp_path / "alembic/versions", "aaaa", None, NOTES, DROP)
    for words in (["upgrade"], ["check-drift"], ["status"], ["prove"], ["create", "nothing"], ["adopt"]):
        said = run(project, *words)
        assert (said.code, said.err) == (0, ""), (words, said)
    schema = "extra" if options else "public"
    assert value(database, f"SELECT version_num FROM {schema}.alembic_version") == "aaaa"
    execute(database, "CREATE TABLE junk ()")
    assert run(project, "check-drift").code == 0
    execute(database, "CREATE TABLE other ()")
    assert run(project, "check-drift").code == 1
