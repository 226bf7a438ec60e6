"""Follow every link of a folder of pages, as a browser would from the file system."""

from collections.abc import Iterator
from html.parser import HTMLParser
from pathlib import Path
from urllib.parse import unquote, urlsplit

LINKS = {"href", "src", "xlink:href", "action", "data", "poster", "srcset"}


class Page(HTMLParser):
    """The elements, ids and links of one page."""

    def __init__(self, text: str) -> None:
        super().__init__()
        self.ids: list[str] = []
        self.links: list[str] = []
        self.elements: list[tuple[str, dict[str, str | None]]] = []
        self.text = ""
        self.title = ""
        self.feed(text)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.elements.append((tag, dict(attrs)))
        self.ids += [value for name, value in attrs if name == "id" and value]
        self.links += [value for name, value in attrs if name in LINKS and value]

    def handle_data(self, data: str) -> None:
        self.text += data
        if self.elements and self.elements[-1][0] == "title" and len(self.elements) < 8:
            self.title += data


def read(folder: Path) -> dict[Path, Page]:
    """Return every page of HTML in a folder."""
    return {path: Page(path.read_text(encoding="utf-8")) for path in sorted(folder.rglob("*.html"))}


def broken(folder: Path) -> list[str]:
    """Return each link of a page that leads outside the folder, to no file, or to no anchor."""
    pages = read(folder)
    return [f"{path.relative_to(folder)}: {why}" for path in pages for why in _broken(folder, pages, path)]


def _broken(folder: Path, pages: dict[Path, Page], path: Path) -> Iterator[str]:
    for link in pages[path].links:
        parts = urlsplit(link)
        target = (path.parent / unquote(parts.path)).resolve() if parts.path else path
        if parts.scheme or parts.netloc or not target.is_relative_to(folder.resolve()):
            yield f"{link} leads outside"
        elif not target.is_file():
            yield f"{link} leads to no file"
        elif parts.fragment and unquote(parts.fragment) not in pages[target].ids:
            yield f"{link} leads to no anchor"
