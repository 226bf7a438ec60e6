"""A connection string in a definition or a comment is shown without its password, whatever the form of the report."""

from pathlib import Path

import pytest
from sqlalchemy import URL

from tests.support import little
from tests.support.projects import SECRET, Checkout

ADDRESS = f"postgresql://me:{SECRET}@host/app"
FORMS = ("text", "json", "github", "sarif", "html")
LEAKS = [
    f"CREATE FUNCTION far() RETURNS text LANGUAGE sql AS $$ SELECT '{ADDRESS}' $$",
    f"COMMENT ON TABLE authors IS 'as in {ADDRESS}, or host=host password={SECRET}'",
    f"CREATE FOREIGN DATA WRAPPER w; CREATE SERVER fs FOREIGN DATA WRAPPER w OPTIONS (host 'h', password '{SECRET}')",
    f"ALTER TABLE authors ALTER COLUMN email SET DEFAULT 'dblink host=h password={SECRET}x'",
]


@pytest.mark.servers("pg18")
@pytest.mark.parametrize("form", FORMS)
def test_no_report_shows_a_password(
    form: str, tmp_path: Path, database: URL, capsys: pytest.CaptureFixture[str]
) -> None:
    project = little.project(tmp_path)
    little.at(database, "two", *LEAKS)
    said = little.command(capsys, project, database, "check-drift", "--format", form)
    assert said.code == 1 and "far" in said.out and SECRET not in said.out, said
    assert "***" in said.out


@pytest.mark.servers("pg18")
@pytest.mark.parametrize("form", ["html", "markdown"])
def test_no_page_shows_a_password(form: str, tmp_path: Path, server: URL, capsys: pytest.CaptureFixture[str]) -> None:
    more = f'Table("far", metadata, Column("id", Text, primary_key=True), comment={ADDRESS!r})\n'
    project = little.project(tmp_path / "project", more)
    option = ["--markdown"] if form == "markdown" else ["--no-history"]
    environment = {"SHADOW_URL": little.plain(server)}
    said = little.command(capsys, project, None, "docs", str(tmp_path / "pages"), *option, **environment)
    assert said.code == 0, said
    texts = [file.read_text() for file in (tmp_path / "pages").rglob("*") if file.is_file()]
    assert any("***" in text for text in texts)
    assert [text[text.index(SECRET) - 200 :][:300] for text in texts if SECRET in text] == []


@pytest.mark.servers("pg18")
def test_no_password_of_a_revision_is_shown(tmp_path: Path, database: URL, capsys: pytest.CaptureFixture[str]) -> None:
    project, role = little.project(tmp_path / "project"), f"role_of_{database.database}"
    up = [
        f"CREATE ROLE {role} PASSWORD '{SECRET}'",
        "CREATE FOREIGN DATA WRAPPER w",
        f"CREATE SERVER fs FOREIGN DATA WRAPPER w OPTIONS (host 'h', password '{SECRET}')",
        f"CREATE USER MAPPING FOR public SERVER fs OPTIONS (sslpassword '{SECRET}')",
        f"DO $$ BEGIN ALTER ROLE {role} PASSWORD '{SECRET}'; END $$",
        f"DROP ROLE {role}",
    ]
    lines = "; ".join(f"op.execute({statement!r})" for statement in up)
    Checkout(project.root).write_revision("three", "two", up=lines)
    little.at(database)
    assert little.command(capsys, project, database, "upgrade").code == 0
    little.execute(database, f"ALTER SERVER fs OPTIONS (SET password '{SECRET}2')")
    pages, shadow = tmp_path / "pages", {"SHADOW_URL": little.plain(database.set(database="postgres"))}
    runs = [little.command(capsys, project, database, "check-drift", "--format", form) for form in FORMS]
    runs += [little.command(capsys, project, database, *words.split()) for words in ("show three", "history")]
    runs += [little.command(capsys, project, None, "docs", str(pages), **shadow)]
    assert all(run.code in (0, 1) for run in runs), runs
    texts = [run.out + run.err for run in runs] + [file.read_text() for file in pages.rglob("*") if file.is_file()]
    assert [text[text.index(SECRET) - 200 :][:300] for text in texts if SECRET in text] == []
