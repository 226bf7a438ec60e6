"""Pages about the history: what each revision changes, its SQL and hazards, and which revision made a column."""

from pathlib import Path

import pytest
from sqlalchemy import URL

from tests.pages import links
from tests.support import little
from whisper_migrate.history.history import History
from whisper_migrate.pages import chronicle, folder, schema, site

SCRIPT = "<script>alert(1)</script>"
MORE = {
    "three": ("two", "ALTER TABLE public.tags ADD COLUMN gone text", "ALTER TABLE public.tags DROP COLUMN gone"),
    "four": (
        "three",
        "ALTER TABLE public.tags DROP COLUMN gone; COMMENT ON COLUMN public.authors.born IS 'the year'",
        "COMMENT ON COLUMN public.authors.born IS NULL; ALTER TABLE public.tags ADD COLUMN gone text",
    ),
}
UNDO = "raise NotImplementedError"
MODELS = """
Author.__table__.c.born.comment = "the year"
tags.append_column(Column("new", Text))
"""


@pytest.fixture(scope="module")
def written(server: URL, tmp_path_factory: pytest.TempPathFactory) -> tuple[schema.Schema, chronicle.Chronicle, Path]:
    """The pages of a history of four revisions, the second of which cannot be reverted."""
    project = little.project(tmp_path_factory.mktemp("project"), MODELS)
    for revision, (parent, up, down) in MORE.items():
        text = little.REVISION.format(message=f"{SCRIPT} {revision}", revision=revision, parent=parent, sql=up)
        file = project.root / "alembic/versions" / f"{revision}.py"
        file.write_text(text.replace(UNDO, f'op.execute("""{down}""")'))
    found, told = schema.read(project, server), chronicle.read(History(project), server)
    made = tmp_path_factory.mktemp("pages")
    folder.write(made, site.pages(found, told))
    return found, told, made


Written = tuple[schema.Schema, chronicle.Chronicle, Path]


def test_every_link_of_the_history_leads_somewhere(written: Written) -> None:
    _, _, pages = written
    assert links.broken(pages) == []
    assert len(list((pages / "revision").iterdir())) == 4
    assert all(SCRIPT not in path.read_text() for path in pages.rglob("*.html"))


def test_the_revisions_that_made_and_last_changed_an_object(written: Written) -> None:
    found, told, pages = written
    cases = {
        ("column", "public.authors.name"): ("one", "one"),
        ("column", "public.authors.email"): ("two", "two"),
        ("column", "public.authors.born"): ("one", "four"),
        ("column", "public.tags.new"): (None, None),
        ("table", "public.authors"): ("one", "four"),
        ("table", "public.tags"): ("one", "four"),
        ("function", "public.greet(text)"): ("two", "two"),
    }
    for key, names in cases.items():
        item = found.catalog[key]
        scripts = (told.made(item), told.last(item))
        assert tuple(script and script.revision for script in scripts) == names, key
    text = links.Page((pages / "table/public.tags.html").read_text()).text
    assert "not yet" in text and "last changed by four" in text


def test_the_page_of_a_revision(written: Written) -> None:
    _, _, pages = written
    text = {
        name: " ".join(links.Page((pages / f"revision/{name}.html").read_text()).text.split())
        for name in ("one", "two", "three", "four")
    }
    assert "+ column authors.email character varying(100)" in text["two"]
    assert "ALTER TABLE public.authors ADD COLUMN email varchar(100)" in text["two"]
    assert "NotImplementedError" in text["two"]
    assert "Not tried, because the downgrade of two fails." in text["one"]
    upgrade, _, downgrade = text["four"].partition("Downgrade")
    assert "Hazards for data" in upgrade and "- column tags.gone" in upgrade
    assert "No loss of data was found" in downgrade and "ADD COLUMN gone text" in downgrade
    assert "Hazards for data" in text["three"].partition("Downgrade")[2]
    for name, drawn in {"two": "~ authors + email", "three": "~ tags + gone", "four": "~ tags - gone"}.items():
        assert drawn in text[name], name
    assert f"{SCRIPT} four" in text["four"] and "After three" in text["four"] and "Before four" in text["three"]


@pytest.mark.servers("pg18")
def test_a_history_that_fails_can_be_left_out(server: URL, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    project = little.project(tmp_path)
    broken = little.REVISION.format(message="", revision="three", parent="two", sql="ALTER TABLE nothing RENAME TO x")
    (tmp_path / "alembic/versions/three.py").write_text(broken)
    said = little.command(capsys, project, None, "docs", SHADOW_URL=little.plain(server))
    assert said.code == 2 and "nothing" in said.err and "docs --no-history" in said.err
    assert not (tmp_path / "schema-pages").exists()
    said = little.command(capsys, project, None, "docs", "--no-history", SHADOW_URL=little.plain(server))
    assert said.code == 0 and not (tmp_path / "schema-pages/history.html").exists()
    assert links.broken(tmp_path / "schema-pages") == []
