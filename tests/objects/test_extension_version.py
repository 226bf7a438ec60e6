"""Versions of extensions: compared if a model states one, else reported if the database has an old one."""

from pathlib import Path

import pytest
from sqlalchemy import URL

from tests.conftest import MakeDatabase
from tests.objects.harness import assert_no_change
from tests.support import little
from tests.support.drafting import edited
from tests.support.projects import ask
from whisper_migrate.catalog.describe import line
from whisper_migrate.errors import Failure
from whisper_migrate.project.project import Project
from whisper_migrate.reports import text
from whisper_migrate.revisions.draft import draft
from whisper_migrate.running.runner import downgrade, upgrade
from whisper_migrate.state.drift import check

VERSION = "SELECT extversion FROM pg_extension WHERE extname = 'pg_trgm'"


def stating(folder: Path, version: str) -> Project:
    return edited(folder, f'ENTITIES.append(sa.DDL("CREATE EXTENSION pg_trgm {version}"))\n')


def test_a_version_that_nobody_states_is_no_difference(make_database: MakeDatabase) -> None:
    assert_no_change(make_database, "CREATE EXTENSION pg_trgm VERSION '1.3'", "ALTER EXTENSION pg_trgm UPDATE TO '1.4'")


def test_an_old_version_is_reported(
    tmp_path: Path, server: URL, database: URL, capsys: pytest.CaptureFixture[str]
) -> None:
    project = stating(tmp_path, "")
    draft(project, server, "trigrams")
    upgrade(project, database, "head", lambda applied: None)
    assert check(project, server, database).extensions == ()
    ask(database, "DROP EXTENSION pg_trgm; CREATE EXTENSION pg_trgm VERSION '1.3'")
    verdict = check(project, server, database)
    assert verdict.clean and verdict.extensions == ("pg_trgm 1.3",)
    assert "Note: extension pg_trgm 1.3 is not of the version" in text.render(verdict, None)
    assert "With      pg_trgm 1.3\n" in little.command(capsys, project, database, "status").out


@pytest.mark.thorough
def test_a_version_that_a_model_states(
    tmp_path: Path, server: URL, database: URL, capsys: pytest.CaptureFixture[str]
) -> None:
    """The database must have exactly this version: a newer or older one, even the newest, is a difference."""
    project = stating(tmp_path, "VERSION '1.4'")
    assert draft(project, server, "stated").lines == ["+ extension pg_trgm", "+ extension version pg_trgm 1.4"]
    upgrade(project, database, "head", lambda applied: None)
    assert little.value(database, VERSION) == "1.4" and check(project, server, database).clean
    drop = "DROP EXTENSION pg_trgm; CREATE EXTENSION pg_trgm"
    for sql in ("ALTER EXTENSION pg_trgm UPDATE TO '1.5'", "ALTER EXTENSION pg_trgm UPDATE", f"{drop} VERSION '1.3'"):
        ask(database, sql)
        assert [line(change) for change in check(project, server, database).drift] == [
            "- extension version pg_trgm 1.4"
        ]
    assert little.command(capsys, project, database, "repair", "--apply").code == 0
    assert little.value(database, VERSION) == "1.4" and check(project, server, database).clean
    ask(database, drop)
    said = little.command(capsys, project, database, "repair", "--apply")
    assert said.code == 2 and 'Nothing was repaired: extension "pg_trgm" has no update path' in said.err
    downgrade(project, database, "base", lambda applied: None)
    assert little.value(database, "SELECT count(*) FROM pg_extension WHERE extname = 'pg_trgm'") == 0


def test_a_version_that_a_model_states_later(tmp_path: Path, server: URL) -> None:
    """An extension rarely has a path back to an older version: no revision is written, and the reason is reported."""
    draft(stating(tmp_path, ""), server, "first")
    project = stating(tmp_path, "VERSION '1.4'")
    assert [line(change) for change in check(project, server, None).unwritten] == ["+ extension version pg_trgm 1.4"]
    with pytest.raises(Failure, match=r"so it was not kept: extension \"pg_trgm\" has no update path from"):
        draft(project, server, "second")
