"""Every format reports the whole verdict, for people, programs, GitHub and code scanners."""

import json
import os
import pty
import re
import subprocess
import sys
from pathlib import Path
from typing import Any
from urllib.parse import unquote

import pytest
from jsonschema import Draft4Validator, Draft202012Validator
from sqlalchemy import URL

from tests.conftest import MakeDatabase
from tests.support import little
from whisper_migrate import __version__, reports
from whisper_migrate.project.project import Project

pytestmark = pytest.mark.servers("pg18")

SCHEMAS = Path(__file__).parent / "schemas"
MORE = """
class Extra(Base):
    __tablename__ = "extra"
    id: Mapped[int] = mapped_column(primary_key=True)
"""
IGNORE = """
[[tool.whisper_migrate.ignore]]
kind = "table"
identity = "public.tmp_*"
reason = "scratch, 100%: ours"
"""
LABELS = ", ".join(f"'state{number}'" for number in range(30))
CHANGES = (
    "ALTER TABLE authors ALTER COLUMN born SET NOT NULL",
    "DROP INDEX authors_name_idx",
    'CREATE TABLE public."[red]100%, its[/] :heart:\nnew \\[b]" (id integer)',
    'ALTER TABLE "Odd Place"."Order [x]" ADD COLUMN "[bold]" text DEFAULT \'[/]\'',
    "ALTER TABLE elsewhere.authors ALTER COLUMN name DROP NOT NULL",
    "ALTER TABLE tags DROP CONSTRAINT tags_state_check",
    f"ALTER TABLE tags ADD CONSTRAINT tags_state_check CHECK (state IN ('new', {LABELS}, 'old'))",
    "CREATE OR REPLACE FUNCTION greet(who text) RETURNS text LANGUAGE sql IMMUTABLE AS"
    " $$\n  SELECT 'Hallo, '\n    || who\n    || '!'\n$$",
    "CREATE OR REPLACE VIEW author_names AS SELECT id, name FROM public.authors WHERE born > 5",
    "CREATE TABLE tmp_rows (id serial PRIMARY KEY)",
)
AS_COMMAND = (sys.executable, "-c", "from whisper_migrate.cli import main; main()", "--project")
# In the text: a group's head or a line, and the model's line that it names.
TOLD = (
    ("authors", None),
    ("~ column authors.born: not null no -> yes", "born: Mapped[int | None]"),
    ("- index authors_name_idx ON authors USING btree (name)", 'Index("authors_name_idx"'),
    ('+ column "Odd Place"."Order [x]"."[bold]" text DEFAULT \'[/]\'::text', "class Order("),
    ("~ column elsewhere.authors.name: not null yes -> no", "# 2"),
    ("~ constraint tags_state_check on tags: definition differs", 'name="tags_state_check"'),
    ("~ function greet(text): body differs", '"greet(who text)"'),
    ("~ view author_names: definition differs", "PGView("),
)


@pytest.fixture(scope="module")
def project(tmp_path_factory: pytest.TempPathFactory) -> Project:
    return little.project(tmp_path_factory.mktemp("reports [x], a: b"), more=MORE, settings=IGNORE)


@pytest.fixture(scope="module")
def clean(tmp_path_factory: pytest.TempPathFactory) -> Project:
    return little.project(tmp_path_factory.mktemp("clean"))


@pytest.fixture
def drifted(database: URL) -> URL:
    """A database at the head, with changes of most kinds."""
    return little.at(database, "two", *CHANGES)


def report(capsys: pytest.CaptureFixture[str], project: Project, database: URL, form: str) -> str:
    said = little.command(capsys, project, database, "check-drift", "--format", form)
    assert (said.code, said.err) == (1, "")
    return said.out


def test_text(project: Project, drifted: URL, capsys: pytest.CaptureFixture[str]) -> None:
    text = report(capsys, project, drifted, "text")
    lines = text.splitlines()
    assert "\x1b" not in text
    assert lines[0] == "Unwritten: the models differ from the history (1 change)."
    assert lines[1] == f"  + table extra  ({little.line_of(project, 'class Extra(')})"
    assert lines[2] == '  -> make revision msg="what changes"'
    assert lines[3] == "Drift: the database differs from the history at two (8 changes)."
    for words, source in TOLD:
        (found,) = [line.strip() for line in lines if line.strip().partition("  (")[0] == words]
        place = "" if source is None else f"  ({little.line_of(project, source)}"
        assert found.startswith(words + place)
    assert "author_names: definition differs" in text and "last in one)" in text and "last in two)" in text
    assert '+ table "[red]100%, it' in text and ":heart:" in text and "\\[b]" in text
    assert "  -> make repair" in text
    assert [line for line in lines if line.startswith("Ignored")] == ["Ignored: + table tmp_rows (scratch, 100%: ours)"]
    assert lines[-1].startswith("Compared models, history and postgresql://")
    assert lines[-1].endswith("(DATABASE_URL): they differ, 1 ignored.")


def test_text_shows_just_the_part_that_differs(
    project: Project, drifted: URL, capsys: pytest.CaptureFixture[str]
) -> None:
    text = report(capsys, project, drifted, "text")
    body = text.partition("greet(text): body differs")[2].partition("~")[0].splitlines()[1:]
    assert [line.strip() for line in body if line.strip()] == [
        "-  SELECT 'Hello, '",
        "+  SELECT 'Hallo, '",
        "|| who",
    ]
    check = text.partition("on tags: definition differs")[2].splitlines()[1:3]
    assert [line.strip()[:5] for line in check] == ["- ...", "+ ..."]
    assert len(check[0]) < 100 and "state29" in check[1] and not any("CHECK" in line for line in check)
    view = text.partition("author_names: definition differs")[2].splitlines()[1:3]
    assert [line.strip() for line in view] == ["FROM public.authors", "+  WHERE (born > 5)"]


def test_pending_is_told_apart(project: Project, database: URL, capsys: pytest.CaptureFixture[str]) -> None:
    text = report(capsys, project, little.at(database, None), "text")
    told = text.partition("Pending")[2].splitlines()
    assert told[0] == ": the database is at no revision, the head is two."
    assert told[1:4] == ["  one authors [and] their tags", "  two greet authors by mail", "  -> make upgrade"]
    assert "Drift" not in text


@pytest.mark.parametrize(
    ("environment", "coloured"), [({}, True), ({"NO_COLOR": "1"}, False), ({"TERM": "dumb"}, False)]
)
def test_colours_are_for_terminals(environment: dict[str, str], coloured: bool, project: Project, drifted: URL) -> None:
    ours, theirs = pty.openpty()
    given = {"DATABASE_URL": little.plain(drifted), "TERM": "xterm", **environment}
    kept = {name: value for name, value in os.environ.items() if name not in ("NO_COLOR", "FORCE_COLOR")}
    done = subprocess.Popen(
        [*AS_COMMAND, project.root, "check-drift", "--only", "models"],
        stdout=theirs,
        env={**kept, **given},
        cwd=little.ROOT,
    )
    os.close(theirs)
    told = b""
    try:
        while part := os.read(ours, 65536):
            told += part
    except OSError:  # the way in which Linux ends a terminal's output
        pass
    finally:
        os.close(ours)
    assert done.wait() == 1
    plain = re.sub(rb"\x1b\[[\d;]*m", b"", told)
    assert plain.startswith(b"Unwritten: the models differ")
    assert (b"\x1b[32m+\x1b[0m table extra" in told) == (re.search(rb"\x1b\[3\dm", told) is not None) == coloured


def test_colours_may_be_forced(project: Project, drifted: URL) -> None:
    kept = {name: value for name, value in os.environ.items() if name != "NO_COLOR"}
    environment = {**kept, "DATABASE_URL": little.plain(drifted), "TERM": "xterm", "FORCE_COLOR": "1"}
    done = subprocess.run(
        [*AS_COMMAND, project.root, "check-drift", "--only", "models"],
        capture_output=True,
        env=environment,
        cwd=little.ROOT,
        check=False,
    )
    assert done.returncode == 1 and b"\x1b[32m+" in done.stdout


def changes(found: list[dict[str, Any]]) -> set[str]:
    return {f"{change['sign']} {change['kind']} {change['identity']}" for change in found}


@pytest.mark.thorough
def test_json(
    project: Project, clean: Project, make_database: MakeDatabase, capsys: pytest.CaptureFixture[str]
) -> None:
    validator = Draft202012Validator(json.loads((SCHEMAS / "drift-report.json").read_text()))
    validator.check_schema(validator.schema)
    drifted = json.loads(report(capsys, project, little.at(make_database(), "two", *CHANGES), "json"))
    empty = json.loads(report(capsys, project, make_database(), "json"))
    same = little.command(capsys, clean, little.at(make_database()), "check-drift", "--format", "json")
    models = little.command(
        capsys,
        project,
        None,
        "check-drift",
        "--only",
        "models",
        "--format",
        "json",
        SHADOW_URL=little.plain(make_database()),
    )
    for document in (drifted, empty, json.loads(same.out), json.loads(models.out)):
        validator.validate(document)

    assert same.code == 0 and json.loads(same.out)["clean"]
    assert json.loads(models.out)["compared"] == ["models", "history"]
    assert [found["revision"] for found in empty["pending"]] == ["one", "two"]
    assert empty["pending"][0]["message"] == "authors [and] their tags"
    assert "+ table public.extra" in changes(drifted["unwritten"])
    assert "+ column public.extra.id" in changes(drifted["unwritten"])
    (born,) = [change for change in drifted["drift"] if change["identity"] == "public.authors.born"]
    file, _, line = little.line_of(project, "born: Mapped").partition(":")
    assert born == {
        "sign": "~",
        "kind": "column",
        "identity": "public.authors.born",
        "table": "public.authors",
        "differences": [{"attribute": "not null", "before": "no", "after": "yes"}],
        "model": {"file": file, "line": int(line)},
        "last_revision": "one",
    }
    assert drifted["ignored"] == [
        {
            "finding": "drift",
            "sign": "+",
            "kind": "table",
            "identity": "public.tmp_rows",
            "reason": "scratch, 100%: ours",
        }
    ]


def test_github(project: Project, drifted: URL, clean: Project, capsys: pytest.CaptureFixture[str]) -> None:
    lines = report(capsys, project, drifted, "github").splitlines()
    command = re.compile(r"::(error|warning|notice) ((?:\w+=[^,:\n]+,?)+)::(.+)")
    found = [command.fullmatch(line) for line in lines]
    assert all(found), lines
    file, _, line = little.line_of(project, "born: Mapped").partition(":")
    assert (
        f"::error file={file},line={line},title=Drift::~ column authors.born: not null no -> yes"
        "%0AThe database differs from the history: make repair"
    ) in lines
    assert "::notice title=Ignored::+ table tmp_rows (scratch, 100%25: ours)" in lines
    assert any('"[red]100%25, it' in line and r":heart:\nnew" in line for line in lines)
    assert len(lines) == 1 + 8 + 1


def test_github_finds_the_files_of_a_project_in_a_folder(
    project: Project, drifted: URL, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("GITHUB_WORKSPACE", str(project.root.parent))
    files = [*map(unquote, re.findall(r"file=([^,]+)", report(capsys, project, drifted, "github")))]
    assert files and all((project.root.parent / file).is_file() for file in files), files


def test_github_escapes_what_is_in_a_property(
    tmp_path: Path, database: URL, capsys: pytest.CaptureFixture[str]
) -> None:
    made = little.project(tmp_path)
    file = tmp_path / "alembic" / "versions" / "two.py"
    file.rename(file.with_name("100%, a:b.py"))
    told = report(capsys, made, little.at(database, "one"), "github")
    assert told.startswith("::warning file=alembic/versions/100%25%2C a%3Ab.py,title=Pending::two greet")


def test_sarif(project: Project, make_database: MakeDatabase, capsys: pytest.CaptureFixture[str]) -> None:
    validator = Draft4Validator(json.loads((SCHEMAS / "sarif-2.1.0.json").read_text()))
    log = json.loads(report(capsys, project, little.at(make_database(), "two", *CHANGES), "sarif"))
    behind = json.loads(report(capsys, project, little.at(make_database(), "one"), "sarif"))
    for document in (log, behind):
        validator.validate(document)
        assert (document["version"], document["$schema"]) == ("2.1.0", "https://json.schemastore.org/sarif-2.1.0.json")
    (run,) = log["runs"]
    assert run["tool"]["driver"]["version"] == __version__ != "0"
    rules = {rule["id"] for rule in run["tool"]["driver"]["rules"]}
    results = {result["message"]["text"]: result for result in run["results"]}
    assert {result["ruleId"] for result in run["results"]} == {"unwritten", "drift"} < rules
    born = results["~ column authors.born: not null no -> yes"]
    file, _, line = little.line_of(project, "born: Mapped").partition(":")
    assert born["locations"][0]["physicalLocation"] == {
        "artifactLocation": {"uri": file},
        "region": {"startLine": int(line)},
    }
    assert born["locations"][0]["logicalLocations"][0]["fullyQualifiedName"] == "public.authors.born"
    assert "suppressions" not in born
    suppression = {"kind": "external", "justification": "scratch, 100%: ours"}
    assert results["+ table tmp_rows"]["suppressions"] == [suppression]
    (pending,) = [result for result in behind["runs"][0]["results"] if result["ruleId"] == "pending"]
    assert pending["locations"][0]["physicalLocation"]["artifactLocation"] == {"uri": "alembic/versions/two.py"}


@pytest.mark.parametrize("form", reports.NAMES)
def test_nothing_differs(form: str, clean: Project, database: URL, capsys: pytest.CaptureFixture[str]) -> None:
    said = little.command(capsys, clean, little.at(database), "check-drift", "--format", form)
    assert (said.code, said.err) == (0, "")
    assert said.out.strip()
