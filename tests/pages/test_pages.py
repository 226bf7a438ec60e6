"""Pages of a schema with hostile names and comments: every object has its page, and no text is taken for markup."""

import json
import re
from pathlib import Path
from urllib.parse import unquote
from xml.etree import ElementTree

import pytest
from sqlalchemy import URL

from tests.pages import links
from tests.support import little
from whisper_migrate.catalog.describe import in_lines
from whisper_migrate.catalog.model import Object
from whisper_migrate.catalog.names import shown
from whisper_migrate.pages import canvas, diagram, folder, markdown, site
from whisper_migrate.pages.addresses import slug
from whisper_migrate.pages.schema import Schema, read
from whisper_migrate.project.project import Project

SCRIPT = "<script>alert(1)</script>"
NAMES = (
    SCRIPT,
    "<!--",
    'a "quoted" one',
    "it's",
    "../../outside",
    "a/b\\c",
    "\\N\\l",
    "a|b`c*d_[e](f)",
    "{{ 7 * 7 }}{% raw %}",
    "same",
    "Same",
    "SAME",
    "é",
    "e\N{COMBINING ACUTE ACCENT}",
    "表",
    "\N{RIGHT-TO-LEFT OVERRIDE}gnp",
    "two\nlines",
    "x" * 62 + "1",
    "x" * 62 + "2",
    "aux",
    "&lt;",
    "100%s",
    "a b",
    "a-b",
    "#",
    "?a=b",
)
COMMENT = f'{SCRIPT} & "quotes" | pipes\nand a line, javascript:alert(1) `code` <img src=x onerror=alert(1)>'
MODELS = f"""
from sqlalchemy import DDL, Enum

NAMES = {NAMES!r}
COMMENT = {COMMENT!r}
hub = Table("hub", metadata, Column("id", Integer, primary_key=True), comment=COMMENT)
for name in NAMES:
    Table(
        name,
        metadata,
        Column("id", Integer, primary_key=True),
        Column("c" + name[:50], Integer, ForeignKey(hub.c.id), comment=COMMENT),
        Column("mood", Enum("glad", COMMENT[:50], name="mood" + name[:50])),
        schema="Odd Place",
        comment=COMMENT,
    )
ENTITIES += [
    PGFunction("public", "stamp()", "RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN DELETE FROM hub; RETURN new; END $$"),
    DDL("CREATE TRIGGER stamp BEFORE INSERT ON hub FOR EACH ROW EXECUTE FUNCTION stamp()"),
    DDL("CREATE SEQUENCE lone"),
    DDL("CREATE DOMAIN small AS integer CHECK (value < 9)"),
    DDL("CREATE INDEX hub_odd ON hub ((id %% 7)) WHERE id > 3"),
    DDL("CREATE POLICY own ON hub USING (id > 1)"),
    DDL("CREATE VIEW hubs AS SELECT id FROM hub"),
    DDL("COMMENT ON TRIGGER stamp ON hub IS 'keeps hub small'"),
    DDL("COMMENT ON FUNCTION stamp() IS '<b>bold</b>'"),
]
"""


@pytest.fixture(scope="module")
def project(tmp_path_factory: pytest.TempPathFactory) -> Project:
    return little.project(tmp_path_factory.mktemp("hostile"), MODELS)


@pytest.fixture(scope="module")
def schema(project: Project, server: URL) -> Schema:
    return read(project, server)


@pytest.fixture(scope="module")
def pages(schema: Schema, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder with the pages."""
    made = tmp_path_factory.mktemp("pages")
    folder.write(made, site.pages(schema))
    return made


def described(item: Object) -> str:
    return in_lines(shown(item.identity))


def test_every_link_leads_to_a_file_and_an_anchor_in_the_folder(pages: Path) -> None:
    assert links.broken(pages) == []
    assert sum(len(page.links) for page in links.read(pages).values()) > 500


def test_a_broken_link_is_found(tmp_path: Path) -> None:
    (tmp_path / "a.html").write_text(
        '<a href="b.html">b</a><a href="#c">c</a><a href="//d.example/">d</a><a href="a.html">'
    )
    assert [line.rpartition("leads ")[2] for line in links.broken(tmp_path)] == [
        "to no file",
        "to no anchor",
        "outside",
    ]


def test_every_object_of_the_catalog_has_an_address_on_a_page(schema: Schema, pages: Path) -> None:
    found = links.read(pages)
    for item in schema.catalog:
        name, _, anchor = schema.link(item).partition("#")
        page = found[pages / name]
        assert not anchor or anchor in page.ids, item
        assert described(schema.page(item)) in page.title, item
    assert len({schema.link(item).lower() for item in schema.pages}) == len(schema.pages)


def test_no_name_or_comment_is_taken_for_markup(pages: Path) -> None:
    scripts, seen = set(), 0
    for path, page in links.read(pages).items():
        tags = [tag for tag, _ in page.elements]
        assert not {"img", "iframe", "object", "embed", "style", "b"} & set(tags), path
        scripts |= {str(attributes.get("src")).lstrip("./") for tag, attributes in page.elements if tag == "script"}
        assert not [name for _, attributes in page.elements for name in attributes if name.startswith("on")], path
        assert not [link for link in page.links if re.match(r"\s*\w+:", unquote(link))], path
        assert len(page.ids) == len(set(page.ids)), path
        assert "\N{RIGHT-TO-LEFT OVERRIDE}" not in path.read_text(encoding="utf-8")
        seen += COMMENT.partition("\n")[0] in page.text
    assert scripts == {"search.js", "search-index.js"}
    assert seen > len(NAMES)


def test_nothing_is_loaded_from_a_network(pages: Path) -> None:
    for path in pages.rglob("*"):
        text = path.read_text(encoding="utf-8") if path.is_file() else ""
        assert not re.search(r"""(?:src|href|url|import|fetch)\W{1,3}(?:https?:)?//""", text), path


def test_what_a_table_page_says(schema: Schema, pages: Path, project: Project) -> None:
    text = " ".join(links.Page((pages / "table/public.hub.html").read_text()).text.split())
    for words in (
        f"Declared in {little.line_of(project, 'hub = Table')}",
        "view hubs",
        "function stamp()",
        "keeps hub small",
        "CREATE INDEX hub_odd ON hub USING btree (((id % 7))) WHERE (id > 3)",
        "CREATE POLICY own ON hub",
        "primary key",
        "CREATE TABLE public.hub ( id integer DEFAULT nextval('public.hub_id_seq'::regclass) NOT NULL, CONSTRAINT",
    ):
        assert words in text, words
    authors = " ".join(links.Page((pages / "table/public.authors.html").read_text()).text.split())
    for words in ("character varying(50)", "'none'::character varying", "authors_name_idx", "CHECK ((born > 1000))"):
        assert words in authors, words
    view = links.Page((pages / "view/public.author_names.html").read_text()).text
    assert "CREATE VIEW public.author_names AS" in view and little.line_of(project, '"author_names"') in view


def test_subjects_are_the_modules_of_the_models(schema: Schema, project: Project) -> None:
    module = str(project.options["models"]).partition(":")[0]
    assert schema.subjects.keys() >= {module}
    assert {item.identity for item in schema.subjects[module]} >= {"public.authors", "public.hub", "public.greet(text)"}


def test_diagrams_are_sound_xml_with_links_and_cardinality(schema: Schema) -> None:
    hub = schema.catalog["table", "public.hub"]
    svg = diagram.neighbourhood(schema, hub, "../")
    root = ElementTree.fromstring(svg.replace("xlink:", ""))
    text = " ".join(root.itertext())
    assert SCRIPT[:10] in text and " id=" not in svg
    targets = [one.get("href") for one in root.iter("{http://www.w3.org/2000/svg}a") if one.get("href")]
    assert len(targets) == len(NAMES) + 1 and "../table/public.hub.html" in targets
    assert {one.cardinality for one in schema.references_of(hub)} == {"many to at most one"}
    assert diagram.neighbourhood(schema, schema.catalog["table", "public.tags"], "") == ""


def test_pages_without_graphviz_are_written_and_say_so(
    schema: Schema, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(canvas, "PACKAGE", "no_such_package")
    folder.write(tmp_path, site.pages(schema))
    assert links.broken(tmp_path) == []
    page = links.read(tmp_path)[tmp_path / "index.html"]
    assert canvas.ABSENT in page.text and not any(tag == "svg" for tag, _ in page.elements)


def test_the_search_index_is_a_script_that_knows_every_object(schema: Schema, pages: Path) -> None:
    text = (pages / "search-index.js").read_text(encoding="utf-8")
    assert "<" not in text
    rows = json.loads(text.partition("= ")[2].rstrip(";\n"))
    names = {name for name, *_ in rows}
    assert names >= {shown(item.identity) for item in schema.catalog if item.kind == "index"}
    files = links.read(pages)
    assert all(pages / address.partition("#")[0] in files for _, _, address, _ in rows)


def test_names_that_look_alike_have_files_of_their_own() -> None:
    found = {slug(name).lower() for name in NAMES}
    assert len(found) == len(NAMES)
    assert all(re.fullmatch(r"[a-z0-9_][a-z0-9_.-]*", name) and ".." not in name and len(name) < 150 for name in found)
    assert slug("public.users") == "public.users"


def test_markdown_keeps_every_text_in_its_place(schema: Schema) -> None:
    files = markdown.pages(schema)
    for name, text in files.items():
        prose = re.sub(r"^(`{3,})\w*\n.*?^\1$", "", text, flags=re.MULTILINE | re.DOTALL)
        prose = re.sub(r"(?<!\\)(`+)(?!`).*?(?<!`)\1(?!`)", "code", prose.partition("\n")[2])
        assert not re.search(r"<(?!br>)", prose), name
        for table in re.findall(r"(?:^\|.*\n)+", prose, re.MULTILINE):
            columns = {len(re.findall(r"(?<!\\)\|", line)) for line in table.splitlines()}
            assert len(columns) == 1, (name, table)
        for target in re.findall(r"(?<!\\)\]\(([^)]+)\)", prose):
            at = (Path(name).parent / target.partition("#")[0]).as_posix()
            assert re.sub(r"^table/\.\./|^\w+/\.\./", "", at) in files, (name, target)
    assert "erDiagram" in files["table/public.hub.md"]


@pytest.mark.servers("pg18")
def test_markdown_that_is_not_what_the_models_say_fails(
    capsys: pytest.CaptureFixture[str], server: URL, tmp_path: Path
) -> None:
    project = little.project(tmp_path)
    where = tmp_path / "docs/schema"

    def docs(*arguments: str) -> little.Said:
        return little.command(capsys, project, None, "docs", *arguments, SHADOW_URL=little.plain(server))

    assert docs("--check").code == 1 and not where.exists()
    assert docs("--markdown").code == 0
    assert docs("--check") == (0, "docs/schema is what the models say.\n", "")
    kept, other = where / "notes.md", where / "other/table/public.old.md"
    kept.write_text("ours")
    other.parent.mkdir(parents=True)
    other.write_text("<!-- Written by whisper-migrate docs -->")
    (where / "table/public.tags.md").write_text("edited")
    (where / "table/public.authors.md").unlink()
    old = where / "table/public.old.md"
    old.write_text("<!-- Written by whisper-migrate docs -->")
    said = docs("--check")
    assert said.code == 1
    for line in ("~ table/public.tags.md", "+ table/public.authors.md", "- table/public.old.md", "docs --markdown"):
        assert line in said.out
    refused = docs("--markdown")
    assert refused.code == 2 and "public.tags.md exists and was not written by this command" in refused.err
    assert old.exists()
    (where / "table/public.tags.md").unlink()
    assert docs("--markdown").code == 0
    assert docs("--check").code == 0 and not old.exists()
    assert kept.read_text() == "ours" and other.exists()
