"""Revisions that change data and no schema, from the command to the database and back."""

from pathlib import Path

import pytest
from sqlalchemy import URL

from tests.support.drafting import edited
from tests.support.little import command, plain
from tests.support.projects import ask
from whisper_migrate.revisions.data_places import MARK
from whisper_migrate.revisions.draft import draft

MODELS = 'sa.Table("t", metadata, sa.Column("a", sa.Text))\n'


@pytest.mark.thorough
def test_a_revision_of_data_is_written_filled_proved_and_applied(
    tmp_path: Path, server: URL, database: URL, capsys: pytest.CaptureFixture[str]
) -> None:
    project = edited(tmp_path, MODELS)
    draft(project, server, "first")
    said = command(capsys, project, database, "create", "--data", "say it loudly")
    assert said.code == 0 and "say_it_loudly.py. Its upgrade() and downgrade() are empty: fill them." in said.out
    (file,) = (project.root / "alembic/versions").glob("*say_it_loudly.py")
    revision = said.out.split("migrate.py prove ")[1].split()[0]
    said = command(capsys, project, database, "prove", revision, SHADOW_URL=plain(server))
    assert said.code == 0 and f"Note: Its upgrade is empty: fill it in {file.relative_to(project.root)}." in said.out

    text = file.read_text()
    assert text.count(f"    {MARK}\n    pass\n") == 2
    up, down = ("UPDATE nowhere SET a = 1", "UPDATE t SET a = lower(a)")
    file.write_text(_filled(text, up, down))
    said = command(capsys, project, database, "prove", revision, SHADOW_URL=plain(server))
    assert said.code == 1 and 'relation "nowhere" does not exist' in said.out
    file.write_text(_filled(text, "UPDATE t SET a = upper(a)", down))
    said = command(capsys, project, database, "prove", revision, SHADOW_URL=plain(server))
    assert said.code == 0 and "is empty" not in said.out
    assert "t.a: the upgrade changes" in said.out and "generated test rows" in said.out

    assert command(capsys, project, database, "upgrade", SHADOW_URL=plain(server)).code == 0
    ask(database, "INSERT INTO t VALUES ('x')")
    for direction, target, there in (("downgrade", "-1", "x"), ("upgrade", "head", "X")):
        assert command(capsys, project, database, direction, target, SHADOW_URL=plain(server)).code == 0
        assert ask(database, "SELECT a FROM t") == [(there,)]
    assert command(capsys, project, database, "check-drift", SHADOW_URL=plain(server)).code == 0


def test_a_revision_of_data_is_not_drafted(tmp_path: Path, database: URL, capsys: pytest.CaptureFixture[str]) -> None:
    project = edited(tmp_path, MODELS)
    said = command(capsys, project, database, "create", "--data", "--online", "x")
    assert said.code == 2 and "is not drafted from the models" in said.err
    assert not list((project.root / "alembic/versions").glob("*.py"))


def _filled(text: str, *statements: str) -> str:
    for sql in statements:
        text = text.replace(f"{MARK}\n    pass", f'op.execute("{sql}")', 1)
    return text
