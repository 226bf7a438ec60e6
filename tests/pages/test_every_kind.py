"""Objects of every kind have a page or a place on one, with their comments."""

from pathlib import Path

from sqlalchemy import URL

from tests.comparing.test_owners import ALL
from tests.conftest import MakeDatabase
from tests.objects.test_comment import BEFORE, ON
from tests.pages import links
from tests.support.connections import connected
from whisper_migrate.catalog.sql import run
from whisper_migrate.inspecting.inspect import inspect
from whisper_migrate.pages import folder, markdown, site
from whisper_migrate.pages.schema import Schema


def schema(database: URL, *statements: str) -> Schema:
    with connected(database) as connection:
        for statement in statements:
            run(connection, statement)
        return Schema(inspect(connection, requires=True), {})


def test_every_kind_has_its_place_and_its_comment(make_database: MakeDatabase, tmp_path: Path) -> None:
    comments = [f"COMMENT ON {name} IS 'remark {number}.'" for number, name in enumerate(ON)]
    for number, statements in enumerate(((BEFORE, *comments), (ALL,))):
        made, pages = schema(make_database(), *statements), tmp_path / str(number)
        folder.write(pages, site.pages(made))
        assert links.broken(pages) == []
        found, texts = links.read(pages), markdown.pages(made)
        for item in made.catalog:
            name, _, anchor = made.link(item).partition("#")
            assert not anchor or anchor in found[pages / name].ids, item
            if item.kind == "comment" and item["text"].startswith("remark"):
                assert item["text"] in found[pages / name].text, item
                assert item["text"] in texts[name.replace(".html", ".md")], item
        assert len({made.link(item) for item in made.pages}) == len(made.pages)
