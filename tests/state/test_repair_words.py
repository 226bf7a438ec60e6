"""The words that permit a repair's losses: names that name no loss, and a number of rows that nobody has read."""

import pytest
from sqlalchemy import URL

from tests.support import little
from whisper_migrate.project.project import Project

HACK = ("ALTER TABLE authors ADD COLUMN hack text", "UPDATE authors SET hack = 'x'")


@pytest.fixture
def drifted(project: Project, database: URL, capsys: pytest.CaptureFixture[str]) -> URL:
    little.command(capsys, project, database, "upgrade")
    little.execute(database, "INSERT INTO authors (name) VALUES ('a'), ('b')", *HACK)
    return database


@pytest.fixture
def project(tmp_path_factory: pytest.TempPathFactory) -> Project:
    return little.project(tmp_path_factory.mktemp("words"))


@pytest.mark.thorough
def test_names_of_no_loss(project: Project, drifted: URL, capsys: pytest.CaptureFixture[str]) -> None:
    rows = f"--allow-data-loss={drifted.database}:2"
    only_printed = little.command(capsys, project, drifted, "repair", rows)
    assert only_printed.code == 2 and "are for --apply: without it, nothing is run." in only_printed.err
    mistyped = ("--allow", "drop-column authors.hacks", rows)
    refused = little.command(capsys, project, drifted, "repair", "--apply", *mistyped)
    assert refused.code == 2 and "No loss is called drop-column authors.hacks." in refused.err
    assert "The word that was given" not in refused.err  # the number is right
    right = ("--allow", "drop-column authors.hack", "--allow", "drop-table x", rows)
    done = little.command(capsys, project, drifted, "repair", "--apply", *right)
    assert done.code == 0 and "Nothing needs --allow 'drop-table x'.\nRepaired " in done.err, done


@pytest.mark.parametrize("rows", ["1", "999999999"])
def test_numbers_that_no_refusal_printed(
    rows: str, project: Project, drifted: URL, capsys: pytest.CaptureFixture[str]
) -> None:
    name, word = "drop-column authors.hack", f"{drifted.database}:{rows}"
    refused = little.command(
        capsys, project, drifted, "repair", "--apply", "--allow", name, f"--allow-data-loss={word}"
    )
    assert (
        refused.code == 2 and f"The word that was given is {word}, and it is {drifted.database}:2 now." in refused.err
    )
    assert little.value(drifted, "SELECT count(hack) FROM authors") == 2
