"""The report of drift as one page: both sides of each finding, marks, origins and commands; nothing else is loaded."""

import re
from pathlib import Path

import pytest
from sqlalchemy import URL

from tests.pages.links import Page
from tests.support import little
from whisper_migrate.pages.side_by_side import LONG, Marked, marked

pytestmark = pytest.mark.servers("pg18")

MODELS = """
class Extra(Base):
    __tablename__ = "extra"
    id: Mapped[int] = mapped_column(primary_key=True)
"""
SCRIPT = "<script>alert(1)</script>"
DRIFT = (
    "ALTER TABLE authors ALTER COLUMN born SET NOT NULL",
    "DROP INDEX authors_name_idx",
    "ALTER TABLE tags ALTER COLUMN state SET DEFAULT 'old'",
    "CREATE OR REPLACE FUNCTION greet(who text) RETURNS text LANGUAGE sql IMMUTABLE AS"
    " $$\n  SELECT 'Hallo, '\n    || who\n    || '!'\n$$",
    f'CREATE TABLE public."{SCRIPT}" (id integer)',
    f"COMMENT ON TABLE authors IS '{SCRIPT}'",
)
TEXTS = (
    ("a b c", "a x c", ["b"], ["x"]),
    ("a b", "a b", [], []),
    ("", "new", [], ["new"]),
    ("a a", "a a a", [], ["a"]),
    ("CHECK (a > 1)", "CHECK (a > 10 AND b)", ["1"], ["10 AND b"]),
    ("x " * LONG + "end", "y " * LONG + "end", [("x " * LONG)[:-1]], [("y " * LONG)[:-1]]),
)


@pytest.mark.parametrize("number", range(len(TEXTS)))
def test_words_that_only_one_text_has_are_marked(number: int) -> None:
    before, after, gone, new = TEXTS[number]
    for text, words, pieces in zip((before, after), (gone, new), marked(before, after), strict=True):
        assert "".join(piece for piece, _ in pieces) == text
        assert words == [part.strip() for part in runs(pieces)]


def runs(pieces: Marked) -> list[str]:
    """Return the marked pieces, each joined with those right after it."""
    joined = "".join(f"\0{text}\1" if differs else text for text, differs in pieces).replace("\1\0", "")
    return [part for part in re.findall("\0([^\1]*)\1", joined) if part.strip()]


def test_one_page_has_both_sides_of_every_finding(
    tmp_path: Path, database: URL, capsys: pytest.CaptureFixture[str]
) -> None:
    project = little.project(tmp_path, MODELS)
    little.at(database, "two", *DRIFT)
    said = little.command(capsys, project, database, "check-drift", "--format", "html")
    assert (said.code, said.err) == (1, "")
    page = Page(said.out)
    assert page.links == [] and not {"script", "img", "link", "iframe"} & {tag for tag, _ in page.elements}
    assert "prefers-color-scheme: dark" in said.out and "url(" not in said.out
    text = " ".join(page.text.split())
    for words in (
        "6 changes of the database, 1 change of the models.",
        "~ column authors.born: not null no -> yes",
        "- index authors_name_idx",
        "CREATE INDEX authors_name_idx ON public.authors USING btree (name)",
        f'+ table "{SCRIPT}"',
        f'CREATE TABLE public."{SCRIPT}" ( id integer )',
        little.line_of(project, "born: Mapped"),
        "last in two",
        "make repair",
        'make revision msg="what changes"',
        "Compared: models, history, database",
    ):
        assert words in text, words
    marks = {tag: re.findall(f"<{tag}>(.*?)</{tag}>", said.out) for tag in ("del", "ins")}
    assert {"Hello", "new"} <= set(marks["del"]) and {"Hallo", "old"} <= set(marks["ins"])
    assert "born integer NOT NULL" in text


def test_a_clean_page_says_so(tmp_path: Path, database: URL, capsys: pytest.CaptureFixture[str]) -> None:
    project = little.project(tmp_path)
    said = little.command(capsys, project, little.at(database, "two"), "check-drift", "--format", "html")
    assert said.code == 0 and "Nothing differs." in Page(said.out).text
