"""Names and texts of a database reverse no text, control no terminal or CI, and end no comment in a script."""

import json
import re
import subprocess
import unicodedata
from pathlib import Path

import pytest
from sqlalchemy import URL

from tests.support import little
from tests.support.projects import ask
from whisper_migrate import embedded
from whisper_migrate.catalog.sql import comment
from whisper_migrate.wording.hidden_characters import harmless, in_json, visible

# Controls, separators, invisible formatting characters and tags; not line feeds, tabs and joiners.
HIDDEN = [
    chr(number)
    for number in (*range(0x2070), 0xFEFF, 0xE0001, 0xE0041)
    if unicodedata.category(chr(number)) in (("Cc", "Cf", "Zl", "Zp") if number >= 0x2000 else ("Cc",))
    and chr(number) not in "\n\t\u200c\u200d"
]
DIRECTION = "\u061c\u200e\u200f\u202a\u202b\u202c\u202d\u202e\u2066\u2067\u2068\u2069"
COMMANDS = ("::error::x", "  ::set-output name=a::b", "a\n::add-mask::x", "##[error]x", "a ##[b]c", "\xa0::a")
# Ends a comment, drops a table, commands GitHub's runner and reverses text, at the maximum length of a name.
HOSTILE = 'a\n::error::x\r;DROP TABLE kept;--\x9b\u202e"\x85'


def test_whatever_hides_is_escaped() -> None:
    for one in (*HIDDEN, *DIRECTION):
        assert one not in harmless(f"a{one}b") + visible(f"a{one}b") + in_json(json.dumps(one, ensure_ascii=False))
        assert json.loads(in_json(json.dumps(f"é{one}", ensure_ascii=False))) == f"é{one}"
    family = "\N{MAN}\u200d\N{WOMAN} é\tx"
    assert harmless(family) == family


@pytest.mark.parametrize("text", COMMANDS)
def test_no_line_is_a_command_of_github(text: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("GITHUB_ACTIONS", "true")
    assert not is_command(harmless(text)) and harmless(harmless(text)) == harmless(text)
    monkeypatch.delenv("GITHUB_ACTIONS")
    assert harmless("a\n::b") == "a\n::b"


@pytest.mark.parametrize("end", ["\n", "\r", "\r\n", "\v", "\f", "\x85", "\u2028", "\u2029", "\x1e"])
def test_a_comment_ends_where_it_should(end: str) -> None:
    assert comment(f"role a{end}; DROP TABLE t; -- ").splitlines() == [comment(f"role a{end}; DROP TABLE t; -- ")]


def test_every_comment_is_written_by_one_function() -> None:
    for path in (Path(little.__file__).parents[2] / "whisper_migrate").rglob("*.py"):
        if path.name != "sql.py":
            assert not re.search(r"""f["']-- |["']-- ["'] [+]""", path.read_text()), path


def is_command(text: str) -> bool:
    """Whether GitHub's runner would find a command in the text; it looks at each line."""
    return any(line.lstrip().startswith("::") or "##[" in line for line in re.split(r"[\r\n]", text))


@pytest.mark.thorough
@pytest.mark.servers("pg18")
def test_reports_and_scripts_of_hostile_names(
    tmp_path: Path, database: URL, server: URL, capsys: pytest.CaptureFixture[str]
) -> None:
    project = little.project(tmp_path)
    quoted = '"' + HOSTILE.replace('"', '""') + '"'
    more = (f"CREATE TABLE {quoted} ({quoted} text)", f"COMMENT ON TABLE {quoted} IS E'##[error]x\\n::error::y\\u202e'")
    little.at(database, "two", "CREATE TABLE kept ()", *more, "DROP TABLE kept")
    names = {}
    for form in ("text", "json", "sarif", "github", "html"):
        said = little.command(capsys, project, database, "check-drift", "--format", form, GITHUB_ACTIONS="true")
        assert said.code == 1 and "DROP TABLE kept" in said.out, said
        assert not re.search("[\x00-\x08\x0b-\x1f\x7f-\x9f" + DIRECTION + "]", said.out), form
        lines = said.out.splitlines()
        assert form == "github" or not is_command(said.out), lines
        assert form != "github" or all(re.match("::(error|warning|notice) ", line) for line in lines)
        names[form] = json.loads(said.out) if form in ("json", "sarif") else None
    assert {one["identity"] for one in names["json"]["drift"] if one["kind"] == "table"} == {f"public.{quoted}"}
    script = little.command(capsys, project, database, "repair").out
    ask(database, "CREATE TABLE kept ()")
    psql = [embedded.binaries() / "psql", "-Xqv", "ON_ERROR_STOP=1", little.plain(database)]
    subprocess.run(psql, input=script, text=True, check=True, capture_output=True)
    assert ask(database, "SELECT to_regclass('kept') IS NULL") == [(False,)]
    ask(database, "DROP TABLE kept")
    assert little.command(capsys, project, database, "check-drift", "--only", "database").code == 0
