"""Histories and models as applications have them: begun elsewhere, changed by revisions, in several MetaData."""

from pathlib import Path

import pytest
from sqlalchemy import URL

from tests.support.foreign_projects import DROP, MODELS, NOTES, Run, made, revision

pytestmark = pytest.mark.servers("pg18")


@pytest.fixture
def run(capsys: pytest.CaptureFixture[str], server: URL, database: URL) -> Run:
    return Run(capsys, server, database)


BEFORE = [
    "CREATE TABLE notes (id serial PRIMARY KEY, at timestamp)",
    "SELECT pg_catalog.set_config('search_path', '', false)",
]


@pytest.mark.thorough
@pytest.mark.parametrize("form", ["SQL", "MetaData"])
def test_a_history_begins_with_the_baseline(tmp_path: Path, run: Run, form: str) -> None:
    project = made(tmp_path)
    name = tmp_path.name
    if form == "SQL":
        (tmp_path / "first.sql").write_text("\\restrict abc\n" + ";\n".join(BEFORE) + ";\n")
        given = "first.sql"
    else:
        first = MODELS.replace(", server_default=sa.func.now()", "").replace("server_default=sa.func.now()", "")
        (tmp_path / f"first_of_{name}.py").write_text(first)
        given = f"first_of_{name}:metadata"
    alter = 'op.execute("ALTER TABLE notes ALTER at SET DEFAULT now()")'
    revision(tmp_path / "alembic/versions", "one", None, alter, 'op.execute("ALTER TABLE notes ALTER at DROP DEFAULT")')
    for command in ("upgrade", "check-drift"):
        said = run(project, command)
        assert said.code == 2 and 'baseline = "first.sql"' in said.err, said
    (tmp_path / "pyproject.toml").write_text(f'[tool.whisper_migrate]\nbaseline = "{given}"\n')
    said = run(project, "upgrade")
    assert said.code == 0, said.err
    said = run(project, "check-drift")
    assert said.code == 0, said.out
    assert run(project, "check-drift", "--only", "database").code == 0
    assert run(project, "prove", "one").code == 0
    assert run(project, "downgrade", "base").code == 0
    assert run(project, "upgrade").code == 0
    (tmp_path / "pyproject.toml").write_text('[tool.whisper_migrate]\nbaseline = "none.sql"\n')
    said = run(project, "check-drift")
    assert said.code == 2 and "baseline = 'none.sql' names no file" in said.err


def test_a_revision_that_imports_models_does_not_change_them(tmp_path: Path, run: Run) -> None:
    project = made(tmp_path, models=f"{MODELS}checked = metadata.tables['notes'].c.id\n")
    more = (
        f"import models_of_{tmp_path.name} as m; sa.CheckConstraint(m.checked > 0, name='c'); sa.Index('i', m.checked)"
    )
    file = revision(tmp_path / "alembic/versions", "one", None, f"{more}; {NOTES}", DROP)
    file.write_text(f"{file.read_text()}\n\nimport sqlalchemy as sa\n{more}\n")
    assert run(project, "upgrade").code == 0
    said = run(project, "check-drift")
    assert said.code == 0, said.out + said.err


@pytest.mark.thorough
def test_the_application_gives_the_url(tmp_path: Path, run: Run) -> None:
    project = made(tmp_path)
    engine = 'engine_from_config(context.config.get_section("alembic"), prefix="sqlalchemy.")'
    env = tmp_path / "alembic/env.py"
    env.write_text(env.read_text().replace("create_engine", "engine_from_config", 1))
    env.write_text(env.read_text().replace('create_engine("postgresql://nowhere.invalid/")', engine))
    assert run(project, "create", "first").code == 0
    assert run(project, "upgrade").code == 0


@pytest.mark.thorough
def test_several_metadata(tmp_path: Path, run: Run) -> None:
    both = "sa.Table('more', other, sa.Column('id', sa.Integer, primary_key=True))"
    project = made(tmp_path, models=f"{MODELS}other = sa.MetaData()\n{both}\nmetadata = [metadata, other]\n")
    said = run(project, "create", "first")
    assert said.code == 0 and "+ table more" in said.out and "+ table notes" in said.out, said.err
