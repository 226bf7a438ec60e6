"""Objects that the models have no means to declare, or that are ignored: no draft drops them, no check reports them."""

import shutil
from itertools import count
from pathlib import Path

import pytest
from sqlalchemy import URL

from tests.support.little import ENV, REVISION, ROOT, Said, command, execute, plain, value
from whisper_migrate.project.project import Project

NUMBERS = count(1)
MODELS = """
from sqlalchemy import Column, Index, Integer, MetaData, String, Table, Text

metadata = MetaData()
notes = Table(
    "notes",
    metadata,
    Column("id", Integer, primary_key=True),
    Column("body", Text, nullable=False, comment="said"),
)
tags = Table("tags", metadata, Column("label", String(20), primary_key=True))
"""
CHAIN = """
CREATE TABLE notes (id serial PRIMARY KEY, body text NOT NULL);
COMMENT ON COLUMN notes.body IS 'said';
CREATE TABLE tags (label varchar(20) PRIMARY KEY);
CREATE FUNCTION keep() RETURNS trigger LANGUAGE plpgsql AS 'BEGIN RETURN NEW; END';
COMMENT ON FUNCTION keep() IS 'kept';
REVOKE EXECUTE ON FUNCTION keep() FROM PUBLIC;
CREATE TRIGGER kept BEFORE UPDATE ON notes FOR EACH ROW EXECUTE FUNCTION keep();
CREATE VIEW bodies AS SELECT id, body FROM notes;
CREATE MATERIALIZED VIEW counted AS SELECT label, length(label) AS size FROM tags;
CREATE INDEX counted_by_size ON counted (size);
CREATE POLICY everybody ON notes USING (true);
GRANT SELECT ON notes TO PUBLIC;
CREATE TABLE scratch (a integer);
CREATE TABLE scratch_b (a integer);
"""
GONE = "DROP TABLE scratch, scratch_b, notes, tags CASCADE; DROP FUNCTION keep()"
IGNORED = '[[tool.whisper_migrate.ignore]]\nkind = "table"\nidentity = "public.scratch*"\nreason = "of the loader"\n'


def project(folder: Path, settings: str = "") -> Project:
    """Create the project: a MetaData without entities, and one revision that creates more than it can declare."""
    module = f"alone{next(NUMBERS)}"
    (folder / "alembic/versions").mkdir(parents=True)
    (folder / f"{module}.py").write_text(MODELS)
    (folder / "alembic/env.py").write_text(ENV)
    (folder / "alembic/versions/one.py").write_text(
        REVISION.format(message="all", revision="one", parent=None, sql=CHAIN).replace(
            "raise NotImplementedError", f"op.execute('{GONE}')"
        )
    )
    shutil.copy(ROOT / "alembic.ini", folder)
    shutil.copy(ROOT / "alembic/script.py.mako", folder / "alembic")
    (folder / "pyproject.toml").write_text(f'[tool.whisper_migrate]\nmodels = "{module}:metadata"\n{settings}{IGNORED}')
    return Project(folder)


def edit(project: Project, old: str, new: str) -> Project:
    """Edit the models; the module gets a new name, because this process has imported the old one."""
    module = project.options["models"].partition(":")[0]
    fresh = f"alone{next(NUMBERS)}"
    text = (project.root / f"{module}.py").read_text()
    assert old in text
    (project.root / f"{fresh}.py").write_text(text.replace(old, new))
    settings = project.root / "pyproject.toml"
    settings.write_text(settings.read_text().replace(module, fresh))
    return Project(project.root)


EVENTS = """
from sqlalchemy import DDL, event

FUNCTION = "CREATE FUNCTION own() RETURNS trigger LANGUAGE plpgsql AS 'BEGIN RETURN NEW; END'"
TRIGGER = "CREATE TRIGGER own BEFORE INSERT ON notes FOR EACH ROW EXECUTE FUNCTION own()"
event.listen(notes, "after_create", DDL(FUNCTION))
event.listen(notes, "after_create", DDL(TRIGGER))
event.listen(metadata, "before_create", DDL("CREATE EXTENSION IF NOT EXISTS citext"))
"""
EDITS = {
    "a new column": ('Column("label", String(20)', 'Column("size", Integer), Column("label", String(20)', ()),
    "a column under the views": ("String(20)", "String(40)", ()),
    "another type under a view, a trigger and a policy": ('"id", Integer', '"id", BigInteger', ()),
    "a new table": ("tags = ", 'more = Table("more", metadata, Column("id", Integer, primary_key=True))\ntags = ', ()),
}
OBJECTS = """
SELECT string_agg(name, ' ' ORDER BY name) FROM (
    SELECT proname AS name FROM pg_proc WHERE pronamespace = 'public'::regnamespace
    UNION ALL SELECT tgname FROM pg_trigger WHERE NOT tgisinternal
    UNION ALL SELECT polname FROM pg_policy
    UNION ALL SELECT relname FROM pg_class WHERE relnamespace = 'public'::regnamespace AND relkind IN ('v', 'm')
    UNION ALL SELECT indexrelid::regclass::text FROM pg_index WHERE indrelid = to_regclass('public.counted')
    UNION ALL SELECT relname FROM pg_class WHERE relname LIKE 'scratch%'
) AS found
"""


@pytest.mark.thorough
def test_an_event_of_the_models_claims_nothing_but_its_own(
    capsys: pytest.CaptureFixture[str], tmp_path: Path, server: URL, database: URL
) -> None:
    """Models that create one trigger and one extension themselves do not decide on those of the revisions."""

    def run(*arguments: str) -> Said:
        return command(capsys, mine, database, *arguments, SHADOW_URL=plain(server))

    mine = edit(project(tmp_path), MODELS, MODELS + EVENTS)
    said = run("create", "their own")
    assert said.code == 0, said.out + said.err
    (file,) = set((tmp_path / "alembic/versions").glob("*.py")) - {tmp_path / "alembic/versions/one.py"}
    upgrade = file.read_text().partition("def downgrade")[0]
    assert "CREATE TRIGGER own" in upgrade and "CREATE EXTENSION" in upgrade and "DROP" not in upgrade
    assert run("upgrade").code == 0
    said = run("check-drift")
    assert said.code == 0 and 'declared = ["function", ' in said.out, said.out
    mine = edit(mine, EVENTS, "\n")
    said = run("check-drift")
    assert said.code == 0 and 'declared = ["extension", "function", ' in said.out, said


@pytest.mark.thorough
@pytest.mark.parametrize("name", EDITS)
def test_a_draft_keeps_them(
    capsys: pytest.CaptureFixture[str], tmp_path: Path, server: URL, database: URL, name: str
) -> None:
    def run(*arguments: str) -> Said:
        return command(capsys, mine, database, *arguments, SHADOW_URL=plain(server))

    mine = project(tmp_path)
    assert run("upgrade").code == 0
    said = run("check-drift")
    assert (said.code, said.err) == (0, ""), said
    assert "Not declared by the models, so left as the history made them: " in said.out
    before = value(database, OBJECTS)
    old, new, words = EDITS[name]
    mine = edit(edit(mine, "import Column,", "import BigInteger, Column,"), old, new)
    assert run("check-drift").code == 1
    said = run("create", name, *words)
    assert said.code == 0, said.err
    assert not any(line.startswith("-") for line in said.out.splitlines()), said.out
    assert run("prove").code == 0
    assert run("upgrade").code == 0
    assert run("check-drift").code == 0
    assert value(database, OBJECTS) == before
    assert run("create", "nothing more").out.startswith("No changes: ")
    execute(database, "DROP TRIGGER kept ON notes")  # drift of an undeclared object is drift
    assert run("check-drift", "--only", "database").code == 1


def test_a_claimed_kind_is_dropped(
    capsys: pytest.CaptureFixture[str], tmp_path: Path, server: URL, database: URL
) -> None:
    mine = project(tmp_path, 'declared = ["view", "trigger"]\n')
    said = command(capsys, mine, None, "check-drift", "--only", "models", SHADOW_URL=plain(server))
    assert said.code == 1
    assert "- view bodies" in said.out and "- trigger kept on notes" in said.out
    assert "function keep()" in said.out.partition("left as the history made them")[2]
    said = command(capsys, mine, None, "create", "drop them", SHADOW_URL=plain(server))
    assert said.code == 0, said.err
    assert "- view bodies" in said.out and "- trigger kept on notes" in said.out and "function" not in said.out


def test_an_unknown_kind(capsys: pytest.CaptureFixture[str], tmp_path: Path, server: URL, database: URL) -> None:
    mine = project(tmp_path, 'declared = ["functions"]\n')
    said = command(capsys, mine, None, "check-drift", "--only", "models", SHADOW_URL=plain(server))
    assert said.code == 2 and "'functions'" in said.err and "function, " in said.err


def test_one_that_needs_what_goes(
    capsys: pytest.CaptureFixture[str], tmp_path: Path, server: URL, database: URL
) -> None:
    mine = edit(project(tmp_path), '    Column("body", Text, nullable=False, comment="said"),\n', "")
    said = command(
        capsys, mine, None, "create", "no body", "--allow", "drop-column notes.body", SHADOW_URL=plain(server)
    )
    assert said.code == 2
    assert "View bodies is not declared by the models and needs Column notes.body" in said.err


def test_without_a_template(capsys: pytest.CaptureFixture[str], tmp_path: Path, server: URL, database: URL) -> None:
    mine = edit(project(tmp_path), "tags = ", 'more = Table("more", metadata)\ntags = ')
    (tmp_path / "alembic/script.py.mako").unlink()
    said = command(capsys, mine, None, "create", "more", SHADOW_URL=plain(server))
    assert said.code == 2 and "alembic/script.py.mako is missing" in said.err and "cp " in said.err
