"""Pages are written into the folder that the user has named, never to the target of a link in it."""

from pathlib import Path

import pytest

from whisper_migrate.errors import Failure
from whisper_migrate.pages import folder
from whisper_migrate.pages.templates import MARK

FILES = {"index.html": f"<!-- {MARK} -->", "table/public.users.html": f"<!-- {MARK} -->"}


@pytest.mark.parametrize("link", ["index.html", "table", "table/public.users.html"])
def test_nothing_is_written_through_a_link(tmp_path: Path, link: str) -> None:
    pages, elsewhere = tmp_path / "pages", tmp_path / "elsewhere"
    (pages / link).parent.mkdir(parents=True)
    elsewhere.mkdir()
    for target in (elsewhere, elsewhere / "new"):
        (pages / link).symlink_to(target)
        with pytest.raises(Failure, match="symbolic link"):
            folder.write(pages, FILES)
        assert not [*elsewhere.iterdir()] and [*pages.rglob("*.html")] in ([], [pages / link])
        (pages / link).unlink()


def test_nothing_is_deleted_through_a_link(tmp_path: Path) -> None:
    pages, elsewhere = tmp_path / "pages", tmp_path / "elsewhere"
    folder.write(elsewhere, {"old.html": f"<!-- {MARK} -->"})
    pages.mkdir()
    (pages / "view").symlink_to(elsewhere)
    folder.write(pages, FILES)
    assert (elsewhere / "old.html").exists()


def test_the_folder_itself_may_be_a_link(tmp_path: Path) -> None:
    (tmp_path / "there").mkdir()
    (tmp_path / "pages").symlink_to(tmp_path / "there")
    folder.write(tmp_path / "pages", FILES)
    assert (tmp_path / "there/index.html").exists()
