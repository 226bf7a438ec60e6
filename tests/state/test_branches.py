"""A history with several heads: branches of a project, by labels or by bases of their own, are no fork."""

import json
from pathlib import Path

import pytest
from sqlalchemy import URL

from tests.drafting import edited
from tests.little import Said, command
from tests.projects import ask
from whisper_migrate.project.project import Project

TABLES = """import sqlalchemy as sa

metadata = sa.MetaData()
for name in ({names}):
    sa.Table(name, metadata, sa.Column("id", sa.Integer, primary_key=True))
"""
REVISION = '''"""The revision {name}."""

from alembic import op

revision = {name!r}
down_revision = {parent!r}
branch_labels = {label!r}
depends_on = {needed!r}


def upgrade():
    op.execute("CREATE TABLE {table} (id serial PRIMARY KEY)")


def downgrade():
    op.execute("DROP TABLE {table}")
'''
# Each revision: its name and parent, its label, and the revision that it depends on; it makes a table.
Revision = tuple[str, str | None, str | None, str | None]
LABELLED: list[Revision] = [
    ("root", None, None, None),
    ("e1", "root", "expand", None),
    ("c1", "root", "contract", None),
    ("e2", "e1", None, None),
]
BASES: list[Revision] = [
    ("user1", None, "user", None),
    ("shop1", None, None, None),
    ("user2", "user1", None, None),
]
NEEDING: list[Revision] = [
    ("user1", None, "user", None),
    ("shop1", None, "shop", "user1"),
    ("user2", "user1", None, None),
    ("shop2", "shop1", None, "user2"),
]
HISTORIES = {"labels": LABELLED, "bases": BASES, "dependencies": NEEDING}


def _project(folder: Path, revisions: list[Revision], more: str = "") -> Project:
    names = ", ".join(repr(f"of_{name}") for name, *_ in revisions) + ","
    project = edited(folder, TABLES.format(names=names) + more)
    (folder / "alembic" / "versions").mkdir(exist_ok=True)
    for name, parent, label, needed in revisions:
        text = REVISION.format(name=name, parent=parent, label=label, needed=needed, table=f"of_{name}")
        (folder / "alembic" / "versions" / f"{name}.py").write_text(text)
    return project


@pytest.mark.parametrize("revisions", HISTORIES.values(), ids=HISTORIES)
def test_every_command(
    revisions: list[Revision], tmp_path: Path, database: URL, capsys: pytest.CaptureFixture[str]
) -> None:
    project = _project(tmp_path, revisions)

    def said(*words: str, code: int = 0) -> Said:
        found = command(capsys, project, database, *words)
        assert found.code == code, (words, found)
        return found

    first = revisions[0][0]
    assert "pending" in said("check-drift", code=1).out.lower()
    said("upgrade", first)
    said("check-drift", code=1)
    said("upgrade")
    assert "Pending   0" in said("status").out
    said("check-drift")
    said("whereami")
    document = json.loads(said("check-drift", "--format", "json").out)
    assert document["clean"] and len(document["heads"]) == 2
    assert "together they are what the models say" in said("prove").out
    said("upgrade", "--plan")
    last = revisions[-1][0]
    said("downgrade", revisions[-1][1] or "base", "--allow-data-loss", f"{database.database}:0", code=0)
    said("check-drift", code=1)
    said("upgrade", last)
    said("upgrade", "heads")
    said("check-drift")
    ask(database, "DROP TABLE alembic_version, whisper_ledger")
    assert "check-drift" not in said("whereami", code=1).err
    said("stamp", "head")
    said("check-drift")
    said("whereami")
    ask(database, f"ALTER TABLE of_{last} ADD more int")
    said("check-drift", code=1)
    said("repair", "--apply", "--allow", f"drop-column of_{last}.more")
    said("check-drift")


@pytest.mark.parametrize("data", [False, True], ids=["from the models", "data"])
def test_a_new_revision_follows_the_named_branch(
    tmp_path: Path, server: URL, capsys: pytest.CaptureFixture[str], data: bool
) -> None:
    project = _project(tmp_path, LABELLED, 'sa.Table("more", metadata, sa.Column("id", sa.Integer))\n')
    words = ("create", *(["--data"] if data else []), "more")
    refused = command(capsys, project, server, *words)
    assert refused.code == 2 and "--branch contract or --branch expand" in refused.err, refused
    unknown = command(capsys, project, server, *words, "--branch", "nowhere")
    assert unknown.code == 2 and "contract, expand" in unknown.err, unknown
    made = command(capsys, project, server, *words, "--branch", "contract")
    assert made.code == 0, made
    (file,) = (project.root / "alembic" / "versions").glob("*more*.py")
    assert "down_revision = 'c1'" in file.read_text().replace('"', "'")
    assert command(capsys, project, server, "prove").code == (1 if data else 0)


def test_two_heads_without_labels_are_a_fork(tmp_path: Path, database: URL, capsys: pytest.CaptureFixture[str]) -> None:
    project = _project(tmp_path, [("root", None, "all", None), ("a", "root", None, None), ("b", "root", None, None)])
    for words in ("check-drift", "upgrade", "stamp head", "create more", "upgrade --sql"):
        said = command(capsys, project, database, *words.split())
        assert said.code == 2 and "2 heads" in said.err and "rebase" in said.err, (words, said)


def test_stamps_of_two_revisions_before_their_merge(
    tmp_path: Path, database: URL, capsys: pytest.CaptureFixture[str]
) -> None:
    project = _project(tmp_path, [("root", None, None, None), ("a", "root", None, None), ("b", "root", None, None)])
    text = REVISION.format(name="m", parent=("a", "b"), label=None, needed=None, table="of_m")
    (project.root / "alembic" / "versions" / "m.py").write_text(text)
    for target in ("a", "b"):
        assert command(capsys, project, database, "upgrade", target).code == 0
    said = command(capsys, project, database, "check-drift", "--only", "database")
    assert said.code == 1 and "a, b" in said.out and "Drift" not in said.out, said
    assert command(capsys, project, database, "whereami").code == 0


def test_a_script_to_all_heads(tmp_path: Path, database: URL, capsys: pytest.CaptureFixture[str]) -> None:
    project = _project(tmp_path, LABELLED)
    said = command(capsys, project, database, "upgrade", "--sql")
    assert said.code == 0 and all(f"of_{name}" in said.out for name, *_ in LABELLED), said


def test_a_step_back_says_how_to_name_a_branch(
    tmp_path: Path, database: URL, capsys: pytest.CaptureFixture[str]
) -> None:
    project = _project(tmp_path, LABELLED)
    assert command(capsys, project, database, "upgrade").code == 0
    said = command(capsys, project, database, "downgrade", "-1")
    assert said.code == 2 and "migrate.py downgrade expand@-1" in said.err, said
    assert command(capsys, project, database, "downgrade", "expand@-1").code == 0
